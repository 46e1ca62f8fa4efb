# Basic Usage

resource "lakebase_project" "shop" {
  project_id = "shop"
}

ephemeral "lakebase_credential" "reader" {
  endpoint = "${lakebase_project.shop.default_branch}/endpoints/primary"
  ttl      = "15m"
}
