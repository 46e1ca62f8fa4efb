data "lakebase_endpoint" "primary" {
  name = "projects/shop/branches/production/endpoints/primary"
}

output "host" {
  value = data.lakebase_endpoint.primary.host
}
