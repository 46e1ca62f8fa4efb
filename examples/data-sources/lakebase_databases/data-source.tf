data "lakebase_databases" "production" {
  branch = "projects/shop/branches/production"
}

output "names" {
  value = data.lakebase_databases.production.databases[*].postgres_database
}
