# Tags
#
# Tags of the provider block are added to each project. A tag of the project overrides a tag of the
# provider block with the same key.

provider "lakebase" {
  custom_tags = {
    managed_by = "terraform"
    team       = "platform"
  }
}

resource "lakebase_project" "shop" {
  project_id = "shop"

  custom_tags = {
    team = "shop"
  }
}

# managed_by and team, with the value "shop"
output "tags" {
  value = lakebase_project.shop.effective_custom_tags
}
