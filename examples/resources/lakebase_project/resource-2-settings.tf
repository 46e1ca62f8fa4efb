# Settings and Defaults for Endpoints
#
# `default_endpoint_settings` are the settings of endpoints that are created later without their own,
# including the `primary` of each new branch. A change does not affect endpoints that exist.

resource "lakebase_project" "shop" {
  project_id   = "shop"
  display_name = "Shop"
  pg_version   = 17

  history_retention_duration = "14d"

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 4
    suspend_timeout_duration = "5m"
  }
}
