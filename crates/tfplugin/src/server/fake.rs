//! A small provider to be asked in tests, whose answers each test chooses.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;

use super::Server;
use super::outgoing;
use crate::generated::tfplugin6::{self, DynamicValue, RawState, ResourceIdentityData};
use crate::{
    ApplyResource, Attribute, AttributeKind, Block, BlockNesting, Call, Configure, Diagnostic,
    Diagnostics, Function, FunctionError, IdentityAttribute, IdentitySchema, ImportResource,
    MoveResource, NestedBlock, Nesting, Object, Opened, Parameter, PlanResource, PlannedResource,
    Private, Provider, ReadResource, Renewed, ResourceAnswer, Schema, Schemas, Type, UpgradeState,
    Value,
};

/// A provider of one of each kind. By default it answers with what it is given.
pub(super) struct Fake {
    pub(super) schemas: fn() -> Schemas,
    pub(super) validate: fn(Object) -> Diagnostics,
    pub(super) upgrade: fn(UpgradeState) -> (Option<Object>, Diagnostics),
    pub(super) read: fn(ReadResource) -> ResourceAnswer,
    pub(super) plan: fn(PlanResource) -> PlannedResource,
    pub(super) apply: fn(ApplyResource) -> ResourceAnswer,
    pub(super) import: fn(ImportResource) -> ResourceAnswer,
    pub(super) move_: fn(MoveResource) -> ResourceAnswer,
    pub(super) open: fn(Object) -> Opened,
    pub(super) function: fn(Vec<Value>) -> Result<Value, FunctionError>,
    /// When `configure` has begun, which ends with the interrupt alone.
    pub(super) configuring: Arc<Notify>,
    /// When `configure` has ended.
    pub(super) configured: Arc<Notify>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            schemas,
            validate: |_| Diagnostics::new(),
            upgrade: |request| {
                let upgraded = Value::from_json(&thing().r#type(), &request.stored);
                match upgraded.expect("the stored JSON is a thing") {
                    Value::Map(state) => (Some(state), Diagnostics::new()),
                    _ => (None, Diagnostics::new()),
                }
            },
            read: |request| ResourceAnswer {
                state: Some(request.state),
                private: request.private,
                identity: request.identity,
                diagnostics: Diagnostics::new(),
            },
            plan: |request| PlannedResource {
                planned: request.proposed,
                private: request.prior_private,
                identity: request.identity,
                ..PlannedResource::default()
            },
            apply: |request| ResourceAnswer {
                state: request.planned,
                private: request.planned_private,
                identity: request.planned_identity,
                diagnostics: Diagnostics::new(),
            },
            import: |_| ResourceAnswer::default(),
            move_: |_| ResourceAnswer::default(),
            open: |config| Opened { result: Some(config), ..Opened::default() },
            function: |arguments| {
                let texts = arguments.iter().filter_map(Value::as_str);
                Ok(texts.collect::<Vec<_>>().join(" ").into())
            },
            configuring: Arc::default(),
            configured: Arc::default(),
        }
    }
}

impl Fake {
    pub(super) fn serve(self) -> Server {
        Server::new(Arc::new(self))
    }
}

#[async_trait]
impl Provider for Fake {
    fn schemas(&self) -> Schemas {
        (self.schemas)()
    }

    async fn validate_provider(&self, config: Object) -> Diagnostics {
        (self.validate)(config)
    }

    async fn configure(&self, request: Configure, call: &Call) -> Diagnostics {
        self.configuring.notify_one();
        call.stop.cancelled().await;
        self.configured.notify_one();
        Diagnostic::warning("Interrupted", request.terraform_version).into()
    }

    async fn validate_resource(&self, _: &str, config: Object) -> Diagnostics {
        (self.validate)(config)
    }

    async fn upgrade_state(&self, request: UpgradeState) -> (Option<Object>, Diagnostics) {
        (self.upgrade)(request)
    }

    async fn upgrade_identity(&self, request: UpgradeState) -> (Option<Object>, Diagnostics) {
        (self.upgrade)(request)
    }

    async fn read_resource(&self, request: ReadResource, _: &Call) -> ResourceAnswer {
        (self.read)(request)
    }

    async fn plan_resource(&self, request: PlanResource, _: &Call) -> PlannedResource {
        (self.plan)(request)
    }

    async fn apply_resource(&self, request: ApplyResource, _: &Call) -> ResourceAnswer {
        (self.apply)(request)
    }

    async fn import_resource(&self, request: ImportResource, _: &Call) -> ResourceAnswer {
        (self.import)(request)
    }

    async fn move_resource(&self, request: MoveResource) -> ResourceAnswer {
        (self.move_)(request)
    }

    async fn validate_data_source(&self, _: &str, config: Object) -> Diagnostics {
        (self.validate)(config)
    }

    async fn read_data_source(
        &self,
        _: &str,
        config: Object,
        _: &Call,
    ) -> (Option<Object>, Diagnostics) {
        (Some(config), Diagnostics::new())
    }

    async fn validate_ephemeral(&self, _: &str, config: Object) -> Diagnostics {
        (self.validate)(config)
    }

    async fn open_ephemeral(&self, _: &str, config: Object, _: &Call) -> Opened {
        (self.open)(config)
    }

