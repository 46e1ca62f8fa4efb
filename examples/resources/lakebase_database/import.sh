terraform import lakebase_database.orders projects/shop/branches/production/databases/orders
