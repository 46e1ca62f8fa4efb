output "uri" {
  description = "Where the shop connects to, and as which role. It holds no password."
  value = provider::lakebase::connection_uri(
    lakebase_endpoint.primary.host,
    lakebase_database.orders.postgres_database,
    lakebase_role.app.postgres_role
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
