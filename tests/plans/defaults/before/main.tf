resource "lakebase_project" "shop" {
  project_id = "shop"

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 2
    suspend_timeout_duration = "5m"
  }
}

# Has the size that was the default when it was made.
resource "lakebase_endpoint" "reports" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}
