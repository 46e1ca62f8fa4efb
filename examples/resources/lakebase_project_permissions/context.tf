resource "lakebase_project" "shop" {
  project_id = "shop"
}
