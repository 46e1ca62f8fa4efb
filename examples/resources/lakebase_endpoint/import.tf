import {
  to = lakebase_endpoint.primary
  id = "projects/shop/branches/production/endpoints/primary"
}
