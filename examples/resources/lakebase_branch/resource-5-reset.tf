# Reset from the Source Branch
#
# A change of `keepers` replaces the branch by a new copy of its source.
#
# ~> **All data written to the branch is lost.** The plan is refused without `purge_on_delete = true`.

variable "copy" {
  description = "Change this value to copy production again."
  type        = string
  default     = "1"
}

resource "lakebase_branch" "development" {
  project         = lakebase_project.shop.name
  branch_id       = "development"
  purge_on_delete = true

  keepers = {
    copy = var.copy
  }
}
