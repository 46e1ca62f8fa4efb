# Basic Usage

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_credential" "migration" {
  endpoint     = "${lakebase_project.shop.default_branch}/endpoints/primary"
  ttl          = "1h"
  renew_before = "30m"
}

output "pgpassword" {
  value     = lakebase_credential.migration.token
  sensitive = true
}
