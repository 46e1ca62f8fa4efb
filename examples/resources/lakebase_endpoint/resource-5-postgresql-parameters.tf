# PostgreSQL Parameters
#
# The map contains all parameters of the endpoint. An update replaces the whole map.

resource "lakebase_endpoint" "primary" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true

  pg_settings = {
    work_mem          = "16MB"
    statement_timeout = "30s"
  }
}
