import {
  to = lakebase_project_permissions.shop
  id = "projects/shop"
}
