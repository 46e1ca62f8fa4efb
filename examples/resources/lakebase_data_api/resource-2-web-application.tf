# Serve a Web Application
#
# Only pages of one origin can use the Data API. A response has at most 1,000 rows, and the OpenAPI
# document is not published.

resource "lakebase_data_api" "orders" {
  database                    = lakebase_database.orders.name
  db_schemas                  = ["public"]
  db_max_rows                 = 1000
  server_cors_allowed_origins = ["https://shop.example.com"]
  openapi_mode                = "OPEN_API_MODE_DISABLED"
}
