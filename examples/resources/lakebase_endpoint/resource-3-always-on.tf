# Always On
#
# `no_suspension = true` disables scale to zero. The compute is billed for at least its minimum.

resource "lakebase_endpoint" "primary" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true

  autoscaling_limit_min_cu = 2
  autoscaling_limit_max_cu = 8
  no_suspension            = true
}