    async fn renew_ephemeral(&self, _: &str, private: Private, _: &Call) -> Renewed {
        Renewed { renew_at: Some(1), private, diagnostics: Diagnostics::new() }
    }

    async fn close_ephemeral(&self, _: &str, private: Private, _: &Call) -> Diagnostics {
        Diagnostic::warning("Closed", String::from_utf8_lossy(&private)).into()
    }

    fn call_function(&self, _: &str, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        (self.function)(arguments)
    }
}

pub(super) const THING: &str = "fake_thing";

fn schemas() -> Schemas {
    let schema = |version, block| Schema { version, block };
    let simple = || Block { attributes: vec![text("name")], ..Block::default() };
    let identity = IdentityAttribute {
        name: "id".to_owned(),
        r#type: Type::String,
        required_for_import: true,
        description: String::new(),
    };
    let identity = IdentitySchema { version: 0, attributes: vec![identity] };
    let parameter = |name: &str| Parameter {
        name: name.to_owned(),
        r#type: Type::String,
        allow_null: false,
        description: String::new(),
    };
    let function = Function {
        summary: "Joins".to_owned(),
        description: "Joins *words*.".to_owned(),
        parameters: vec![parameter("first")],
        variadic: Some(parameter("rest")),
        returns: Type::String,
    };
    Schemas {
        provider: schema(0, simple()),
        resources: [(THING.to_owned(), schema(3, thing()))].into(),
        identities: [(THING.to_owned(), identity)].into(),
        data_sources: [("fake_data".to_owned(), schema(0, simple()))].into(),
        ephemeral_resources: [("fake_secret".to_owned(), schema(0, simple()))].into(),
        functions: [("join".to_owned(), function)].into(),
    }
}

/// The block of the fake resource.
pub(super) fn thing() -> Block {
    let write_only = Attribute { write_only: true, ..text("secret") };
    let id = Attribute { optional: false, computed: true, ..text("id") };
    let members = vec![text("label"), write_only.clone()];
    let nested = AttributeKind::Nested(Nesting::List, members.clone());
    let rules = NestedBlock {
        name: "rules".to_owned(),
        block: Block { attributes: members, ..Block::default() },
        nesting: BlockNesting::Map,
        min_items: 0,
        max_items: 0,
    };
    let tags = AttributeKind::Type(Type::Set(Box::new(Type::String)));
    Block {
        attributes: vec![
            id,
            text("name"),
            write_only,
            Attribute { kind: nested, ..text("parts") },
            Attribute { kind: tags, ..text("tags") },
        ],
        blocks: vec![rules],
        description: "A *thing*.".to_owned(),
        deprecated: None,
    }
}

fn text(name: &str) -> Attribute {
    let kind = AttributeKind::Type(Type::String);
    Attribute { optional: true, ..Attribute::new(name, kind, "") }
}

pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Object {
    members.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The object as a message, by the schema of the fake resource.
#[expect(clippy::unnecessary_wraps, reason = "as the fields of messages are")]
pub(super) fn sent<const N: usize>(members: [(&str, Value); N]) -> Option<DynamicValue> {
    let msgpack = Value::Map(object(members)).to_msgpack(&thing().r#type());
    Some(DynamicValue { msgpack: msgpack.expect("the object is a thing"), json: Vec::new() })
}

/// The members of a message that are not null, as JSON; `null` is no object.
pub(super) fn received(message: Option<&DynamicValue>) -> String {
    let bytes = message.map(|message| message.msgpack.as_slice()).unwrap_or_default();
    match Value::from_msgpack(&thing().r#type(), bytes).expect("the message is a thing") {
        Value::Map(members) => {
            Value::Map(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
                .to_json()
                .to_string()
        }
        other => other.to_json().to_string(),
    }
}

pub(super) fn identity(id: impl Into<Value>) -> Option<ResourceIdentityData> {
    let r#type = Type::Object([("id".to_owned(), Type::String)].into());
    let mut diagnostics = Diagnostics::new();
    let identity = object([("id", id.into())]);
    outgoing::planned_identity(Some(&r#type), Some(identity), &mut diagnostics)
}

#[expect(clippy::unnecessary_wraps, reason = "as the fields of messages are")]
pub(super) fn raw(json: &str) -> Option<RawState> {
    Some(RawState { json: json.as_bytes().to_vec(), ..RawState::default() })
}

/// A value that no schema can read.
#[expect(clippy::unnecessary_wraps, reason = "as the fields of messages are")]
pub(super) fn garbage() -> Option<DynamicValue> {
    Some(DynamicValue { msgpack: vec![0xc1], json: Vec::new() })
}

/// The messages: `error` or `warning`, the path, the summary and the detail.
pub(super) fn shown(diagnostics: &[tfplugin6::Diagnostic]) -> String {
    let lines = diagnostics.iter().map(|diagnostic| {
        let severity = diagnostic.severity().as_str_name().to_lowercase();
        let steps = diagnostic.attribute.iter().flat_map(|path| &path.steps);
        let path = steps
            .filter_map(|step| step.selector.as_ref())
            .map(|selector| format!("{selector:?} "));
        let tfplugin6::Diagnostic { summary, detail, .. } = diagnostic;
        format!("{severity}: {}{summary}: {detail}\n", path.collect::<String>())
    });
    lines.collect()
}
