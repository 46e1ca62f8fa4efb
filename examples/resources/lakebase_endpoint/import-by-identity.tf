import {
  to = lakebase_endpoint.reports
  identity = {
    name = "projects/shop/branches/production/endpoints/reports"
  }
}
