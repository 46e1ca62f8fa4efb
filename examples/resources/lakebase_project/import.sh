terraform import lakebase_project.shop projects/shop
