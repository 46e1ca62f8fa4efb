resource "lakebase_project" "shop" {
  project_id = "shop"
}

data "lakebase_databases" "production" {
  branch = lakebase_project.shop.default_branch
}

output "names" {
  value = data.lakebase_databases.production.databases[*].postgres_database
}
