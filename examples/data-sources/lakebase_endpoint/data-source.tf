resource "lakebase_project" "shop" {
  project_id = "shop"
}

data "lakebase_endpoint" "primary" {
  name = "${lakebase_project.shop.default_branch}/endpoints/primary"
}

output "host" {
  value = data.lakebase_endpoint.primary.host
}
