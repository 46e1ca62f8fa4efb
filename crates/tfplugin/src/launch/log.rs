//! Logs, as JSON lines on stderr in the form that Terraform repeats under its own name.
//!
//! `@level`, `@message`, `@timestamp` and `@module` are Terraform's; every other key is a field of
//! the event or of the spans around it. Terraform crashes if one of its keys is not text, and loses
//! the level if the timestamp has not exactly six digits of a second.

use std::fmt;
use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::clock;

/// The longest line, in bytes, a newline included. Terraform reads lines of up to 64 KiB; of a
/// longer one it prints the pieces without level or fields.
const LONGEST_LINE: usize = 60 << 10;

/// Crates whose everyday talk is about the wire; only their warnings are heard.
const WIRE: [&str; 7] = ["h2", "hyper", "hyper_util", "rustls", "tokio_rustls", "tonic", "tower"];

/// Lets this process log. With the level off nothing is installed, so that no event costs anything.
pub(crate) fn install(level: LevelFilter) {
    if level == LevelFilter::OFF {
        return;
    }
    let subscriber = tracing_subscriber::registry().with(Lines { level });
    // A program that has its own subscriber already keeps it.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Writes each event as a line.
struct Lines {
    level: LevelFilter,
}

impl Lines {
    fn hears(&self, metadata: &Metadata<'_>) -> bool {
        let from = metadata.target().split("::").next().unwrap_or_default();
        let level =
            if WIRE.contains(&from) { LevelFilter::WARN.min(self.level) } else { self.level };
        *metadata.level() <= level
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.hears(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.hears(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.0.extend(outer.0.clone());
            }
        }
        event.record(&mut fields);
        let line = line(event.metadata(), fields, clock::now());
        // Nobody reads: Terraform is gone, and with it whoever wanted the log.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

fn line(metadata: &Metadata<'_>, Fields(mut fields): Fields, now: Timestamp) -> String {
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    let message = match fields.remove("message") {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    fields.insert("@level".to_owned(), level.into());
    fields.insert("@message".to_owned(), message.into());
    fields.insert("@module".to_owned(), metadata.target().into());
    fields.insert("@timestamp".to_owned(), format!("{now:.6}").into());
    shortened(fields)
}

/// The line of these fields. If it is too long, the longest texts are cut until it is not.
fn shortened(mut fields: Map<String, Value>) -> String {
    loop {
        let line = Value::Object(fields.clone()).to_string() + "\n";
        let texts = fields.values_mut().filter_map(|value| match value {
            Value::String(text) => Some(text),
            _ => None,
        });
        match texts.max_by_key(|text| text.len()) {
            Some(text) if line.len() > LONGEST_LINE && text.len() > CUT.len() => {
                let half = text.floor_char_boundary((text.len() - CUT.len()) / 2);
                text.truncate(half);
                text.push_str(CUT);
            }
            _ => return line,
        }
    }
}

/// What stands at the end of a text that was cut.
const CUT: &str = " [cut]";

/// The fields of a span or an event.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        let name = field.name().trim_start_matches('@'); // those names are Terraform's
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_longer_than_terraform_reads() {
        for text in ["a".repeat(200_000), "\u{1}".repeat(30_000), "é".repeat(80_000)] {
            let fields = [("@level", "debug"), ("@message", "short"), ("body", &text)];
            let fields = fields.map(|(name, text)| (name.to_owned(), Value::from(text)));
            let line = shortened(fields.into_iter().collect());
            assert!(line.len() <= LONGEST_LINE, "{}", line.len());
            let line: Value = serde_json::from_str(&line).expect("the line is JSON");
            assert_eq!((&line["@level"], &line["@message"]), (&"debug".into(), &"short".into()));
            assert!(line["body"].as_str().is_some_and(|text| text.ends_with(CUT)), "{line}");
        }
    }
}
