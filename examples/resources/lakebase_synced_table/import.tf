import {
  to = lakebase_synced_table.orders
  id = "synced_tables/shop_app.public.orders"
}
