# The twin of `twin/`, for the official provider. It cannot be had where the tests run, so that
# `plan.json` is written by hand in its format, after the schema of its source.

terraform {
  required_providers {
    databricks = {
      source = "databricks/databricks"
    }
  }
}

resource "databricks_postgres_project" "shop" {
  project_id = "shop"

  spec = {
    default_endpoint_settings = {
      autoscaling_limit_min_cu = 1
      autoscaling_limit_max_cu = 4
      suspend_timeout_duration = "300s"
    }
  }
}

resource "databricks_postgres_endpoint" "primary" {
  parent           = "${databricks_postgres_project.shop.name}/branches/production"
  endpoint_id      = "primary"
  replace_existing = true

  spec = {
    endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
    autoscaling_limit_min_cu = 8
    autoscaling_limit_max_cu = 16
    suspend_timeout_duration = "3600s"
  }
}

resource "databricks_postgres_branch" "staging" {
  parent    = databricks_postgres_project.shop.name
  branch_id = "staging"

  spec = {
    no_expiry = true
  }
}

resource "databricks_postgres_endpoint" "staging" {
  parent           = databricks_postgres_branch.staging.name
  endpoint_id      = "primary"
  replace_existing = true

  spec = {
    endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
    autoscaling_limit_min_cu = 1
    autoscaling_limit_max_cu = 4
    no_suspension            = true

    group = {
      min = 2
      max = 2
    }
  }
}

resource "databricks_postgres_endpoint" "audit" {
  parent      = databricks_postgres_endpoint.primary.parent
  endpoint_id = "audit"

  spec = {
    endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 1
    suspend_timeout_duration = "300s"
  }
}

resource "databricks_postgres_endpoint" "reports" {
  parent      = databricks_postgres_endpoint.primary.parent
  endpoint_id = "reports"

  spec = {
    endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 2
    suspend_timeout_duration = "600s"
  }
}
