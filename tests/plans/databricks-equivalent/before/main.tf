resource "lakebase_project" "shop" {
  project_id = "shop"

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 2
    suspend_timeout_duration = "300s"
  }
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 2
  autoscaling_limit_max_cu = 8
  suspend_timeout_duration = "3600s"
}

resource "lakebase_branch" "staging" {
  project   = lakebase_project.shop.name
  branch_id = "staging"
  no_expiry = true
}

resource "lakebase_endpoint" "staging" {
  branch                   = lakebase_branch.staging.name
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 4
  no_suspension            = true

  group = {
    min = 1
    max = 1
  }
}

resource "lakebase_endpoint" "audit" {
  branch                   = lakebase_endpoint.primary.branch
  endpoint_id              = "audit"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 1
  suspend_timeout_duration = "300s"
}

resource "lakebase_endpoint" "exports" {
  branch                   = lakebase_endpoint.primary.branch
  endpoint_id              = "exports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 4
  suspend_timeout_duration = "600s"
}
