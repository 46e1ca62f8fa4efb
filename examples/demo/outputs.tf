output "uri" {
  description = "Where the shop connects to. It holds no password."
  value = provider::lakebase::connection_uri(
    lakebase_endpoint.primary.host, "databricks_postgres", lakebase_project.shop.owner
  )
}

output "reports_host" {
  description = "The host of the read replica."
  value       = lakebase_endpoint.reports.host
}

output "dev_expires_at" {
  description = "When the developers' copy goes away."
  value       = lakebase_branch.dev.expires_at
}
