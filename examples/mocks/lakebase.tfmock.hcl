# Names in the form that the provider checks. Without these defaults, a mocked name is a random text.

mock_resource "lakebase_project" {
  defaults = {
    name           = "projects/mocked"
    default_branch = "projects/mocked/branches/production"
  }
}

mock_resource "lakebase_branch" {
  defaults = {
    name = "projects/mocked/branches/mocked"
  }
}

mock_resource "lakebase_snapshot" {
  defaults = {
    name = "projects/mocked/snapshots/mocked"
  }
}

mock_resource "lakebase_snapshot_schedule" {
  defaults = {
    name = "projects/mocked/branches/mocked/snapshot-schedule"
  }
}

mock_resource "lakebase_endpoint" {
  defaults = {
    name        = "projects/mocked/branches/mocked/endpoints/mocked"
    host        = "mocked.database.us-east-1.cloud.databricks.com"
    pooled_host = "mocked-pooler.database.us-east-1.cloud.databricks.com"
  }
}

mock_resource "lakebase_role" {
  defaults = {
    name = "projects/mocked/branches/mocked/roles/mocked"
  }
}

mock_resource "lakebase_database" {
  defaults = {
    name = "projects/mocked/branches/mocked/databases/mocked"
  }
}

mock_resource "lakebase_default_branch" {
  defaults = {
    name = "projects/mocked"
  }
}

mock_resource "lakebase_data_api" {
  defaults = {
    name = "projects/mocked/branches/mocked/databases/mocked/data-api"
    url  = "https://mocked.database.us-east-1.cloud.databricks.com/rest/mocked"
  }
}

mock_resource "lakebase_cdf_config" {
  defaults = {
    name = "projects/mocked/branches/mocked/databases/mocked/cdf-configs/mocked"
  }
}

mock_resource "lakebase_catalog" {
  defaults = {
    name    = "catalogs/mocked"
    project = "projects/mocked"
  }
}

mock_resource "lakebase_synced_table" {
  defaults = {
    name    = "synced_tables/mocked.public.mocked"
    project = "projects/mocked"
  }
}

mock_data "lakebase_project" {
  defaults = {
    default_branch = "projects/mocked/branches/production"
  }
}

mock_data "lakebase_endpoint" {
  defaults = {
    host        = "mocked.database.us-east-1.cloud.databricks.com"
    pooled_host = "mocked-pooler.database.us-east-1.cloud.databricks.com"
  }
}
