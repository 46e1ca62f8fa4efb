# Branch That Expires
#
# Lakebase deletes the branch a week after its creation, even if Terraform does not.
# [Preview branches for pull requests](../guides/preview-branches.md) shows a whole workflow.

variable "pull_request" {
  description = "Number of the pull request."
  type        = number
  default     = 42
}

resource "lakebase_branch" "pull_request" {
  project         = lakebase_project.shop.name
  branch_id       = "pr-${var.pull_request}"
  ttl             = "7d"
  purge_on_delete = true # so that the ID can be used again at once
}
