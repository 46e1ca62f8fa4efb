terraform import lakebase_role.app projects/shop/branches/production/roles/app
