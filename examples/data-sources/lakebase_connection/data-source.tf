# Endpoint of Another Configuration
#
# Without further arguments: the database `databricks_postgres`, as the identity that the provider
# authenticates as.

data "lakebase_connection" "shop" {
  endpoint = "projects/shop/branches/production/endpoints/primary"
}

# postgresql://…@…:5432/databricks_postgres?sslmode=require
output "uri" {
  value = data.lakebase_connection.shop.uri
}
