# Expiration
#
# Lakebase deletes the snapshot 30 days after its creation. Without `ttl` and `expire_time`, a snapshot
# does not expire.

resource "lakebase_snapshot" "nightly" {
  project             = lakebase_project.shop.name
  snapshot_id         = "nightly"
  source_branch       = "${lakebase_project.shop.name}/branches/production"
  ttl                 = "30d"
  deletion_protection = false # the snapshot expires anyway
}
