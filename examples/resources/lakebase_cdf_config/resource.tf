# Basic Usage
#
# The tables of the schema `public` are replicated to Delta tables in `main.shop_history`. The ID of
# the CDF config is the name of the schema.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "app"
}

resource "lakebase_database" "orders" {
  branch            = lakebase_role.app.branch
  database_id       = "orders"
  postgres_database = "orders"
  role              = lakebase_role.app.name
}

resource "lakebase_cdf_config" "orders" {
  database        = lakebase_database.orders.name
  postgres_schema = "public"
  catalog         = "main"
  schema          = "shop_history"
}
