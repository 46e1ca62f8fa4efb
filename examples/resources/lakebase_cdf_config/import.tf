import {
  to = lakebase_cdf_config.orders
  id = "projects/shop/branches/production/databases/orders/cdf-configs/public"
}
