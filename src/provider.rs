//! The provider: its block, its registry, and the dispatch of what Terraform asks.

mod config;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use lakebase_api::{Clock, Json, SystemClock};
use tfplugin::{
    ApplyResource, Call, Configure, Diagnostic, Diagnostics, FunctionError, ImportResource,
    MoveResource, Object, Opened, PlanResource, PlannedResource, Private, Provider, ReadResource,
    Renewed, ResourceAnswer, Schema, Schemas, UpgradeState, Value,
};

use crate::lifecycle::{self, Lifecycle, Surroundings, Walk};
use crate::model::address::Address;
use crate::model::field::{AnyField, Place};
use crate::model::table::{Resource, Settings, Table};
use crate::model::{schema, takeover, upgrade, validate};
use crate::resources::credential::Credential;
use crate::{data_sources, ephemeral, functions, resources};

pub use config::FIELDS;

/// The provider as Terraform talks to it.
pub struct Lakebase {
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

/// What the provider block has told so far in this process.
#[derive(Clone, Default)]
struct Seen {
    workspace: Workspace,
    /// Of the block that was validated or configured last; the defaults before.
    settings: Settings,
    /// What Terraform has told about objects.
    walk: Arc<Walk>,
}

/// The way to the service.
#[derive(Clone, Default)]
enum Workspace {
    /// The provider was not configured: a validation.
    #[default]
    Unconfigured,
    /// The block holds values that are not known before the apply.
    Unknown,
    Known(Arc<Lifecycle>),
}

impl Lakebase {
    /// A provider that waits to be configured. Does nothing: a process starts with it.
    pub fn new() -> Self {
        Self { clock: Arc::new(SystemClock::new()), seen: Mutex::default() }
    }

    fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The way to the service, or why there is none.
    fn lifecycle(&self) -> Result<Arc<Lifecycle>, Diagnostic> {
        match self.seen().workspace {
            Workspace::Known(lifecycle) => Ok(lifecycle),
            Workspace::Unconfigured => Err(Diagnostic::error(
                "Provider is not configured",
                "This operation needs access to Databricks, but Terraform has not configured the provider.",
            )),
            Workspace::Unknown => Err(Diagnostic::error(
                "Workspace is not known yet",
                "The provider configuration contains values that are known only after other \
                 resources are applied. Apply those first, for example with `-target`.",
            )),
        }
    }
}

impl Default for Lakebase {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything that the provider offers; needs neither configuration nor network.
pub fn schemas() -> Schemas {
    let tables = || managed().map(Resource::table);
    let named = |it: &&'static Table| it.address.is_named();
    Schemas {
        provider: Schema { version: 0, block: schema::block(config::DOC, FIELDS) },
        resources: tables()
            .map(|table| (table.type_name.to_owned(), schema::resource(table)))
            .collect(),
        identities: tables()
            .filter(named)
            .map(|table| (table.type_name.to_owned(), schema::identity()))
            .collect(),
        data_sources: data_sources::schemas(),
        ephemeral_resources: ephemeral::schemas(),
        functions: functions::signatures(),
    }
}

/// Every resource type, the credential last: it is no object of the API.
pub fn managed() -> impl Iterator<Item = &'static dyn Resource> {
    resources::ALL.iter().copied().chain([&Credential as &dyn Resource])
}

/// The resource of that type; the server has refused types that the schemas do not have.
fn resource(type_name: &str) -> &'static dyn Resource {
    managed()
        .find(|resource| resource.table().type_name == type_name)
        .expect("the schemas come from the same list as this")
}

#[async_trait]
impl Provider for Lakebase {
    fn schemas(&self) -> Schemas {
        schemas()
    }

    async fn validate_provider(&self, config: Object) -> Diagnostics {
        let mut sink = Diagnostics::new();
        config::validate(&config, &mut sink);
        self.change(|it| it.settings = config::settings(&config));
        sink
    }

