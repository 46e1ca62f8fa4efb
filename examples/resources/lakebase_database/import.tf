import {
  to = lakebase_database.orders
  id = "projects/shop/branches/production/databases/orders"
}
