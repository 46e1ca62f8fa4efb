locals {
  primary = "projects/shop/branches/production/endpoints/primary"
}

# "production"
output "branch_id" {
  value = provider::lakebase::parse_name(local.primary).branch_id
}

# "projects/shop/branches/production"
output "branch" {
  value = provider::lakebase::parse_name(local.primary).branch
}
