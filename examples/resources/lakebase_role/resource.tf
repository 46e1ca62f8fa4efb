resource "lakebase_project" "shop" {
  project_id = "shop"
}

# A service principal, by its application ID. It logs in with a token.
resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "5f2c1b7e-0000-4000-8000-000000000000"
  identity_type = "SERVICE_PRINCIPAL"
}

# A group of people, who may create databases.
resource "lakebase_role" "developers" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "developers"
  postgres_role = "developers"
  identity_type = "GROUP"
  attributes    = { createdb = true }
}

# An administrator, by e-mail address.
resource "lakebase_role" "admin" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  role_id          = "admin"
  postgres_role    = "admin@example.com"
  identity_type    = "USER"
  membership_roles = ["DATABRICKS_SUPERUSER"]
}

# A role that logs in with a password. Lakebase generates its ID.
resource "lakebase_role" "reports" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  postgres_role = "reports"
}
