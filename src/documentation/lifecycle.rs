//! Writes the section about changes of a resource: which arguments are updated in place, which
//! replace the object, and what a destroy does. The table decides; prose of the example completes it.

use std::fmt::Write as _;

use crate::model::field::{AnyField, Given, Place};
use crate::model::life::{Delete, Update};
use crate::model::table::Table;

/// The section, with the prose that the example has for it.
pub fn section(table: &Table, prose: Option<&str>) -> String {
    let noun = table.noun;
    let mut text = "\n## Updating, Replacing and Destroying\n\n".to_owned();
    let replacing = names(table, "or", |field| field.replaces);
    if !replacing.is_empty() {
        let _ = writeln!(text, "* A change of {replacing} replaces the {noun}.");
    }
    let initial = names(table, "and", |field| matches!(field.place, Place::Initial(_)));
    if !initial.is_empty() {
        let _ = writeln!(
            text,
            "* {initial} apply only when the {noun} is created. A later change has no effect, and \
             the plan warns."
        );
    }
    let updated = table.fields.iter().any(|field| is_setting(field) && !field.replaces);
    if updated && table.life.update == Update::Put {
        let _ = writeln!(
            text,
            "* A change of any other setting updates the {noun} in place. The request contains all \
             settings."
        );
    }
    if updated && table.life.update == Update::Patch {
        let _ = writeln!(
            text,
            "* A change of any other setting updates the {noun} in place. The request contains only \
             the settings that changed."
        );
    }
    let _ = writeln!(text, "* {}", destruction(table));
    if let Some(prose) = prose {
        // A list goes on.
        let separator = if prose.starts_with("* ") { "" } else { "\n" };
        let _ = write!(text, "{separator}{prose}");
    }
    text
}

fn destruction(table: &Table) -> String {
    let noun = table.noun;
    match table.life.delete {
        Delete::Soft => format!(
            "Destroying the resource soft-deletes the {noun}: it can be restored for 7 days, and its \
             ID stays reserved. With `purge_on_delete = true`, the delete is permanent. See \
             [Replacing and destroying resources](../guides/replacing-and-destroying.md)."
        ),
        Delete::Permanent => format!(
            "Destroying the resource permanently deletes the {noun}. Lakebase cannot restore it."
        ),
        Delete::Plain => format!("Destroying the resource deletes the {noun}."),
        Delete::Clear => format!("Destroying the resource clears the settings of the {noun}."),
        Delete::Reset => format!("Destroying the resource resets the {noun}."),
        Delete::Forget => format!(
            "Destroying the resource only removes it from the state. The {noun} remains unchanged in \
             Lakebase."
        ),
    }
}

/// Whether the configuration sets the attribute in Lakebase.
fn is_setting(field: &AnyField) -> bool {
    field.given != Given::Server && matches!(field.place, Place::Spec(_) | Place::Body(_))
}

fn names(table: &Table, conjunction: &str, wanted: impl Fn(&AnyField) -> bool) -> String {
    let names = table.fields.iter().filter(|field| wanted(field));
    let names: Vec<_> = names.map(|field| format!("`{}`", field.name)).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("{} {conjunction} {last}", rest.join(", "))
        }
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}
