resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_endpoint" "reports" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "reports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  disabled                 = false
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 2
  suspend_timeout_duration = "5m"
}

resource "lakebase_endpoint" "exports" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "exports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  disabled                 = true
  autoscaling_limit_min_cu = 2
  autoscaling_limit_max_cu = 4
  no_suspension            = true
}
