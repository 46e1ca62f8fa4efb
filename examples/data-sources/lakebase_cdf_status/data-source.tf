data "lakebase_cdf_status" "orders" {
  name = "projects/shop/branches/production/databases/orders/cdf-configs/public/cdf-statuses/orders"
}

output "delta_table" {
  value = data.lakebase_cdf_status.orders.uc_table
}
