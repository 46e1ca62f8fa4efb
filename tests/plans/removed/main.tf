# `primary` is no longer in the configuration: Terraform plans to destroy it, and the service
# keeps it as long as its branch. The replica is only forgotten.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

removed {
  from = lakebase_endpoint.reports

  lifecycle {
    destroy = false
  }
}
