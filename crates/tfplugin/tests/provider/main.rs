//! The provider of the tests: one resource, `test_thing`, that does as its `text` says.

use std::process::ExitCode;

use async_trait::async_trait;
use tfplugin::{
    ApplyResource, Attribute, AttributeKind, Block, Call, Configure, Diagnostic, Diagnostics,
    FunctionError, ImportResource, MoveResource, Object, Opened, PlanResource, PlannedResource,
    Private, Program, Provider, ReadResource, Renewed, ResourceAnswer, Schema, Schemas, Type,
    UpgradeState, Value,
};

const PROGRAM: Program = Program { address: "registry.terraform.io/example/test", name: "test" };

fn main() -> ExitCode {
    if std::env::args().any(|it| it == "--debug") {
        tfplugin::debug(&PROGRAM, Test)
    } else {
        tfplugin::serve(&PROGRAM, Test)
    }
}

struct Test;

#[async_trait]
impl Provider for Test {
    fn schemas(&self) -> Schemas {
        let kind = AttributeKind::Type(Type::String);
        let text = Attribute { required: true, ..Attribute::new("text", kind, "What to do.") };
        let block = Block { attributes: vec![text], ..Block::default() };
        let thing = Schema { version: 0, block };
        Schemas { resources: [("test_thing".to_owned(), thing)].into(), ..Schemas::default() }
    }

    /// Says so in the log, inside a span.
    async fn configure(&self, request: Configure, _: &Call) -> Diagnostics {
        let span = tracing::info_span!("configure", inside = true);
        let _inside = span.enter();
        let version = request.terraform_version;
        // A number under Terraform's own key would crash it.
        tracing::info!(version, answer = 42, "@level" = 7, "configured");
        Diagnostics::new()
    }

    async fn validate_resource(&self, _: &str, config: Object) -> Diagnostics {
        match config.get("text").and_then(Value::as_str) {
            Some("panic") => panic!("as the text says"),
            Some("crash") => {
                let crash = std::thread::spawn(|| panic!("outside of every call"));
                Diagnostic::error("Crashed", format!("{}", crash.join().is_err())).into()
            }
            Some("long log") => {
                tracing::error!(text = "a".repeat(100_000), "a long line");
                Diagnostic::warning("Logged", "").into()
            }
            text => {
                let length = text.map_or(0, str::len);
                Diagnostic::warning("Understood", format!("{length} bytes.")).at("text").into()
            }
        }
    }

    async fn validate_provider(&self, _: Object) -> Diagnostics {
        Diagnostics::new()
    }

    async fn upgrade_state(&self, request: UpgradeState) -> (Option<Object>, Diagnostics) {
        let text = request.stored["text"].as_str().map_or(Value::Null, Value::from);
        (Some([("text".to_owned(), text)].into()), Diagnostics::new())
    }

    async fn upgrade_identity(&self, _: UpgradeState) -> (Option<Object>, Diagnostics) {
        (None, Diagnostics::new())
    }

    async fn read_resource(&self, request: ReadResource, _: &Call) -> ResourceAnswer {
        ResourceAnswer { state: Some(request.state), ..ResourceAnswer::default() }
    }

    /// Waits until it is stopped, if the text says so.
    async fn plan_resource(&self, request: PlanResource, call: &Call) -> PlannedResource {
        let text = request.config.as_ref().and_then(|config| config.get("text")?.as_str());
        let mut answer = PlannedResource::default();
        if text == Some("wait") {
            tracing::info!("waiting");
            call.stop.cancelled().await;
            answer.diagnostics.push(Diagnostic::error("Stopped", "The wait was cut short."));
        }
        answer.planned = request.proposed;
        answer
    }

    async fn apply_resource(&self, request: ApplyResource, _: &Call) -> ResourceAnswer {
        ResourceAnswer { state: request.planned, ..ResourceAnswer::default() }
    }

    async fn import_resource(&self, _: ImportResource, _: &Call) -> ResourceAnswer {
        ResourceAnswer::default()
    }

    async fn move_resource(&self, _: MoveResource) -> ResourceAnswer {
        ResourceAnswer::default()
    }

    async fn validate_data_source(&self, _: &str, _: Object) -> Diagnostics {
        Diagnostics::new()
    }

    async fn read_data_source(
        &self,
        _: &str,
        config: Object,
        _: &Call,
    ) -> (Option<Object>, Diagnostics) {
        (Some(config), Diagnostics::new())
    }

    async fn validate_ephemeral(&self, _: &str, _: Object) -> Diagnostics {
        Diagnostics::new()
    }

    async fn open_ephemeral(&self, _: &str, config: Object, _: &Call) -> Opened {
        Opened { result: Some(config), ..Opened::default() }
    }

    async fn renew_ephemeral(&self, _: &str, private: Private, _: &Call) -> Renewed {
        Renewed { private, ..Renewed::default() }
    }

    async fn close_ephemeral(&self, _: &str, _: Private, _: &Call) -> Diagnostics {
        Diagnostics::new()
    }

    fn call_function(&self, name: &str, _: Vec<Value>) -> Result<Value, FunctionError> {
        Err(FunctionError { text: format!("There is no function `{name}`."), argument: None })
    }
}
