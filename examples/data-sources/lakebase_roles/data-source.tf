# The ID of the role of the project's owner depends on the owner: find the role by its membership.
data "lakebase_roles" "production" {
  branch = "projects/shop/branches/production"
}

output "superusers" {
  value = [
    for role in data.lakebase_roles.production.roles : role.postgres_role
    if contains(role.membership_roles, "DATABRICKS_SUPERUSER")
  ]
}
