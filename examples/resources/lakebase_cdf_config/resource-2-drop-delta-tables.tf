# Drop the Delta Tables on Destroy
#
# By default, the Delta tables remain when the CDF config is destroyed. With `force_destroy = true`,
# they are dropped. `cdf_config_id` is needed where the name of the schema is not an ID.

resource "lakebase_cdf_config" "staging" {
  database        = lakebase_database.orders.name
  cdf_config_id   = "staging_history"
  postgres_schema = "public"
  catalog         = "main"
  schema          = "staging_history"
  force_destroy   = true
}
