# Basic Usage
#
# A copy of the project's default branch. A branch does not expire by default.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_branch" "staging" {
  project   = lakebase_project.shop.name
  branch_id = "staging"
}
