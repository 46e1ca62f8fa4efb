# Continuous Updates
#
# The pipeline follows the changes of the source table, which needs a [change data feed](https://docs.databricks.com/aws/en/delta/delta-change-data-feed). The apply waits until the data of the table is there.

resource "lakebase_synced_table" "customers" {
  synced_table_id        = "${lakebase_catalog.app.catalog_id}.public.customers"
  branch                 = lakebase_catalog.app.branch
  source_table_full_name = "main.sales.customers"
  primary_key_columns    = ["customer_id"]
  timeseries_key         = "updated_at"
  scheduling_policy      = "CONTINUOUS"
  wait_for_online        = true

  new_pipeline_spec = {
    storage_catalog = "main"
    storage_schema  = "pipelines"
  }

  timeouts = {
    create = "2h"
  }
}
