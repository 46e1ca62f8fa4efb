import {
  to = lakebase_default_branch.shop
  id = "projects/shop"
}
