# The database that each branch has. Its PostgreSQL name is `databricks_postgres`.
data "lakebase_database" "default" {
  name = "projects/shop/branches/production/databases/databricks-postgres"
}

output "owner" {
  value = data.lakebase_database.default.role
}
