# Basic Usage
#
# Lakebase creates the branch `production` with its endpoint `primary`, and chooses all settings.

resource "lakebase_project" "shop" {
  project_id = "shop"
}
