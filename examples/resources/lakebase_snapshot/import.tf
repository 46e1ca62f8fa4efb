import {
  to = lakebase_snapshot.before_migration
  id = "projects/shop/snapshots/before-migration"
}
