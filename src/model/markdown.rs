//! Documentation: the description of each attribute, and the schema section of a page in the
//! layout of the Terraform Registry.

use std::fmt::Write as _;

use tfplugin::{Attribute, AttributeKind, Block, Nesting, Type};

use super::field::{AnyField, Check, Default, Given, Kind, Place};

/// What an attribute means, with everything that its declaration says about its values. `beside`
/// are the fields that it stands among.
pub fn description(field: &AnyField, beside: &'static [AnyField]) -> String {
    let mut text = field.doc.to_owned();
    if !field.note.is_empty() {
        let _ = write!(text, " {}", field.note);
    }
    let _ = match field.check {
        Some(Check::OneOf(values)) if matches!(field.kind, Kind::Texts) => {
            write!(text, " Valid values: {}.", quoted(values, ", "))
        }
        Some(Check::OneOf(values)) => write!(text, " Valid values: {}.", quoted(values, ", ")),
        Some(Check::Between(low, high) | Check::Size(low, high)) => {
            write!(
                text,
                " Documented range: {low} to {high}. Values outside this range produce a warning."
            )
        }
        Some(Check::Lasting(low, high)) => {
            write!(
                text,
                " Documented range: `{low}` to `{high}`. Values outside this range produce a warning."
            )
        }
        Some(Check::AtLeast(low)) => {
            write!(text, " Documented minimum: `{low}`. A smaller value produces a warning.")
        }
        Some(Check::AtMost(characters)) => {
            write!(text, " Documented maximum: {characters} characters.")
        }
        Some(Check::Lsn) => write!(text, " Format: two hexadecimal numbers separated by a slash."),
        Some(Check::Named(address)) => write!(text, " Format: `{address}`."),
        Some(Check::PostgresName) => write!(text, " Maximum length: 63 bytes."),
        Some(Check::SchemaNames(_)) => {
            write!(
                text,
                " Format: 1 to 63 letters, digits, `_` and `$`, not starting with a digit or `$`."
            )
        }
        None => Ok(()),
    };
    let _ = match field.default {
        Some(Default::Bool(it)) => write!(text, " Default: `{it}`."),
        Some(Default::Text(it)) => write!(text, " Default: `{it}`."),
        None => Ok(()),
    };
    if field.given == Given::Server {
        return text;
    }
    let excludes = |it: &&AnyField| {
        let arm = it.choice.is_some() && it.choice == field.choice && it.name != field.name;
        let conflict =
            field.conflicts_with.contains(&it.name) || it.conflicts_with.contains(&field.name);
        arm || conflict
    };
    let others = beside.iter().filter(excludes).map(|it| it.name).collect::<Vec<_>>();
    if !others.is_empty() {
        let _ = write!(text, " Conflicts with {}.", quoted(&others, " and "));
        if field.one_is_required {
            text += " One of them is required.";
        }
    }
    if field.is_required_to_create {
        text += " Required to create the object; optional once it is imported.";
    }
    if field.replaces {
        text += " Changing this forces a new resource to be created.";
    } else if matches!(field.place, Place::Initial(_)) {
        text += " Applied only when the resource is created. Later changes are ignored, with a warning.";
    } else if field.create_only && field.is_never_reported {
        text += " Applied only when the resource is created.";
    } else if matches!(field.place, Place::Spec(_) | Place::Body(_))
        && field.given == Given::OrServer
    {
        text += match field.kind {
            Kind::Texts if matches!(field.check, Some(Check::SchemaNames(Some(_)))) => {
                " If omitted, the existing elements remain unchanged."
            }
            Kind::Texts | Kind::Objects(_) | Kind::ObjectSet(_) => {
                " If omitted, the existing elements remain unchanged. Set to `[]` to remove them all."
            }
            Kind::TextMap | Kind::Tags => {
                " If omitted, the existing entries remain unchanged. Set to `{}` to remove them all."
            }
            _ if field.choice.is_some() => {
                " If neither this nor a conflicting argument is set, the current setting remains unchanged."
            }
            _ => {
                " If omitted, Lakebase chooses the value. Removing the argument later leaves the current value unchanged."
            }
        };
    }
    text
}

/// The schema section of a page.
pub fn schema(block: &Block) -> String {
    let mut text = "## Schema\n".to_owned();
    section(&mut text, &block.attributes, "");
    nested(&mut text, &block.attributes, "");
    text
}

fn section(text: &mut String, attributes: &[Attribute], path: &str) {
    let flags = |attribute: &Attribute| (attribute.required, attribute.optional);
    for (heading, wanted) in
        [("Required", (true, false)), ("Optional", (false, true)), ("Read-Only", (false, false))]
    {
        let mut wanted = attributes.iter().filter(|it| flags(it) == wanted).peekable();
        if wanted.peek().is_none() {
            continue;
        }
        let _ = match path {
            "" => write!(text, "\n### {heading}\n\n"),
            _ => write!(text, "\n{heading}:\n\n"),
        };
        for Attribute { name, kind, description, sensitive, .. } in wanted {
            let sensitive = if *sensitive { ", Sensitive" } else { "" };
            let below = match kind {
                AttributeKind::Nested(..) => {
                    format!(" (see [below for nested schema](#nestedatt--{}))", anchor(path, name))
                }
                AttributeKind::Type(_) => String::new(),
            };
            let kind = kind_name(kind);
            let _ = writeln!(text, "- `{name}` ({kind}{sensitive}) {description}{below}");
        }
    }
}

fn nested(text: &mut String, attributes: &[Attribute], path: &str) {
    for Attribute { name, kind, .. } in attributes {
        let AttributeKind::Nested(_, members) = kind else { continue };
        let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let anchor = anchor(path, name);
        let heading = format!("### Nested Schema for `{inner}`");
        let _ = write!(text, "\n<a id=\"nestedatt--{anchor}\"></a>\n{heading}\n");
        section(text, members, &inner);
        nested(text, members, &inner);
    }
}

fn anchor(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{}--{name}", path.replace('.', "--")) }
}

fn quoted(names: &[&str], separator: &str) -> String {
    names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(separator)
}

fn kind_name(kind: &AttributeKind) -> String {
    match kind {
        AttributeKind::Type(it) => type_name(it),
        AttributeKind::Nested(Nesting::Single, _) => "Attributes".to_owned(),
        AttributeKind::Nested(Nesting::List, _) => "Attributes List".to_owned(),
        AttributeKind::Nested(Nesting::Set, _) => "Attributes Set".to_owned(),
        AttributeKind::Nested(Nesting::Map, _) => "Attributes Map".to_owned(),
    }
}

/// A type as the registry writes it.
pub fn type_name(r#type: &Type) -> String {
    match r#type {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(it) => format!("List of {}", type_name(it)),
        Type::Set(it) => format!("Set of {}", type_name(it)),
        Type::Map(it) => format!("Map of {}", type_name(it)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}
