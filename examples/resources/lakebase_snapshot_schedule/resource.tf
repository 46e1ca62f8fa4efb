# Basic Usage
#
# Takes a snapshot of `production` every night at 03:00 UTC, and keeps each for a week.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_snapshot_schedule" "production" {
  branch = "${lakebase_project.shop.name}/branches/production"

  schedule = [{
    retention = "7d"
    daily     = { hour = 3 }
  }]
}
