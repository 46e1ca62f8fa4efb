data "lakebase_catalog" "reports" {
  name = "catalogs/shop_reports"
}

output "database" {
  value = data.lakebase_catalog.reports.postgres_database
}
