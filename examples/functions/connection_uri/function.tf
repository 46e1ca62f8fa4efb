resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_endpoint" "primary" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true
}

# postgresql://app@…:5432/databricks_postgres?sslmode=require
output "uri" {
  value = provider::lakebase::connection_uri(
    lakebase_endpoint.primary.pooled_host, "databricks_postgres", "app"
  )
}
