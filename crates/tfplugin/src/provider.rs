//! What a provider is: one method per question that Terraform asks.
//!
//! Values arrive decoded by the schema and leave the same way; states and configurations are
//! whole objects, `None` where Terraform says null. A method never fails: what is wrong is a
//! diagnostic, beside the best answer that can be given.

use async_trait::async_trait;

use crate::{CancellationToken, Diagnostic, Diagnostics, Object, Path, Schemas, Value};

/// What surrounds a call.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Cancelled when Terraform is interrupted. A waiting call stops waiting at once.
    pub stop: CancellationToken,
    /// What the calling Terraform understands; all `false` where it does not say.
    pub capabilities: ClientCapabilities,
}

/// What the calling Terraform understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientCapabilities {
    /// A response may be deferred; also true in the apply walk, where deferring is an error.
    pub deferral_allowed: bool,
    /// Write-only attributes stay out of plan and state.
    pub write_only_attributes_allowed: bool,
}

/// The bytes that a provider keeps with an object, unseen by the user. Not encrypted.
pub type Private = Vec<u8>;

/// A provider, as Terraform sees it.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// What the provider offers. Must need neither configuration nor network.
    fn schemas(&self) -> Schemas;

    /// Checks the provider block; values may be unknown.
    async fn validate_provider(&self, config: Object) -> Diagnostics;

    /// Takes the provider block; values may be unknown during a plan.
    async fn configure(&self, request: Configure, call: &Call) -> Diagnostics;

    /// Checks a resource block; values may be unknown. Needs no configured provider.
    async fn validate_resource(&self, type_name: &str, config: Object) -> Diagnostics;

    /// Brings a stored state to the current schema. Called at every read, also at the same version.
    async fn upgrade_state(&self, request: UpgradeState) -> (Option<Object>, Diagnostics);

    /// Brings a stored identity to the current schema. Not asked of objects without one.
    async fn upgrade_identity(&self, request: UpgradeState) -> (Option<Object>, Diagnostics);

    /// Reads the object behind a state. No state in the answer: the object is gone.
    async fn read_resource(&self, request: ReadResource, call: &Call) -> ResourceAnswer;

    /// Plans a change. Pure but for what it observes of the service.
    async fn plan_resource(&self, request: PlanResource, call: &Call) -> PlannedResource;

    /// Carries a planned change out.
    async fn apply_resource(&self, request: ApplyResource, call: &Call) -> ResourceAnswer;

    /// Finds the object to import; a read follows.
    async fn import_resource(&self, request: ImportResource, call: &Call) -> ResourceAnswer;

    /// Takes over the state of another resource type. Needs no configured provider.
    async fn move_resource(&self, request: MoveResource) -> ResourceAnswer;

    /// Checks a data source block; values may be unknown.
    async fn validate_data_source(&self, type_name: &str, config: Object) -> Diagnostics;

    /// Reads a data source. The answer echoes the configured values.
    async fn read_data_source(
        &self,
        type_name: &str,
        config: Object,
        call: &Call,
    ) -> (Option<Object>, Diagnostics);

    /// Checks an ephemeral block; values may be unknown.
    async fn validate_ephemeral(&self, type_name: &str, config: Object) -> Diagnostics;

    /// Opens an ephemeral resource. The answer echoes the configured values.
    async fn open_ephemeral(&self, type_name: &str, config: Object, call: &Call) -> Opened;

    /// Renews an ephemeral resource whose time came.
    async fn renew_ephemeral(&self, type_name: &str, private: Private, call: &Call) -> Renewed;

    /// Closes an ephemeral resource; `private` is what [`Provider::open_ephemeral`] returned.
    async fn close_ephemeral(&self, type_name: &str, private: Private, call: &Call) -> Diagnostics;

    /// Calls a function. Needs no configured provider.
    fn call_function(&self, name: &str, arguments: Vec<Value>) -> Result<Value, FunctionError>;
}

/// The arguments of `ConfigureProvider`, once for each process.
#[derive(Clone, Debug)]
pub struct Configure {
    /// For the user agent only: versions of `OpenTofu` are not versions of Terraform.
    pub terraform_version: String,
    /// The block's values.
    pub config: Object,
}

/// A state or identity as it is stored.
#[derive(Clone, Debug)]
pub struct UpgradeState {
    /// The resource type, such as `fake_thing`.
    pub type_name: String,
    /// The schema version it was stored with.
    pub version: i64,
    /// The stored JSON, with every digit of its numbers; null where nothing is stored.
    pub stored: serde_json::Value,
}

