# The database of a shop, and a copy of it for developers. `make demo` runs this configuration.

terraform {
  required_version = ">= 1.8" # for the function in outputs.tf

  required_providers {
    lakebase = {
      source  = "lakebase/lakebase"
      version = "~> 0.1"
    }
  }
}

# The workspace comes from the environment: DATABRICKS_HOST and DATABRICKS_TOKEN.
provider "lakebase" {}

variable "primary_min_cu" {
  description = "Minimum size of the primary endpoint, in compute units (CU)."
  type        = number
  default     = 1
}

variable "primary_max_cu" {
  description = "Maximum size of the primary endpoint, in CU."
  type        = number
  default     = 4
}

resource "lakebase_project" "shop" {
  project_id                 = "shop"
  display_name               = "Shop"
  pg_version                 = 16
  history_retention_duration = "7d"

  # So that the demo can destroy the project: by default, the provider refuses that.
  deletion_protection = false
}

# Lakebase creates `production` and its endpoint `primary` together with the project. With
# `replace_existing`, Terraform adopts both, and changes only the settings that differ.

resource "lakebase_branch" "production" {
  project          = lakebase_project.shop.name
  branch_id        = "production"
  replace_existing = true
}

resource "lakebase_endpoint" "primary" {
  branch           = lakebase_branch.production.name
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true

  autoscaling_limit_min_cu = var.primary_min_cu
  autoscaling_limit_max_cu = var.primary_max_cu
  suspend_timeout_duration = "5m"
}

# A read replica for reports.
resource "lakebase_endpoint" "reports" {
  branch        = lakebase_branch.production.name
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"

  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 2
}

# The role and the database of the application.
resource "lakebase_role" "app" {
  branch        = lakebase_branch.production.name
  role_id       = "app"
  postgres_role = "app"
}

resource "lakebase_database" "orders" {
  branch            = lakebase_branch.production.name
  database_id       = "orders"
  postgres_database = "orders"
  role              = lakebase_role.app.name

  # As above. Lakebase cannot restore a deleted database.
  deletion_protection = false
}

# A copy-on-write copy of production, which expires after a week.
resource "lakebase_branch" "dev" {
  project       = lakebase_project.shop.name
  branch_id     = "dev"
  source_branch = lakebase_branch.production.name
  ttl           = "7d"
}
