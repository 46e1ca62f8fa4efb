//! Table to documentation: the description of each attribute, and whole pages in the layout of the
//! Terraform Registry.

use std::fmt::Write as _;

use super::field::{AnyField, Check, Default, Given, Kind, Place};

/// What an attribute means, with everything that its declaration says about its values.
pub fn description(field: &AnyField) -> String {
    let mut text = field.doc.to_owned();
    match field.check {
        Some(Check::OneOf(values)) => {
            let values = values.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
            let _ = write!(text, " One of {values}.");
        }
        Some(Check::Between(low, high)) => {
            let _ = write!(text, " The service documents {low} to {high}.");
        }
        Some(Check::Lasting(low, high)) => {
            let _ = write!(text, " The service documents `{low}` to `{high}`.");
        }
        Some(Check::AtMost(characters)) => {
            let _ = write!(text, " At most {characters} characters.");
        }
        Some(Check::Named(form)) => {
            let _ = write!(text, " A full name of the form `{form}`.");
        }
        None => {}
    }
    match field.default {
        Some(Default::Bool(it)) => {
            let _ = write!(text, " Default: `{it}`.");
        }
        Some(Default::Text(it)) => {
            let _ = write!(text, " Default: `{it}`.");
        }
        None => {}
    }
    if field.replaces {
        text += " Changing it replaces the object.";
    } else if matches!(field.place, Place::Initial(_)) {
        text += " It has a meaning only at creation: a later change is ignored, with a warning.";
    } else if matches!(field.place, Place::Spec(_)) && field.given == Given::OrServer {
        text += match field.kind {
            Kind::TextMap | Kind::Tags => " Left out, it keeps its value; `{}` clears it.",
            _ if field.choice.is_some() => " Left out, the service's choice stays.",
            _ => " Left out, the service decides; removed later, it keeps its value.",
        };
    }
    text
}

/// The schema section of a page.
pub fn schema(fields: &'static [AnyField]) -> String {
    let mut text = "## Schema\n".to_owned();
    section(&mut text, fields, "");
    nested(&mut text, fields, "");
    text
}

const HEADINGS: [(&str, &[Given]); 3] = [
    ("Required", &[Given::Required]),
    ("Optional", &[Given::Optional, Given::OrServer]),
    ("Read-Only", &[Given::Server]),
];

fn section(text: &mut String, fields: &'static [AnyField], path: &str) {
    for (heading, given) in HEADINGS {
        let mut wanted = fields.iter().filter(|it| given.contains(&it.given)).peekable();
        if wanted.peek().is_none() {
            continue;
        }
        let _ = match path {
            "" => write!(text, "\n### {heading}\n\n"),
            _ => write!(text, "\n{heading}:\n\n"),
        };
        for field in wanted {
            let choice = excluded(*field, fields);
            let below = match field.members() {
                Some(_) => format!(" (see [below](#nestedatt--{}))", anchor(path, field.name)),
                None => String::new(),
            };
            let sensitive = if field.sensitive { ", Sensitive" } else { "" };
            let (name, kind) = (field.name, kind(field.kind));
            let description = description(field);
            let _ = writeln!(text, "- `{name}` ({kind}{sensitive}) {description}{choice}{below}");
        }
    }
}

fn nested(text: &mut String, fields: &'static [AnyField], path: &str) {
    for field in fields {
        let Some(members) = field.members() else { continue };
        let inner = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        let _ = write!(
            text,
            "\n<a id=\"nestedatt--{}\"></a>\n### Nested Schema for `{inner}`\n",
            anchor(path, field.name)
        );
        section(text, members, &inner);
        nested(text, members, &inner);
    }
}

fn anchor(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{}--{name}", path.replace('.', "--")) }
}

fn excluded(field: AnyField, fields: &'static [AnyField]) -> String {
    let others = field.siblings(fields).map(|it| format!("`{}`", it.name)).collect::<Vec<_>>();
    if others.is_empty() { String::new() } else { format!(" Excludes {}.", others.join(" and ")) }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "Boolean",
        Kind::Int | Kind::Float => "Number",
        Kind::Text | Kind::Duration | Kind::Timestamp => "String",
        Kind::TextMap | Kind::Tags => "Map of String",
        Kind::Object(_) => "Attributes",
        Kind::Objects(_) => "Attributes List",
    }
}
