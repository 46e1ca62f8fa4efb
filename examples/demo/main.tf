# A shop's database and a copy of it for its developers. `make demo` walks through this folder.

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
  description = "The least compute of the primary endpoint, in compute units (CU)."
  type        = number
  default     = 1
}

variable "primary_max_cu" {
  description = "The most compute of the primary endpoint, in CU."
  type        = number
  default     = 4
}

resource "lakebase_project" "shop" {
  project_id                 = "shop"
  display_name               = "Shop"
  pg_version                 = 17
  history_retention_duration = "7d"

  # Without this line Terraform refuses to destroy the project: a project is the data.
  deletion_protection = false
}

# The service makes `production` and its endpoint `primary` along with the project. With
# `replace_existing` Terraform takes them over, and changes only what differs.

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

# Reports read here.
resource "lakebase_endpoint" "reports" {
  branch        = lakebase_branch.production.name
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"

  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 2
}

# The shop logs in as this role, and keeps its orders in this database.
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

  # Lakebase cannot restore a deleted database, so that Terraform refuses to destroy one unless told.
  deletion_protection = false
}

# A copy-on-write copy of production's data, which goes away by itself.
resource "lakebase_branch" "dev" {
  project       = lakebase_project.shop.name
  branch_id     = "dev"
  source_branch = lakebase_branch.production.name
  ttl           = "7d"
}
