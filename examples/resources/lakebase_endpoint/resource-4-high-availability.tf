# High Availability with Readable Secondaries
#
# A group of two or more computes fails over automatically. Each compute is billed. High availability
# requires `no_suspension = true`.

resource "lakebase_endpoint" "primary" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true

  autoscaling_limit_min_cu = 4
  autoscaling_limit_max_cu = 12
  no_suspension            = true

  group = {
    min                         = 2
    max                         = 2
    enable_readable_secondaries = true
  }
}
