# Daily, Weekly and Monthly
#
# Keeps daily snapshots for a week, weekly ones for a month, and monthly ones for a year. Where several
# apply at the same time, Lakebase takes one snapshot and keeps it for the longest retention.

resource "lakebase_snapshot_schedule" "production" {
  branch = "${lakebase_project.shop.name}/branches/production"

  schedule = [
    {
      retention = "7d"
      daily     = { hour = 3 }
    },
    {
      retention = "30d"
      weekly    = { day_of_week = "SUNDAY", hour = 3 }
    },
    {
      retention = "365d"
      monthly   = { day = 31, hour = 3 } # the last day of shorter months
    },
  ]
}
