resource "lakebase_project" "shop" {
  project_id = "shop"
}

data "lakebase_branch" "default" {
  name = lakebase_project.shop.default_branch
}

output "is_protected" {
  value = data.lakebase_branch.default.is_protected
}