/// An object to read.
#[derive(Clone, Debug)]
pub struct ReadResource {
    /// The resource type, such as `fake_thing`.
    pub type_name: String,
    /// The object as last known.
    pub state: Object,
    /// What the provider keeps with it.
    pub private: Private,
    /// Its identity, where Terraform has one.
    pub identity: Option<Object>,
}

/// A change to plan. No prior state: a create. No configuration: a destroy.
#[derive(Clone, Debug)]
pub struct PlanResource {
    /// The resource type, such as `fake_thing`.
    pub type_name: String,
    /// The object as last read. `None` also for the second call of a replacement.
    pub prior: Option<Object>,
    /// Terraform's own merge of prior state and configuration.
    pub proposed: Option<Object>,
    /// The object as configured; `None` plans a destroy.
    pub config: Option<Object>,
    /// What the provider keeps with the object; what the first call planned, in the second call
    /// of a replacement.
    pub prior_private: Private,
    /// What was planned before, when an apply plans again (Terraform 1.16 and later).
    pub planned_private: Private,
    /// The object's identity, where Terraform has one.
    pub identity: Option<Object>,
}

/// A planned change.
#[derive(Clone, Debug, Default)]
pub struct PlannedResource {
    /// The object as it will be; what is not known yet is unknown.
    pub planned: Option<Object>,
    /// The attributes whose change needs a new object.
    pub requires_replace: Vec<Path>,
    /// What the apply is told.
    pub private: Private,
    /// The identity as it will be.
    pub identity: Option<Object>,
    /// What Terraform shows; an error refuses the plan.
    pub diagnostics: Diagnostics,
}

/// A planned change to carry out. No prior state: a create. Nothing planned: a delete.
#[derive(Clone, Debug)]
pub struct ApplyResource {
    /// The resource type, such as `fake_thing`.
    pub type_name: String,
    /// The object as it is.
    pub prior: Option<Object>,
    /// The object as it shall be.
    pub planned: Option<Object>,
    /// The configuration, for write-only values and nothing else.
    pub config: Option<Object>,
    /// What the plan told.
    pub planned_private: Private,
    /// The identity that the plan answered, if any.
    pub planned_identity: Option<Object>,
}

/// An object to import: by `id`, or by `identity`.
#[derive(Clone, Debug)]
pub struct ImportResource {
    /// The resource type, such as `fake_thing`.
    pub type_name: String,
    /// What `import { id = … }` says; empty for an import by identity.
    pub id: String,
    /// What `import { identity = … }` says.
    pub identity: Option<Object>,
}

/// A state of another resource type.
#[derive(Clone, Debug)]
pub struct MoveResource {
    /// Where the other type's provider comes from; some versions of `OpenTofu` say less than the
    /// whole address.
    pub source_provider: String,
    /// The resource type that wrote the state.
    pub source_type: String,
    /// The schema version of the other type.
    pub source_version: i64,
    /// The state as the other type stored it.
    pub source_state: serde_json::Value,
    /// The stored identity, where there is one.
    pub source_identity: Option<serde_json::Value>,
    /// The type to become.
    pub target_type: String,
}

/// An object with all that Terraform stores for it.
#[derive(Clone, Debug, Default)]
pub struct ResourceAnswer {
    /// The object; `None`: there is none.
    pub state: Option<Object>,
    /// What the provider keeps with it. Always given back: empty clears it.
    pub private: Private,
    /// Its identity. Always given back: none drops it.
    pub identity: Option<Object>,
    /// What Terraform shows; an error after a create taints the object.
    pub diagnostics: Diagnostics,
}

/// An answer that is nothing but messages.
impl From<Diagnostics> for ResourceAnswer {
    fn from(diagnostics: Diagnostics) -> Self {
        Self { diagnostics, ..Self::default() }
    }
}

/// An answer that is nothing but a message.
impl From<Diagnostic> for ResourceAnswer {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics::from(diagnostic).into()
    }
}

/// An opened ephemeral resource.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// Its values. In a plan, computed ones may be unknown.
    pub result: Option<Object>,
    /// When to renew it, in seconds since 1970.
    pub renew_at: Option<i64>,
    /// What the provider wants back at renewal and close.
    pub private: Private,
    /// What Terraform shows; an error refuses the result.
    pub diagnostics: Diagnostics,
}

/// A renewed ephemeral resource.
#[derive(Clone, Debug, Default)]
pub struct Renewed {
    /// When to renew it again, in seconds since 1970; `None`: never.
    pub renew_at: Option<i64>,
    /// What the provider wants back at the next renewal.
    pub private: Private,
    /// What Terraform shows; an error refuses the renewal.
    pub diagnostics: Diagnostics,
}

/// Why a function has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// What is wrong, in a sentence.
    pub text: String,
    /// The argument it is about, counted from 0.
    pub argument: Option<i64>,
}
