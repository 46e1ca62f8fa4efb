resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "app"
}

resource "lakebase_database" "orders" {
  branch            = "${lakebase_project.shop.name}/branches/production"
  database_id       = "orders"
  postgres_database = "orders"
  role              = lakebase_role.app.name
}

# Every branch comes with `databricks-postgres`: `replace_existing` adopts it, here for a new owner.
resource "lakebase_database" "default" {
  branch            = "${lakebase_project.shop.name}/branches/production"
  database_id       = "databricks-postgres"
  postgres_database = "databricks_postgres"
  role              = lakebase_role.app.name
  replace_existing  = true
}
