resource "lakebase_project" "shop" {
  project_id          = "shop"
  deletion_protection = false
}

resource "lakebase_catalog" "reports" {
  catalog_id                 = "shop_reports"
  branch                     = "${lakebase_project.shop.name}/branches/production"
  postgres_database          = "reports"
  create_database_if_missing = true
}
