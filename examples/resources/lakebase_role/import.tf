import {
  to = lakebase_role.app
  id = "projects/shop/branches/production/roles/app"
}
