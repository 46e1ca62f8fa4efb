# Read Replica
#
# Additional endpoints of a branch are read-only. They read the same data, and scale independently.

resource "lakebase_endpoint" "reports" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"

  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 4
  suspend_timeout_duration = "10m"
}

output "reports_host" {
  value = lakebase_endpoint.reports.read_only_host
}
