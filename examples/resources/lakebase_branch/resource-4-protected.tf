# Protected Production Branch
#
# Lakebase creates the branch `production` together with the project. `is_protected` stops every
# client from deleting it, `deletion_protection` stops Terraform from planning that.

resource "lakebase_branch" "production" {
  project             = lakebase_project.shop.name
  branch_id           = "production"
  replace_existing    = true
  is_protected        = true
  deletion_protection = true
}
