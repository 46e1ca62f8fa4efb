# Administrator
#
# `postgres_role` of a user is the e-mail address.

resource "lakebase_role" "admin" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  role_id          = "admin"
  postgres_role    = "admin@example.com"
  identity_type    = "USER"
  membership_roles = ["DATABRICKS_SUPERUSER"]
}
