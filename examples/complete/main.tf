# Every resource of the provider in one configuration. Terraform finds the order by the references;
# no `depends_on` is needed.

terraform {
  required_providers {
    lakebase = { source = "lakebase/lakebase" }
  }
}

resource "lakebase_project" "shop" {
  project_id                 = "shop"
  display_name               = "The shop"
  pg_version                 = 17
  history_retention_duration = "14d"
  custom_tags                = { team = "shop" }

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 4
    suspend_timeout_duration = "5m"
  }

  # `terraform destroy` deletes this example. A real project keeps the default, `true`.
  deletion_protection = false
}

# Lakebase creates the branch `production` with the project, and the endpoint `primary` with each
# branch.
resource "lakebase_branch" "production" {
  project          = lakebase_project.shop.name
  branch_id        = "production"
  no_expiry        = true
  replace_existing = true
}

resource "lakebase_endpoint" "primary" {
  branch           = lakebase_branch.production.name
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true

  autoscaling_limit_min_cu = 2
  autoscaling_limit_max_cu = 8
  no_suspension            = true
}

resource "lakebase_endpoint" "reports" {
  branch        = lakebase_branch.production.name
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"

  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 4
  suspend_timeout_duration = "10m"
}

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

  deletion_protection = false
}

resource "lakebase_data_api" "orders" {
  database    = lakebase_database.orders.name
  db_schemas  = ["public"]
  db_max_rows = 1000
}

resource "lakebase_cdf_config" "orders" {
  database        = lakebase_database.orders.name
  postgres_schema = "public"
  catalog         = "main"
  schema          = "shop_orders"
}

resource "lakebase_catalog" "orders" {
  catalog_id        = "shop_orders"
  branch            = lakebase_branch.production.name
  postgres_database = lakebase_database.orders.postgres_database
}

resource "lakebase_synced_table" "products" {
  synced_table_id        = "${lakebase_catalog.orders.catalog_id}.public.products"
  source_table_full_name = "main.shop.products"
  primary_key_columns    = ["product_id"]
  scheduling_policy      = "SNAPSHOT"
  branch                 = lakebase_branch.production.name
  postgres_database      = lakebase_database.orders.postgres_database

  new_pipeline_spec = {
    storage_catalog = "main"
    storage_schema  = "pipelines"
  }
}

resource "lakebase_snapshot" "before_migration" {
  project       = lakebase_project.shop.name
  snapshot_id   = "before-migration"
  source_branch = lakebase_branch.production.name
  ttl           = "30d"

  deletion_protection = false
}

resource "lakebase_snapshot_schedule" "production" {
  branch = lakebase_branch.production.name

  schedule = [
    {
      retention = "7d"
      daily     = { hour = 3 }
    },
    {
      retention = "30d"
      weekly    = { day_of_week = "SUNDAY", hour = 4 }
    },
  ]
}

resource "lakebase_branch" "rehearsal" {
  project         = lakebase_project.shop.name
  branch_id       = "rehearsal"
  source_snapshot = lakebase_snapshot.before_migration.name
  ttl             = "7d"
}

resource "lakebase_default_branch" "shop" {
  project = lakebase_project.shop.name
  branch  = lakebase_branch.production.name
}

# The token is in the state. Prefer the ephemeral resource of the same name where Terraform offers it.
resource "lakebase_credential" "reports" {
  endpoint = lakebase_endpoint.reports.name
}
