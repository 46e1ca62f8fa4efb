resource "lakebase_project" "shop" {
  project_id = "shop"
}

data "lakebase_branches" "shop" {
  project    = "projects/shop"
  depends_on = [lakebase_project.shop] # only where one configuration holds both
}

output "expiring" {
  value = [for it in data.lakebase_branches.shop.branches : it.name if it.expires_at != null]
}
