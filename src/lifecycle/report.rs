//! Errors of the service as diagnostics: what was tried, why it failed, and what to do next.

use std::error::Error as _;
use std::fmt::Write as _;

use lakebase_api::{Client, Error};
use tfplugin::{Diagnostic, Diagnostics, Object, Path, Value};

use crate::model::field::{AnyField, Check, Place};
use crate::model::table::Table;

/// What was tried, as the summary of a diagnostic names it: `create the branch`.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// `create`, `read`, `update`, `delete`, …
    pub verb: &'a str,
    /// `branch`.
    pub noun: &'a str,
    /// The full name.
    pub name: &'a str,
}

impl Attempt<'_> {
    /// The diagnostics of a failed attempt: one for each field the service complains about, on its
    /// attribute's path, or one for the whole.
    pub fn failed(&self, client: &Client, table: Option<&Table>, error: &Error) -> Diagnostics {
        self.failed_with(client, table, &Object::new(), error)
    }

    /// The same of a change that sent this object: where Lakebase says that something is missing
    /// that an attribute names, the diagnostic stands on that attribute.
    pub fn failed_with(
        &self,
        client: &Client,
        table: Option<&Table>,
        sent: &Object,
        error: &Error,
    ) -> Diagnostics {
        let Attempt { verb, noun, name } = self;
        let summary = format!("Could not {verb} the {noun} `{name}`");
        let referred = match table {
            Some(table) if *verb == "create" => references(table.fields),
            _ => Vec::new(),
        };
        let detail = explained(client, error, &referred);
        let fields = error.field_violations();
        let placed = fields.iter().filter_map(|(field, why)| {
            let path = path_of(table?.fields, field)?;
            Some(Diagnostic::error(summary.clone(), format!("{why}\n\n{detail}")).at(path))
        });
        let placed: Diagnostics = placed.collect();
        if !placed.is_empty() {
            return placed;
        }
        let missing = table.and_then(|table| missing(table.fields, sent, error));
        let diagnostic = Diagnostic::error(summary, detail);
        missing.map_or(diagnostic.clone(), |field| diagnostic.at(field)).into()
    }
}

/// The chain of causes, what the service says beyond its message, and what to do.
pub fn explain(client: &Client, error: &Error) -> String {
    explained(client, error, &[])
}

/// The attribute that names what Lakebase does not find. Its message tells the ID:
/// `role not found; role_id:"app"` (API reference, 5.3).
fn missing(fields: &[AnyField], sent: &Object, error: &Error) -> Option<&'static str> {
    if !error.is_reference_not_found() {
        return None;
    }
    let message = error.to_string();
    let is_told = |field: &&AnyField| {
        let (Some(Check::Named(address)), Some(name)) =
            (field.check, sent.get(field.name).and_then(Value::as_str))
        else {
            return false;
        };
        let id = address.split(name).and_then(|it| it.id);
        id.is_some_and(|id| message.contains(&format!("{}_id:\"{id}\"", address.noun())))
    };
    fields.iter().find(is_told).map(|it| it.name)
}

/// The attributes that name objects which a create needs.
fn references(fields: &[AnyField]) -> Vec<&'static str> {
    let named =
        fields.iter().filter(|it| matches!(it.check, Some(Check::Named(_))) && !it.is_output());
    named.map(|it| it.name).collect()
}

/// `referred` are the attributes that may name what is not there.
fn explained(client: &Client, error: &Error, referred: &[&str]) -> String {
    let mut text = sentence(&error.to_string());
    let mut cause = error.source();
    while let Some(it) = cause {
        let _ = write!(text, "\nBecause: {}", sentence(&it.to_string()));
        cause = it.source();
    }
    let details = error.details();
    if !details.is_empty() {
        let _ = write!(text, "\n\n{details}");
    }
    if let Some(advice) = advice(client, error, referred) {
        let _ = write!(text, "\n\n{advice}");
    }
    text
}

fn advice(client: &Client, error: &Error, referred: &[&str]) -> Option<String> {
    let (host, auth) = (client.host(), client.auth_type());
    let advice = if error.is_wrong_workspace() {
        "Check `host` or `profile` in the provider block, or `expected_workspace_id`, if the \
         workspace has really changed. Nothing was changed."
            .to_owned()
    } else if let Some(advice) = error.advice() {
        advice
    } else if error.is_unauthenticated() {
        format!(
            "The workspace {host} did not accept the credentials (method `{auth}`). Check that \
             they are meant for this workspace and have not expired."
        )
    } else if error.is_permission_denied() {
        format!(
            "The workspace {host} knows the caller (method `{auth}`) but refuses the call. \
             Managing a project takes the permission CAN_MANAGE on it; creating one may be \
             restricted by the workspace's administrators."
        )
    } else if error.is_reference_not_found() && !referred.is_empty() {
        let names = referred.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        format!(
            "Check that what {names} name exists, and that {host} is the workspace that holds it."
        )
    } else if error.is_not_found() {
        format!("Check the name, and that {host} is the workspace that holds it.")
    } else if error.is_reference_not_found() {
        format!(
            "The API does not find an object that this request refers to: the project or branch \
             that holds it, or one that its attributes name. Check these names, and that {host} is \
             the workspace that holds them."
        )
    } else if error.is_rate_limited() {
        "The service asks for fewer requests. Set `requests_per_second` in the provider block, or \
         run Terraform with a lower `-parallelism`."
            .to_owned()
    } else if error.is_timeout() {
        "It may still succeed: the next plan shows what became of it. If it takes this long \
         regularly, raise `timeouts`."
            .to_owned()
    } else if error.is_interrupted() && error.operation().is_some() {
        "The service carries on with it: the next plan or apply waits for it and shows what became \
         of it."
            .to_owned()
    } else if error.is_not_of_the_service() {
        format!(
            "Something else answered in its place. Check that {host} is the URL of a workspace, and \
             the proxy, if there is one (`HTTPS_PROXY`)."
        )
    } else if error.is_unreachable() {
        format!(
            "Check that {host} is the URL of a workspace and can be reached from here, through \
             the proxy if there is one (`HTTPS_PROXY`)."
        )
    } else {
        return None;
    };
    Some(advice)
}

/// The attribute at a path of the API, such as `spec.ttl` or `branch.spec.ttl`, or `schedule` at the
/// top of the body.
fn path_of(fields: &[AnyField], api: &str) -> Option<Path> {
    let at_the_top = |field: &&AnyField| matches!(field.place, Place::Body(path) if path == api);
    if let Some(field) = fields.iter().find(at_the_top) {
        return Some(Path::root(field.name));
    }
    let (_, inside) = api.split_once("spec.")?;
    let inside_of = |path: &str| match inside.strip_prefix(path)? {
        "" => Some(""),
        rest => rest.strip_prefix('.'),
    };
    let (field, rest) = fields.iter().find_map(|field| match field.place {
        Place::Spec(path) => inside_of(path).map(|rest| (field, rest)),
        _ => None,
    })?;
    let member = field.members().unwrap_or_default().iter().find(|it| match it.place {
        Place::Member(path) => path == rest,
        _ => false,
    });
    let root = Path::root(field.name);
    Some(member.map_or(root.clone(), |it| root.attribute(it.name)))
}

/// With a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let mut characters = text.trim().chars();
    let first = characters.next().map(|it| it.to_uppercase().collect::<String>());
    let stop = if text.trim_end().ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{stop}", first.unwrap_or_default(), characters.as_str())
}
