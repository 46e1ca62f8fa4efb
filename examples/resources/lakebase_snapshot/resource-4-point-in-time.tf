# Point in Time
#
# Captures the branch as of a time within the project's `history_retention_duration`. To name a log
# sequence number instead, set `source_branch_lsn`.

variable "captured_at" {
  description = "Point in time in RFC 3339 format, for example 2026-11-24T08:00:00Z. Default: now."
  type        = string
  default     = null
}

resource "lakebase_snapshot" "before_incident" {
  project            = lakebase_project.shop.name
  snapshot_id        = "before-incident"
  source_branch      = "${lakebase_project.shop.name}/branches/production"
  source_branch_time = var.captured_at
}
