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

variable "number" {
  type = number
}

resource "lakebase_endpoint" "readers" {
  for_each = { "web.eu" = 2, "web | us" = 1 }

  branch                   = var.branch
  endpoint_id              = "readers-${var.number}-${replace(each.key, "/[^a-z]+/", "-")}"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = each.value
  suspend_timeout_duration = "5m"
}
