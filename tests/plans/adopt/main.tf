# A project that exists: production's `primary` is taken over, with a ceiling that is not known
# yet, and so is the one that comes with a new branch.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 4
  autoscaling_limit_max_cu = terraform_data.sizing.output
  no_suspension            = true
}

resource "lakebase_branch" "dev" {
  project   = lakebase_project.shop.name
  branch_id = "dev"
}

resource "lakebase_endpoint" "dev" {
  branch                   = lakebase_branch.dev.name
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 2
}

resource "terraform_data" "sizing" {
  input = 8
}
