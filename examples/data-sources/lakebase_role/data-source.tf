resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "app"
}

data "lakebase_role" "app" {
  name       = lakebase_role.app.name
  depends_on = [lakebase_role.app]
}

output "auth_method" {
  value = data.lakebase_role.app.auth_method
}
