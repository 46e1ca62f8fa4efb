# Everything goes: `terraform plan -destroy`.

resource "lakebase_project" "shop" {
  project_id          = "shop"
  deletion_protection = false
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 2
  autoscaling_limit_max_cu = 8
  no_suspension            = true
}

resource "lakebase_branch" "dev" {
  project   = lakebase_project.shop.name
  branch_id = "dev"
}

resource "lakebase_endpoint" "dev_reports" {
  branch                   = lakebase_branch.dev.name
  endpoint_id              = "reports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 2
  suspend_timeout_duration = "5m"
}
