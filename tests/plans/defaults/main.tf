# Other defaults, which reach only what is made later.

resource "lakebase_project" "shop" {
  project_id = "shop"

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 2
    autoscaling_limit_max_cu = 8
    no_suspension            = true
  }
}

# Has the size that was the default when it was made.
resource "lakebase_endpoint" "reports" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}
