resource "lakebase_project" "shop" {
  project_id   = "shop"
  display_name = "Shop"
  pg_version   = 17

  history_retention_duration = "14d"

  # For endpoints that are created later and do not say otherwise.
  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 4
    suspend_timeout_duration = "5m"
  }

  custom_tags = {
    team = "shop"
  }
}
