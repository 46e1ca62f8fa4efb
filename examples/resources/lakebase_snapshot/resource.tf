# Basic Usage
#
# Captures the data of `production`, for example before a migration.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_snapshot" "before_migration" {
  project       = lakebase_project.shop.name
  snapshot_id   = "before-migration"
  source_branch = "${lakebase_project.shop.name}/branches/production"
}
