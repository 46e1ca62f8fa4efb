resource "lakebase_project" "shop" {
  project_id = "shop"
}

ephemeral "lakebase_connection" "admin" {
  endpoint = "${lakebase_project.shop.default_branch}/endpoints/primary"
}
