resource "lakebase_project" "shop" {
  project_id          = "shop"
  deletion_protection = false
}

resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "app"
}
