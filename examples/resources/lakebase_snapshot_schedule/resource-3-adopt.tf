# Adopt an Existing Schedule
#
# A branch whose schedule is set already needs `replace_existing`. The plan shows what it changes.

resource "lakebase_snapshot_schedule" "production" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  replace_existing = true

  schedule = [{
    retention = "14d"
    daily     = { hour = 0 }
  }]
}
