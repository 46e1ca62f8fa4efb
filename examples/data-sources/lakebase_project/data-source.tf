# Project of Another Configuration

data "lakebase_project" "shop" {
  name = "projects/shop"
}

output "default_branch" {
  value = data.lakebase_project.shop.default_branch
}