    async fn configure(&self, request: Configure, _call: &Call) -> Diagnostics {
        let Configure { terraform_version, config } = request;
        let settings = config::settings(&config);
        let (client, diagnostics) = match config::client(&config, &terraform_version, &self.clock) {
            Ok(client) => {
                let skips = client.as_ref().filter(|client| client.skips_verification());
                let diagnostics = skips.map(|client| config::unverified(client.host()));
                (client, diagnostics.into_iter().collect())
            }
            Err(diagnostic) => (None, diagnostic.into()),
        };
        let walk = Arc::new(Walk::default());
        let workspace = match client {
            Some(client) => {
                tracing::info!(host = client.host(), method = client.auth_type(), "workspace");
                let (clock, walk) = (self.clock.clone(), walk.clone());
                Workspace::Known(Arc::new(Lifecycle::new(client, settings.clone(), clock, walk)))
            }
            None => Workspace::Unknown,
        };
        self.change(|it| *it = Seen { workspace, settings, walk });
        diagnostics
    }

    async fn validate_resource(&self, type_name: &str, config: Object) -> Diagnostics {
        let (resource, settings) = (resource(type_name), self.seen().settings);
        let mut sink = Diagnostics::new();
        validate::validate(resource.table().fields, &config, &mut sink);
        resource.validate(&config, &settings, &mut sink);
        sink
    }

    async fn upgrade_state(&self, request: UpgradeState) -> (Option<Object>, Diagnostics) {
        let resource = resource(&request.type_name);
        let table = resource.table();
        // What Terraform stores where nothing is.
        if request.stored.is_null() {
            return (None, Diagnostics::new());
        }
        match upgrade::stored(table, request.version, &request.stored) {
            Ok(state) => {
                if table.address.is_object() {
                    self.seen().walk.stored(&state);
                }
                (Some(state), Diagnostics::new())
            }
            Err(diagnostic) => (None, diagnostic.into()),
        }
    }

    async fn upgrade_identity(&self, request: UpgradeState) -> (Option<Object>, Diagnostics) {
        match Value::from_json(&schema::identity().r#type(), &request.stored) {
            Ok(Value::Map(identity)) => (Some(identity), Diagnostics::new()),
            Ok(_) => (None, Diagnostics::new()),
            Err(error) => {
                let summary =
                    format!("The stored identity of `{}` cannot be read", request.type_name);
                (None, Diagnostic::error(summary, format!("{error}.")).into())
            }
        }
    }

    async fn read_resource(&self, request: ReadResource, call: &Call) -> ResourceAnswer {
        let resource = resource(&request.type_name);
        let Seen { workspace, walk, .. } = self.seen();
        match workspace {
            Workspace::Known(lifecycle) => {
                let before = request.state.clone();
                let answer = lifecycle.read(resource, request, call).await;
                if resource.table().address.is_object() {
                    walk.read(&before, answer.state.as_ref());
                }
                answer
            }
            _ => ResourceAnswer {
                state: Some(request.state),
                private: request.private,
                identity: request.identity,
                diagnostics: unread().into(),
            },
        }
    }

    async fn plan_resource(&self, request: PlanResource, call: &Call) -> PlannedResource {
        let Seen { workspace, settings, walk } = self.seen();
        let lifecycle = match &workspace {
            Workspace::Known(lifecycle) => Some(&**lifecycle),
            _ => None,
        };
        let (settings, now) = (&settings, self.clock.now());
        let surroundings = Surroundings { lifecycle, walk: &walk, settings, now };
        lifecycle::plan(&surroundings, resource(&request.type_name), &request, call).await
    }

    async fn apply_resource(&self, request: ApplyResource, call: &Call) -> ResourceAnswer {
        match self.lifecycle() {
            Ok(lifecycle) => lifecycle.apply(resource(&request.type_name), request, call).await,
            Err(diagnostic) => ResourceAnswer {
                state: request.prior,
                private: request.planned_private,
                identity: request.planned_identity,
                diagnostics: diagnostic.into(),
            },
        }
    }

    async fn import_resource(&self, request: ImportResource, _call: &Call) -> ResourceAnswer {
        match self.lifecycle() {
            Ok(lifecycle) => lifecycle.import(resource(&request.type_name), &request),
            Err(diagnostic) => diagnostic.into(),
        }
    }

    async fn move_resource(&self, request: MoveResource) -> ResourceAnswer {
        let resource = resource(&request.target_type);
        let table = resource.table();
        let counterpart = !table.counterpart.is_empty() && request.source_type == table.counterpart;
        let state = Some(&request.source_state)
            .filter(|_| counterpart && is_source(&request.source_provider))
            .and_then(|it| takeover::state(resource, it));
        let Some(state) = state else { return cannot_move(table, &request).into() };
        // Terraform moves without configuring the provider: only the state knows the workspace.
        let workspace = request.source_state["provider_config"]["workspace_id"].as_str();
        let unaffected_endpoints = takeover::unaffected_endpoints(table, &request.source_state);
        ResourceAnswer {
            diagnostics: unaffected_endpoints
                .iter()
                .map(|it| dropped_setting(table, it, &request.source_state))
                .collect(),
            ..lifecycle::moved(state, workspace)
        }
    }

