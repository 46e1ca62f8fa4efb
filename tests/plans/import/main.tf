# What was made by hand is imported: `primary` with another size, the rest as it is.

import {
  to = lakebase_project.shop
  id = "projects/shop"
}

import {
  to = lakebase_endpoint.primary
  id = "projects/shop/branches/production/endpoints/primary"
}

import {
  to = lakebase_endpoint.reports
  id = "projects/shop/branches/production/endpoints/reports"
}

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 2
  autoscaling_limit_max_cu = 6
  suspend_timeout_duration = "5m"
}

resource "lakebase_endpoint" "reports" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "reports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 2
  suspend_timeout_duration = "5m"
}
