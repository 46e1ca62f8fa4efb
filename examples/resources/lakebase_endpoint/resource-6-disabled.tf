# Disabled Endpoint
#
# A disabled endpoint is suspended and refuses connections until `disabled` is `false`.

resource "lakebase_endpoint" "reports" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
  disabled      = true
}
