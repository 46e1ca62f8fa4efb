//! A stand-in for the official provider, `databricks/databricks`: Terraform wants it installed to
//! move what it managed, and asks it for nothing but its schemas.
//!
//! An example as far as Cargo is concerned, because Cargo builds these for every `cargo test`.

use std::process::ExitCode;

use async_trait::async_trait;
use tfplugin::{
    ApplyResource, Call, Configure, Diagnostics, FunctionError, ImportResource, MoveResource,
    Object, Opened, PlanResource, PlannedResource, Private, Program, Provider, ReadResource,
    Renewed, ResourceAnswer, Schema, Schemas, UpgradeState, Value,
};

const PROGRAM: Program =
    Program { address: "registry.terraform.io/databricks/databricks", name: "databricks" };

/// What can be moved. That the types exist is all that Terraform looks at.
const TYPES: [&str; 11] = [
    "databricks_postgres_project",
    "databricks_postgres_branch",
    "databricks_postgres_endpoint",
    "databricks_postgres_role",
    "databricks_postgres_database",
    "databricks_postgres_catalog",
    "databricks_postgres_synced_table",
    "databricks_postgres_data_api",
    "databricks_postgres_cdf_config",
    "databricks_postgres_snapshot_schedule",
    "databricks_permissions",
];

fn main() -> ExitCode {
    tfplugin::serve(&PROGRAM, Databricks)
}

struct Databricks;

#[async_trait]
impl Provider for Databricks {
    fn schemas(&self) -> Schemas {
        let resources = TYPES.map(|it| (it.to_owned(), Schema::default()));
        Schemas { resources: resources.into(), ..Schemas::default() }
    }

    async fn validate_provider(&self, _: Object) -> Diagnostics {
        Diagnostics::new()
    }

    async fn configure(&self, _: Configure, _: &Call) -> Diagnostics {
        Diagnostics::new()
    }

    async fn validate_resource(&self, _: &str, _: Object) -> Diagnostics {
        Diagnostics::new()
    }

    async fn upgrade_state(&self, _: UpgradeState) -> (Option<Object>, Diagnostics) {
        unasked()
    }

    async fn upgrade_identity(&self, _: UpgradeState) -> (Option<Object>, Diagnostics) {
        unasked()
    }

    async fn read_resource(&self, _: ReadResource, _: &Call) -> ResourceAnswer {
        unasked()
    }

    async fn plan_resource(&self, _: PlanResource, _: &Call) -> PlannedResource {
        unasked()
    }

    async fn apply_resource(&self, _: ApplyResource, _: &Call) -> ResourceAnswer {
        unasked()
    }

    async fn import_resource(&self, _: ImportResource, _: &Call) -> ResourceAnswer {
        unasked()
    }

    async fn move_resource(&self, _: MoveResource) -> ResourceAnswer {
        unasked()
    }

    async fn validate_data_source(&self, _: &str, _: Object) -> Diagnostics {
        unasked()
    }

    async fn read_data_source(
        &self,
        _: &str,
        _: Object,
        _: &Call,
    ) -> (Option<Object>, Diagnostics) {
        unasked()
    }

    async fn validate_ephemeral(&self, _: &str, _: Object) -> Diagnostics {
        unasked()
    }

    async fn open_ephemeral(&self, _: &str, _: Object, _: &Call) -> Opened {
        unasked()
    }

    async fn renew_ephemeral(&self, _: &str, _: Private, _: &Call) -> Renewed {
        unasked()
    }

    async fn close_ephemeral(&self, _: &str, _: Private, _: &Call) -> Diagnostics {
        unasked()
    }

    fn call_function(&self, _: &str, _: Vec<Value>) -> Result<Value, FunctionError> {
        unasked()
    }
}

/// A panic in a call becomes an error of the run, so that no question goes unnoticed.
fn unasked<T>() -> T {
    panic!("a move asks the former provider for its schemas alone")
}
