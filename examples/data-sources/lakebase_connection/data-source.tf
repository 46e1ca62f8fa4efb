resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_role" "app" {
  branch        = lakebase_project.shop.default_branch
  role_id       = "app"
  postgres_role = "app"
}

resource "lakebase_database" "orders" {
  branch            = lakebase_project.shop.default_branch
  database_id       = "orders"
  postgres_database = "orders"
  role              = lakebase_role.app.name
}

data "lakebase_connection" "app" {
  endpoint   = "${lakebase_project.shop.default_branch}/endpoints/primary"
  database   = lakebase_database.orders.name
  user       = lakebase_role.app.name
  pooled     = true
  depends_on = [lakebase_database.orders]
}

# postgresql://app@…:5432/orders?sslmode=require
output "uri" {
  value = data.lakebase_connection.app.uri
}

# PGHOST, PGPORT, PGDATABASE, PGUSER and PGSSLMODE, e.g. for a container.
output "environment" {
  value = data.lakebase_connection.app.env
}
