# Role with a Password
#
# Lakebase generates the ID, because `role_id` is omitted, and the password. To read the password, use
# the ephemeral resource [`lakebase_role_password`](../ephemeral-resources/role_password.md). Such a
# role can log in only if its project has `enable_pg_native_login = true`.

resource "lakebase_role" "reports" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  postgres_role = "reports"
}
