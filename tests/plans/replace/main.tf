# The replica gets another id and size, and two branches are copied anew.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_endpoint" "reports" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "analytics"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 6
  suspend_timeout_duration = "10m"
}

resource "lakebase_branch" "staging" {
  project         = lakebase_project.shop.name
  branch_id       = "staging"
  purge_on_delete = true

  keepers = {
    schema = "43"
  }
}

resource "lakebase_endpoint" "staging" {
  branch                   = lakebase_branch.staging.name
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 2
  suspend_timeout_duration = "5m"
}

# Its `primary` is nobody's, and is made anew along with it.
resource "lakebase_branch" "preview" {
  project         = lakebase_project.shop.name
  branch_id       = "preview"
  purge_on_delete = true

  keepers = {
    schema = "43"
  }
}
