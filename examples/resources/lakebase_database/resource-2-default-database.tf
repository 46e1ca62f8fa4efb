# Adopt the Default Database
#
# Each branch has a database with the ID `databricks-postgres` and the PostgreSQL name
# `databricks_postgres`. `replace_existing = true` adopts it, here for another owner.

resource "lakebase_database" "default" {
  branch            = "${lakebase_project.shop.name}/branches/production"
  database_id       = "databricks-postgres"
  postgres_database = "databricks_postgres"
  role              = lakebase_role.app.name
  replace_existing  = true
}
