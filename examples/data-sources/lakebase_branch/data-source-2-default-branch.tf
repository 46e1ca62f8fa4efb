# Default Branch of a Project

data "lakebase_project" "shop" {
  name = "projects/shop"
}

data "lakebase_branch" "default" {
  name = data.lakebase_project.shop.default_branch
}

output "logical_size_bytes" {
  value = data.lakebase_branch.default.logical_size_bytes
}
