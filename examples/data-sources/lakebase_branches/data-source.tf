data "lakebase_branches" "shop" {
  project = "projects/shop"
}

output "expiring" {
  value = [
    for branch in data.lakebase_branches.shop.branches : branch.name
    if branch.expires_at != null
  ]
}
