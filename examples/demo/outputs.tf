output "uri" {
  description = "Connection URI of the application, without a password."
  value = provider::lakebase::connection_uri(
    lakebase_endpoint.primary.host,
    lakebase_database.orders.postgres_database,
    lakebase_role.app.postgres_role
  )
}

output "reports_host" {
  description = "Host of the read replica."
  value       = lakebase_endpoint.reports.host
}

output "dev_expires_at" {
  description = "Expiration of the developers' copy."
  value       = lakebase_branch.dev.expires_at
}
