# A new project: production gets a size and a read replica, and the branch `dev` comes with a
# `primary` of its own, which nobody manages.

resource "lakebase_project" "shop" {
  project_id = "shop"

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 2
    suspend_timeout_duration = "5m"
  }
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 4
  autoscaling_limit_max_cu = 8
  no_suspension            = true
}

resource "lakebase_endpoint" "reports" {
  branch                   = lakebase_endpoint.primary.branch
  endpoint_id              = "reports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 4
  suspend_timeout_duration = "10m"
}

resource "lakebase_branch" "dev" {
  project       = lakebase_project.shop.name
  branch_id     = "dev"
  source_branch = lakebase_endpoint.primary.branch
  ttl           = "7d"
}
