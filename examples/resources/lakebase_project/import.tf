import {
  to = lakebase_project.shop
  id = "projects/shop"
}
