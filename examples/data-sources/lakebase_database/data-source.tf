resource "lakebase_project" "shop" {
  project_id = "shop"
}

data "lakebase_database" "default" {
  name = "${lakebase_project.shop.default_branch}/databases/databricks-postgres"
}

output "owner" {
  value = data.lakebase_database.default.role
}
