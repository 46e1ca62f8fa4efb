# Synced Table in a Standard Catalog
#
# A catalog that is not registered for a database can contain synced tables of any database. `postgres_database` is required there.

resource "lakebase_synced_table" "regions" {
  synced_table_id        = "main.public.regions"
  branch                 = "${lakebase_project.shop.name}/branches/production"
  postgres_database      = "databricks_postgres"
  source_table_full_name = "main.sales.regions"
  primary_key_columns    = ["region_id"]
  scheduling_policy      = "SNAPSHOT"
}
