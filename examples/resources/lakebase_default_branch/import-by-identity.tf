import {
  to = lakebase_default_branch.shop
  identity = {
    name = "projects/shop"
  }
}
