data "lakebase_role" "app" {
  name = "projects/shop/branches/production/roles/app"
}

output "auth_method" {
  value = data.lakebase_role.app.auth_method
}
