# Several Tables in One Pipeline
#
# The pipeline of the first table copies the others as well. The provider creates the tables of a pipeline one after the other.

resource "lakebase_synced_table" "products" {
  synced_table_id        = "${lakebase_catalog.app.catalog_id}.public.products"
  branch                 = lakebase_catalog.app.branch
  source_table_full_name = "main.sales.products"
  primary_key_columns    = ["product_id"]
  scheduling_policy      = "TRIGGERED"

  new_pipeline_spec = {
    storage_catalog = "main"
    storage_schema  = "pipelines"
  }
}

resource "lakebase_synced_table" "details" {
  for_each               = { prices = ["product_id", "currency"], stock = ["product_id"] }
  synced_table_id        = "${lakebase_catalog.app.catalog_id}.public.${each.key}"
  branch                 = lakebase_catalog.app.branch
  source_table_full_name = "main.sales.${each.key}"
  primary_key_columns    = each.value
  scheduling_policy      = lakebase_synced_table.products.scheduling_policy
  existing_pipeline_id   = lakebase_synced_table.products.pipeline_id
}
