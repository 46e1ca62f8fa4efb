resource "lakebase_project" "shop" {
  project_id = "shop"
}

# Stays: a branch never expires unless told to.
resource "lakebase_branch" "staging" {
  project   = lakebase_project.shop.name
  branch_id = "staging"
}

variable "pull_request" {
  description = "The number of the pull request to try out."
  type        = number
  default     = 42
}

# A copy of staging for each pull request. It expires a week after its creation, even if
# nobody destroys it.
resource "lakebase_branch" "pull_request" {
  project         = lakebase_project.shop.name
  branch_id       = "pr-${var.pull_request}"
  source_branch   = lakebase_branch.staging.name
  ttl             = "7d"
  purge_on_delete = true # so that its id is free at once
}
