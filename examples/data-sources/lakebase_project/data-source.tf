resource "lakebase_project" "shop" {
  project_id = "shop"
}

data "lakebase_project" "shop" {
  name       = "projects/shop"
  depends_on = [lakebase_project.shop] # only where one configuration holds both
}

output "stored_bytes" {
  value = data.lakebase_project.shop.synthetic_storage_size_bytes
}
