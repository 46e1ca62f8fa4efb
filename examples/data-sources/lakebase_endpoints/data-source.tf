data "lakebase_endpoints" "production" {
  branch = "projects/shop/branches/production"
}

output "hosts" {
  value = {
    for endpoint in data.lakebase_endpoints.production.endpoints :
    endpoint.endpoint_id => endpoint.host
  }
}
