import {
  to = lakebase_role.app
  identity = {
    name = "projects/shop/branches/production/roles/app"
  }
}
