import {
  to = lakebase_catalog.orders
  id = "catalogs/shop_orders"
}
