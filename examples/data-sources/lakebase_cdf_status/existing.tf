resource "lakebase_project" "shop" {
  project_id          = "shop"
  deletion_protection = false
}

resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "app"
}

resource "lakebase_database" "orders" {
  branch              = lakebase_role.app.branch
  database_id         = "orders"
  postgres_database   = "orders"
  role                = lakebase_role.app.name
  deletion_protection = false
}

resource "lakebase_cdf_config" "orders" {
  database        = lakebase_database.orders.name
  postgres_schema = "public"
  catalog         = "main"
  schema          = "shop_history"
}
