# Create the Database with the Catalog
#
# Lakebase creates the database if it does not exist. Terraform does not manage it.

resource "lakebase_catalog" "reports" {
  catalog_id                 = "shop_reports"
  branch                     = "${lakebase_project.shop.name}/branches/production"
  postgres_database          = "reports"
  create_database_if_missing = true
}
