# A shop's database and a copy of it for its developers. `make demo` walks through this folder.

terraform {
  required_version = ">= 1.10" # for the ephemeral credential; the rest needs 1.8

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

# A copy-on-write copy of production's data, which goes away by itself.
resource "lakebase_branch" "dev" {
  project       = lakebase_project.shop.name
  branch_id     = "dev"
  source_branch = lakebase_branch.production.name
  ttl           = "7d"
}

# A password that lives for five minutes, and neither in a plan nor in the state.
ephemeral "lakebase_credential" "primary" {
  endpoint = lakebase_endpoint.primary.name
  ttl      = "5m"
}

# Stands for a program that needs the password, such as a migration of the schema. It only notes
# what it was given.
resource "terraform_data" "migration" {
  triggers_replace = lakebase_endpoint.primary.uid

  provisioner "local-exec" {
    command = "echo \"$PGUSER at $PGHOST, a password of $${#PGPASSWORD} characters\" > login.txt"

    environment = {
      PGHOST     = lakebase_endpoint.primary.host
      PGUSER     = lakebase_project.shop.owner
      PGPASSWORD = ephemeral.lakebase_credential.primary.token
    }
  }
}
