# Initial Endpoint
#
# `initial_endpoint` sizes the `primary` of `production` at creation only. To manage the endpoint
# afterwards, use a [`lakebase_endpoint`](endpoint.md) instead.

resource "lakebase_project" "lab" {
  project_id = "lab"

  initial_endpoint = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 2
    suspend_timeout_duration = "5m"
  }
}
