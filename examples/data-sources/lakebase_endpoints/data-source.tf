resource "lakebase_project" "shop" {
  project_id = "shop"
}

data "lakebase_endpoints" "default" {
  branch = lakebase_project.shop.default_branch
}

output "hosts" {
  value = { for it in data.lakebase_endpoints.default.endpoints : it.endpoint_id => it.host }
}
