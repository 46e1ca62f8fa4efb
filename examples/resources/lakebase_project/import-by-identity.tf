import {
  to = lakebase_project.shop
  identity = {
    name = "projects/shop"
  }
}
