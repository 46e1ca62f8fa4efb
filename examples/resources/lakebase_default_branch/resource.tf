resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_branch" "next" {
  project   = lakebase_project.shop.name
  branch_id = "next"
}

resource "lakebase_default_branch" "shop" {
  project = lakebase_project.shop.name
  branch  = lakebase_branch.next.name
}
