import {
  to = lakebase_branch.staging
  id = "projects/shop/branches/staging"
}
