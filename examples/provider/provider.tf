terraform {
  required_providers {
    lakebase = {
      source  = "lakebase/lakebase"
      version = "~> 0.1"
    }
  }
}

# Host and token come from the environment or from a profile.
provider "lakebase" {
  custom_tags = {
    managed_by = "terraform"
  }
}

resource "lakebase_project" "shop" {
  project_id   = "shop"
  display_name = "Shop"
}

resource "lakebase_endpoint" "primary" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true # Lakebase creates this endpoint with the project

  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 4
}

output "host" {
  value = lakebase_endpoint.primary.host
}
