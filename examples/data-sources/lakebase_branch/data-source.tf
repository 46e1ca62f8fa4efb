# Branch of Another Configuration

data "lakebase_branch" "production" {
  name = "projects/shop/branches/production"
}

output "is_protected" {
  value = data.lakebase_branch.production.is_protected
}
