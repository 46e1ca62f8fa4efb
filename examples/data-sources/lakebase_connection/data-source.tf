resource "lakebase_project" "shop" {
  project_id = "shop"
}

data "lakebase_connection" "app" {
  endpoint = "${lakebase_project.shop.default_branch}/endpoints/primary"
  user     = "app"
  pooled   = true
}

# postgresql://app@…:5432/databricks_postgres?sslmode=require
output "uri" {
  value = data.lakebase_connection.app.uri
}

# PGHOST, PGPORT, PGDATABASE, PGUSER and PGSSLMODE, e.g. for a container.
output "environment" {
  value = data.lakebase_connection.app.env
}
