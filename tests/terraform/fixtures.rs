//! The configuration that most tests begin with: a project and the compute it comes with.

/// A project that may be destroyed for good, with more settings.
pub(crate) fn project(settings: &str) -> String {
    format!(
        r#"
resource "lakebase_project" "shop" {{
  project_id          = "shop"
  deletion_protection = false
  purge_on_delete     = true
  {settings}
}}
"#
    )
}

/// The compute that the project comes with, taken over, with settings.
pub(crate) fn primary(settings: &str) -> String {
    format!(
        r#"
resource "lakebase_endpoint" "primary" {{
  branch           = "${{lakebase_project.shop.name}}/branches/production"
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true
  {settings}
}}
"#
    )
}

/// A branch of the project, with settings.
pub(crate) fn branch(settings: &str) -> String {
    format!(
        r#"
resource "lakebase_branch" "dev" {{
  project         = lakebase_project.shop.name
  branch_id       = "dev"
  purge_on_delete = true
  {settings}
}}
"#
    )
}
