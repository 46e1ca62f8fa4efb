import {
  to = lakebase_snapshot_schedule.production
  id = "projects/shop/branches/production/snapshot-schedule"
}
