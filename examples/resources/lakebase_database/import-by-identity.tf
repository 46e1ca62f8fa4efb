import {
  to = lakebase_database.orders
  identity = {
    name = "projects/shop/branches/production/databases/orders"
  }
}
