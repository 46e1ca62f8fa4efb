# Sizes that come from elsewhere and are not known before the apply.

resource "terraform_data" "sizing" {
  input = {
    max_cu   = 8
    computes = 2
    idle     = "10m"
  }
}

resource "lakebase_project" "shop" {
  project_id = "shop"
}

# The ceiling and the number of computes.
resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = terraform_data.sizing.output.max_cu
  no_suspension            = true

  group = {
    min = terraform_data.sizing.output.computes
    max = terraform_data.sizing.output.computes
  }
}

# How long it idles.
resource "lakebase_endpoint" "reports" {
  branch                   = lakebase_endpoint.primary.branch
  endpoint_id              = "reports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 2
  suspend_timeout_duration = terraform_data.sizing.output.idle
}

# Everything, even which endpoint it is.
resource "lakebase_endpoint" "other" {
  branch        = lakebase_endpoint.primary.branch
  endpoint_id   = "other-${terraform_data.sizing.id}"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}
