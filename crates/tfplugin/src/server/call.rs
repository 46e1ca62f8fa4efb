//! One call of Terraform's: its line in the log, and its question to the provider, asked in a
//! task of its own.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::Poll;
use std::time::Instant;

use tracing::{Instrument, Span};

use super::Server;
use super::catalog::Catalog;
use crate::generated::tfplugin6;
use crate::{Call, CancellationToken, ClientCapabilities, Diagnostic, Provider, clock};

/// A call while it is answered; its end is logged with how long it took.
pub(super) struct Rpc<'a> {
    server: &'a Server,
    name: &'static str,
    type_name: String,
    span: Span,
    began: Instant,
    /// Whether the provider is being asked: a call that ends meanwhile was given up by Terraform.
    is_asking: AtomicBool,
}

impl Server {
    /// Begins to answer a call about a type; the provider block and the whole provider have the
    /// empty type name.
    pub(super) fn begin(&self, name: &'static str, type_name: &str) -> Rpc<'_> {
        let id = self.calls.fetch_add(1, Ordering::Relaxed);
        // A span of the highest level, so that every line of the provider says in which call.
        let span = tracing::error_span!(
            "rpc",
            tf_rpc = name,
            tf_resource_type = type_name,
            tf_req_id = id
        );
        let type_name = type_name.to_owned();
        let is_asking = AtomicBool::new(false);
        Rpc { server: self, name, type_name, span, began: clock::moment(), is_asking }
    }

    /// Cancels the calls of now, and none of later.
    pub(super) fn stop(&self) {
        let mut current = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *current).cancel();
    }

    fn stop_token(&self) -> CancellationToken {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<'a> Rpc<'a> {
    /// What the provider offers; it is asked once.
    pub(super) fn catalog(&self) -> Result<&'a Catalog, Diagnostic> {
        let catalog = self.server.catalog.get_or_init(|| {
            let catalog = || Catalog::new(self.server.provider.schemas());
            catch_unwind(AssertUnwindSafe(catalog)).map_err(|panic| panic_text(&*panic))
        });
        catalog.as_ref().map_err(|text| self.panicked(text))
    }

    /// What surrounds the question to the provider.
    pub(super) fn surroundings(&self, client: Option<tfplugin6::ClientCapabilities>) -> Call {
        let client = client.unwrap_or_default();
        let capabilities = ClientCapabilities {
            deferral_allowed: client.deferral_allowed,
            write_only_attributes_allowed: client.write_only_attributes_allowed,
        };
        Call { stop: self.server.stop_token(), capabilities }
    }

    /// Asks the provider.
    ///
    /// # Guarantees
    ///
    /// The question is asked to its end even if the connection breaks and this future is dropped.
    ///
    /// # Errors
    ///
    /// The provider panicked.
    pub(super) async fn ask<F, A>(
        &self,
        question: impl FnOnce(Arc<dyn Provider>) -> F,
    ) -> Result<A, Diagnostic>
    where
        F: Future<Output = A> + Send + 'static,
        A: Send + 'static,
    {
        let task = question(Arc::clone(&self.server.provider)).instrument(self.span.clone());
        self.is_asking.store(true, Ordering::Relaxed);
        let asked = tokio::spawn(task).await;
        self.is_asking.store(false, Ordering::Relaxed);
        asked.map_err(|error| match error.try_into_panic() {
            Ok(panic) => self.panicked(panic_text(&*panic)),
            Err(cancelled) => self.panicked(cancelled),
        })
    }

    fn panicked(&self, text: impl Display) -> Diagnostic {
        let about = match self.type_name.as_str() {
            "" => String::new(),
            name => format!(" for `{name}`"),
        };
        let detail = format!(
            "`{}`{about} ended in a panic: {text}. This is a bug in the provider. Nothing else is \
             affected; what was under way for this object may have happened in part.",
            self.name,
        );
        Diagnostic::error("The provider panicked", detail)
    }
}

impl Drop for Rpc<'_> {
    fn drop(&mut self) {
        let duration = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let became = if *self.is_asking.get_mut() {
            "given up by Terraform before the answer; the call goes on"
        } else {
            "answered"
        };
        tracing::debug!(parent: &self.span, tf_req_duration_ms = duration, "{became}");
    }
}

