# Service Principal
#
# A service principal logs in with a token. `postgres_role` is its application ID.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "5f2c1b7e-0000-4000-8000-000000000000"
  identity_type = "SERVICE_PRINCIPAL"
}
