# Both sizes change, and the plan is made with `-target=lakebase_endpoint.reports`.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 2
  autoscaling_limit_max_cu = 8
  suspend_timeout_duration = "5m"
}

resource "lakebase_endpoint" "reports" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "reports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 6
  suspend_timeout_duration = "5m"
}
