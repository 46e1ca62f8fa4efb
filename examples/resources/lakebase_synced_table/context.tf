
resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_catalog" "app" {
  catalog_id                 = "shop_app"
  branch                     = "${lakebase_project.shop.name}/branches/production"
  postgres_database          = "app"
  create_database_if_missing = true
}
