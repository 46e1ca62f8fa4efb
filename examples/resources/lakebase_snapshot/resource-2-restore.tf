# Restore a Branch
#
# The branch has the data, roles and databases of the snapshot. The branch remains if the snapshot is
# deleted.

resource "lakebase_snapshot" "release" {
  project       = lakebase_project.shop.name
  snapshot_id   = "release-42"
  source_branch = "${lakebase_project.shop.name}/branches/production"
}

resource "lakebase_branch" "restored" {
  project         = lakebase_project.shop.name
  branch_id       = "restored"
  source_snapshot = lakebase_snapshot.release.name
}
