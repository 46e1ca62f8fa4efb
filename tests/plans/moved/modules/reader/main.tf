terraform {
  required_providers {
    lakebase = {
      source = "lakebase/lakebase"
    }
  }
}

variable "branch" {
  type = string
}

variable "endpoint_id" {
  type = string
}

variable "max_cu" {
  type = number
}

resource "lakebase_endpoint" "this" {
  branch                   = var.branch
  endpoint_id              = var.endpoint_id
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = var.max_cu
  suspend_timeout_duration = "5m"
}
