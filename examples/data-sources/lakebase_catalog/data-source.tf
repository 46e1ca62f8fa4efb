resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_catalog" "reports" {
  catalog_id                 = "shop_reports"
  branch                     = "${lakebase_project.shop.name}/branches/production"
  postgres_database          = "reports"
  create_database_if_missing = true
}

data "lakebase_catalog" "reports" {
  name       = "catalogs/shop_reports"
  depends_on = [lakebase_catalog.reports] # only where one configuration holds both
}

output "database" {
  value = data.lakebase_catalog.reports.postgres_database
}
