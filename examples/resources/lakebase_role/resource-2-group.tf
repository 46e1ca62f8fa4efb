# Group
#
# All members of the group can log in, and create databases.

resource "lakebase_role" "developers" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "developers"
  postgres_role = "developers"
  identity_type = "GROUP"
  attributes    = { createdb = true }
}
