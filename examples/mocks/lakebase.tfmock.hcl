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

mock_resource "lakebase_endpoint" {
  defaults = {
    name = "projects/mocked/branches/mocked/endpoints/mocked"
    host = "mocked.database.us-east-1.cloud.databricks.com"
  }
}
