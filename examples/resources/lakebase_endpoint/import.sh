terraform import lakebase_endpoint.reports projects/shop/branches/production/endpoints/reports
