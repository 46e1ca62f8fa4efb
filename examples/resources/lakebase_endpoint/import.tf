import {
  to = lakebase_endpoint.reports
  id = "projects/shop/branches/production/endpoints/reports"
}
