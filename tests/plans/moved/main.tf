# Resources get other names: one changes its size along the way, one moves into a module and
# does too, one only moves.

moved {
  from = lakebase_endpoint.main
  to   = lakebase_endpoint.primary
}

moved {
  from = lakebase_endpoint.reports
  to   = module.readers["reports"].lakebase_endpoint.this
}

moved {
  from = lakebase_endpoint.exports
  to   = module.readers["exports"].lakebase_endpoint.this
}

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 6
  suspend_timeout_duration = "5m"
}

module "readers" {
  source   = "./modules/reader"
  for_each = { reports = 4, exports = 1 }

  branch      = lakebase_endpoint.primary.branch
  endpoint_id = each.key
  max_cu      = each.value
}