    async fn validate_data_source(&self, type_name: &str, config: Object) -> Diagnostics {
        data_sources::validate(type_name, &config)
    }

    async fn read_data_source(
        &self,
        type_name: &str,
        config: Object,
        call: &Call,
    ) -> (Option<Object>, Diagnostics) {
        match self.lifecycle() {
            Ok(lifecycle) => data_sources::read(&lifecycle, type_name, config, call).await,
            Err(diagnostic) => (None, diagnostic.into()),
        }
    }

    async fn validate_ephemeral(&self, type_name: &str, config: Object) -> Diagnostics {
        ephemeral::validate(type_name, &config)
    }

    async fn open_ephemeral(&self, type_name: &str, config: Object, call: &Call) -> Opened {
        match self.lifecycle() {
            Ok(lifecycle) => ephemeral::open(&lifecycle, type_name, config, call).await,
            Err(diagnostic) => Opened { diagnostics: diagnostic.into(), ..Opened::default() },
        }
    }

    async fn renew_ephemeral(&self, _: &str, private: Private, _: &Call) -> Renewed {
        Renewed { private, ..Renewed::default() }
    }

    async fn close_ephemeral(&self, _: &str, _: Private, _: &Call) -> Diagnostics {
        Diagnostics::new()
    }

    fn call_function(&self, name: &str, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        functions::call(name, &arguments)
    }
}

/// Whether an address may be that of the official provider: `databricks/databricks` at any
/// registry, or just `databricks`, as some versions of OpenTofu say. From the second instance of a
/// resource on, Terraform gives this provider's own address.
fn is_source(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    address == "databricks"
        || address.ends_with("databricks/databricks")
        || address.ends_with("/lakebase")
}

fn cannot_move(table: &Table, request: &MoveResource) -> Diagnostic {
    let MoveResource { source_type, source_provider, target_type, .. } = request;
    let instead = match table.counterpart {
        "" => String::new(),
        counterpart => {
            format!(
                "It can be moved only from a `{counterpart}` of the provider `databricks/databricks`. "
            )
        }
    };
    Diagnostic::error(
        format!("Cannot move a `{source_type}` to a `{target_type}`"),
        format!(
            "The source is a `{source_type}` of the provider `{source_provider}`. {instead}To \
             manage the object, remove it from the state with a `removed` block and import it."
        ),
    )
}

/// A setting that Terraform managed before a move, and does not manage after it.
fn dropped_setting(table: &Table, setting: &str, stored: &Json) -> Diagnostic {
    let Table { type_name, counterpart, .. } = table;
    let instead = setting_of_its_own(table, setting).map(|(other, parent, field)| {
        format!(
            " To manage it, add:\n\n  resource \"{}\" \"example\" {{\n    {parent} = {}\n    \
             {field} = {}\n  }}",
            other.type_name, stored["name"], stored["spec"][setting]
        )
    });
    Diagnostic::warning(
        format!("Move to `{type_name}` drops `spec.{setting}`"),
        format!(
            "The state of the `{counterpart}` sets `{setting}`. A `{type_name}` has no argument \
             for it. The setting remains unchanged in Lakebase, but Terraform no longer manages it.{}",
            instead.unwrap_or_default()
        ),
    )
}

/// The resource that manages a setting of this one, and the names of the two attributes that say
/// whose setting and what.
fn setting_of_its_own(
    table: &Table,
    setting: &str,
) -> Option<(&'static Table, &'static str, &'static str)> {
    resources::ALL.iter().map(|it| it.table()).find_map(|other| {
        let Address::Setting { parent } = other.address else { return None };
        let is_it = |field: &&AnyField| matches!(field.place, Place::Spec(path) if path == setting);
        let field = other.fields.iter().find(is_it).filter(|_| *parent == table.address)?;
        Some((other, other.parent()?.name, field.name))
    })
}

fn unread() -> Diagnostic {
    Diagnostic::warning(
        "Refresh was skipped",
        "The provider configuration contains values that are known only after other resources are \
         applied. The plan uses the state without refreshing it.",
    )
}
