terraform import lakebase_branch.staging projects/shop/branches/staging
