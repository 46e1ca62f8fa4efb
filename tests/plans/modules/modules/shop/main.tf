terraform {
  required_providers {
    lakebase = {
      source = "lakebase/lakebase"
    }
  }
}

variable "project_id" {
  type = string
}

variable "max_cu" {
  type = number
}

variable "replicas" {
  type = number
}

resource "lakebase_project" "this" {
  project_id = var.project_id
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.this.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = var.max_cu
  suspend_timeout_duration = "5m"
}

module "replica" {
  source = "../replica"
  count  = var.replicas

  branch = lakebase_endpoint.primary.branch
  number = count.index
}
