# The compute stands among resources of other types.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_endpoint" "primary" {
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 6
  suspend_timeout_duration = "5m"
}

# Looked up once it exists.
data "lakebase_endpoint" "reports" {
  name = lakebase_endpoint.reports.name

  depends_on = [lakebase_endpoint.reports]
}

resource "lakebase_endpoint" "reports" {
  branch                   = lakebase_endpoint.primary.branch
  endpoint_id              = "reports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 2
  suspend_timeout_duration = "5m"
}

resource "lakebase_credential" "migration" {
  endpoint = lakebase_endpoint.primary.name
  ttl      = "1h"
}

resource "terraform_data" "release" {
  input = "1.1"
}

# Looks like a compute, and is none.
resource "terraform_data" "lakebase_endpoint" {
  input = {
    autoscaling_limit_min_cu = 16
    autoscaling_limit_max_cu = 24
  }
}

output "reports" {
  value = data.lakebase_endpoint.reports.host
}
