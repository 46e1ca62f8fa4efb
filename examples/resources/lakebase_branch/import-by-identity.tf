import {
  to = lakebase_branch.staging
  identity = {
    name = "projects/shop/branches/staging"
  }
}
