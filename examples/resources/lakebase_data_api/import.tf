import {
  to = lakebase_data_api.orders
  id = "projects/shop/branches/production/databases/orders/data-api"
}
