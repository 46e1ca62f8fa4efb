# Production never suspends any more, and a second compute stands by.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 2
  autoscaling_limit_max_cu = 8
  no_suspension            = true

  group = {
    min                         = 2
    max                         = 2
    enable_readable_secondaries = true
  }
}
