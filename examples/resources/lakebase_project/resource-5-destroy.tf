# Project That Can Be Destroyed
#
# Apply `deletion_protection = false` first. Afterwards, `terraform destroy` deletes the project. With
# `purge_on_delete = true` the delete is permanent, and the ID can be used again at once.

resource "lakebase_project" "test" {
  project_id          = "test"
  deletion_protection = false
  purge_on_delete     = true
}
