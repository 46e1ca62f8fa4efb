resource "lakebase_project" "shop" {
  project_id             = "shop"
  enable_pg_native_login = true
}

resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "app"
  auth_method   = "PG_PASSWORD_SCRAM_SHA_256"
}

ephemeral "lakebase_role_password" "app" {
  role = lakebase_role.app.name
}
