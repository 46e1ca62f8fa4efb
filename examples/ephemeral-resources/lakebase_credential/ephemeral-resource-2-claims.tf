# Limited to Tables
#
# `claims` limit the credential to reading tables of Unity Catalog.

ephemeral "lakebase_credential" "orders" {
  endpoint = "${lakebase_project.shop.default_branch}/endpoints/primary"

  claims = [{
    permission_set = "READ_ONLY"
    resources      = [{ table_name = "main.sales.orders" }]
  }]
}
