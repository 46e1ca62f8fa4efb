# Role and Database of the Same Configuration

resource "lakebase_project" "lab" {
  project_id = "lab"
}

resource "lakebase_role" "app" {
  branch        = lakebase_project.lab.default_branch
  role_id       = "app"
  postgres_role = "app"
}

resource "lakebase_database" "orders" {
  branch            = lakebase_project.lab.default_branch
  database_id       = "orders"
  postgres_database = "orders"
  role              = lakebase_role.app.name
}

data "lakebase_connection" "app" {
  endpoint   = "${lakebase_project.lab.default_branch}/endpoints/primary"
  database   = lakebase_database.orders.name
  user       = lakebase_role.app.name
  pooled     = true
  depends_on = [lakebase_database.orders]
}

# PGHOST, PGPORT, PGDATABASE, PGUSER and PGSSLMODE, for example for a container
output "environment" {
  value = data.lakebase_connection.app.env
}
