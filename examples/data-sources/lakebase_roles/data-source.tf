resource "lakebase_project" "shop" {
  project_id = "shop"
}

# The role of the project's owner has an ID of its own.
data "lakebase_roles" "production" {
  branch = lakebase_project.shop.default_branch
}

output "superusers" {
  value = [
    for role in data.lakebase_roles.production.roles : role.postgres_role
    if contains(role.membership_roles, "DATABRICKS_SUPERUSER")
  ]
}