/// Answers a call, and turns a panic while the question is decoded or the answer encoded into a
/// diagnostic. Without this, such a panic would end the connection, and with it all other calls.
pub(super) async fn caught<A>(answering: impl Future<Output = A>) -> Result<A, Diagnostic> {
    let mut answering = pin!(answering);
    std::future::poll_fn(|context| {
        let poll = AssertUnwindSafe(|| answering.as_mut().poll(context));
        match catch_unwind(poll) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(undecoded(&panic_text(&*panic)))),
        }
    })
    .await
}

fn undecoded(text: &str) -> Diagnostic {
    let detail = format!(
        "The call ended in a panic between Terraform and the provider's own code: {text}. This is \
         a bug in the provider. What was under way for this object may have happened."
    );
    Diagnostic::error("The provider panicked", detail)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or("no text".to_owned())
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::sync::Mutex;

    use tonic::Request;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id};
    use tracing::{Event, Subscriber};
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt};

    use super::super::fake::{Fake, THING, identity, sent};
    use super::caught;
    use crate::generated::tfplugin6::provider_server::Provider;
    use crate::generated::tfplugin6::{configure_provider, read_resource};

    /// Keeps the fields of spans and events, as text.
    #[derive(Clone, Default)]
    struct Lines(std::sync::Arc<Mutex<Vec<String>>>);

    impl Visit for Lines {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            // How long it took is different each time.
            let value = if field.name() == "tf_req_duration_ms" { &"…" } else { value };
            let mut lines = self.0.lock().expect("no test panics with it");
            lines.push(format!("{}={value:?}", field.name()));
        }
    }

    impl<S: Subscriber> Layer<S> for Lines {
        fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
            span.record(&mut self.clone());
        }

        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            event.record(&mut self.clone());
        }
    }

    #[tokio::test]
    async fn a_call_is_logged_by_name_type_id_and_duration_and_without_values() {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::registry().with(lines.clone());
        let guard = tracing::subscriber::set_default(subscriber);
        let request = read_resource::Request {
            type_name: THING.to_owned(),
            current_state: sent([("id", "7".into())]),
            current_identity: identity("7"),
            ..Default::default()
        };
        let answer = Fake::default().serve().read_resource(Request::new(request)).await;
        assert!(answer.expect("no status").into_inner().diagnostics.is_empty());
        drop(guard);
        assert_eq!(
            *lines.0.lock().expect("no test panics with it"),
            [
                "tf_rpc=\"ReadResource\"",
                "tf_resource_type=\"fake_thing\"",
                "tf_req_id=0",
                "message=answered",
                "tf_req_duration_ms=\"…\"",
            ]
        );
    }

    #[tokio::test]
    async fn a_call_that_terraform_gives_up_is_not_logged_as_answered() {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::registry().with(lines.clone());
        let guard = tracing::subscriber::set_default(subscriber);
        let fake = Fake::default();
        let configuring = fake.configuring.clone();
        let server = fake.serve();
        let config = crate::Value::Map([("name".to_owned(), "n".into())].into());
        let r#type = crate::Type::Object([("name".to_owned(), crate::Type::String)].into());
        let msgpack = config.to_msgpack(&r#type).expect("the name is text");
        let config = Some(crate::generated::tfplugin6::DynamicValue { msgpack, json: vec![] });
        let request = configure_provider::Request { config, ..Default::default() };
        tokio::select! {
            _ = server.configure_provider(Request::new(request)) => panic!("it waits for a stop"),
            () = configuring.notified() => {}
        }
        drop(guard);
        let lines = lines.0.lock().expect("no test panics with it").join("\n");
        assert!(!lines.contains("message=answered"), "{lines}");
        assert!(lines.contains("message=given up by Terraform before the answer"), "{lines}");
    }

    #[tokio::test]
    async fn a_panic_outside_of_the_provider_is_a_diagnostic_too() {
        let answer = caught(async { 1 }).await;
        assert_eq!(answer, Ok(1));
        let early = caught(async { panic!("while decoding") }).await;
        let late = caught(async {
            tokio::task::yield_now().await;
            panic!("while encoding")
        })
        .await;
        let answers: [Result<(), _>; 2] = [early, late];
        for (answer, text) in answers.into_iter().zip(["while decoding", "while encoding"]) {
            let error = answer.expect_err("it panics");
            assert_eq!(error.summary, "The provider panicked");
            assert!(error.detail.contains(text), "{error:?}");
        }
    }
}
