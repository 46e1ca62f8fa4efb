# Basic Usage
#
# A check warns about tables that are not replicated.

data "lakebase_cdf_statuses" "all" {
  cdf_config = "projects/shop/branches/production/databases/orders/cdf-configs/public"
}

check "all_tables_are_replicated" {
  assert {
    condition = alltrue([
      for table in data.lakebase_cdf_statuses.all.cdf_statuses : table.state != "CDF_STATE_SKIPPED"
    ])
    error_message = "At least one table is not replicated."
  }
}
