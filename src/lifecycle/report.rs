//! Errors of the service as diagnostics: what was tried, why it failed, and what to do next.

use std::error::Error as _;
use std::fmt::Write as _;

use lakebase_api::{Client, Error};
use tfplugin::{Diagnostic, Diagnostics, Object, Path, Value};

use super::help::{Help as _, Section};
use crate::model::field::{AnyField, Check, Place};
use crate::model::meaning;
use crate::model::table::Table;
use crate::resources::PROJECT;

/// What was tried, as the summary of a diagnostic names it: `create the branch`.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// `create`, `read`, `update`, `delete`, …
    pub verb: &'a str,
    /// `branch`.
    pub noun: &'a str,
    /// The resource name; empty, if the noun says it all.
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
        let object = if name.is_empty() { String::new() } else { format!(" `{name}`") };
        let summary = format!("Could not {verb} {noun}{object}");
        let referred = match table {
            Some(table) if *verb == "create" => references(table.fields),
            _ => Vec::new(),
        };
        let timeout = table.map(|_| *verb);
        let detail = explained(client, error, name, timeout, &referred);
        let fields = error.field_violations();
        let placed = fields.iter().filter_map(|(field, why)| {
            let path = path_of(table?.fields, field)?;
            let diagnostic = Diagnostic::error(summary.clone(), format!("{why}\n\n{detail}"));
            Some(diagnostic.see(Section::RequestsThatFail).at(path))
        });
        let placed: Diagnostics = placed.collect();
        if !placed.is_empty() {
            return placed;
        }
        let missing = table.and_then(|table| missing(table.fields, sent, error)).map(Path::root);
        let path = missing.or_else(|| named(table?.fields, &error.reason()));
        let diagnostic = Diagnostic::error(summary, detail).see(Section::RequestsThatFail);
        path.map_or(diagnostic.clone(), |path| diagnostic.at(path)).into()
    }
}

/// Why a read failed, and what to do.
pub fn explain(client: &Client, error: &Error) -> String {
    explained(client, error, "", Some("read"), &[])
}

/// The attribute that names what Lakebase does not find. Its code or its message tells it:
/// `role not found; role_id:"app"` (API reference, 5.3).
fn missing(fields: &[AnyField], sent: &Object, error: &Error) -> Option<&'static str> {
    let is_code = |field: &&AnyField| {
        !field.absence_code.is_empty() && error.code() == Some(field.absence_code)
    };
    if let Some(field) = fields.iter().find(is_code) {
        return Some(field.name);
    }
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

/// The attribute that a message names, as recorded ones do: `Field 'database.spec.role' is required`
/// (API reference, 5.3).
fn named(fields: &[AnyField], message: &str) -> Option<Path> {
    let (_, quoted) = message.split_once("Field '")?;
    path_of(fields, quoted.split_once('\'')?.0)
}

/// The attributes that name objects which a create needs.
fn references(fields: &[AnyField]) -> Vec<&'static str> {
    let named = fields
        .iter()
        .filter(|field| matches!(field.check, Some(Check::Named(_))) && !field.is_output());
    named.map(|it| it.name).collect()
}

/// The API's message first, then the causes, its details, what to do, and the request. `name` is that
/// of the object, if there is one, `timeout` the attribute in `timeouts` that applies; `referred` are the attributes that may name what is not
/// there.
fn explained(
    client: &Client,
    error: &Error,
    name: &str,
    timeout: Option<&str>,
    referred: &[&str],
) -> String {
    let mut text = sentence(&error.reason());
    for cause in causes(error) {
        let _ = write!(text, "\nCause: {}", sentence(&cause.to_string()));
    }
    let details = error.details();
    if !details.is_empty() {
        let _ = write!(text, "\n\n{details}");
    }
    if let Some(advice) = advice(client, error, name, timeout, referred) {
        let _ = write!(text, "\n\n{advice}");
    }
    text.push('\n');
    for (label, fact) in error.facts() {
        let _ = write!(text, "\n{label}: {fact}");
    }
    text
}

/// The causes of an error that tell something: other failed requests, and the innermost cause.
fn causes(error: &Error) -> Vec<&(dyn std::error::Error + 'static)> {
    let mut causes: Vec<&(dyn std::error::Error + 'static)> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    let innermost = causes.pop();
    causes.retain(|cause| cause.is::<Error>());
    causes.extend(innermost);
    causes
}

fn advice(
    client: &Client,
    error: &Error,
    name: &str,
    timeout: Option<&str>,
    referred: &[&str],
) -> Option<String> {
    let (host, auth) = (client.host(), client.auth_type());
    let advice = if error.is_wrong_workspace() {
        "Check `host` or `profile` in the provider configuration. If the workspace has changed \
         on purpose, update `expected_workspace_id`. Nothing was changed."
            .to_owned()
    } else if let Some(advice) = error.advice() {
        advice
    } else if error.is_unauthenticated() {
        format!(
            "The workspace {host} rejected the credentials (method `{auth}`). Check that they \
             belong to this workspace and have not expired."
        )
    } else if error.is_permission_denied() {
        format!(
            "The workspace {host} authenticated the caller (method `{auth}`) but rejected the \
             request. {}",
            missing_permission(name, timeout == Some("create"))
        )
    } else if error.is_reference_not_found() && !referred.is_empty() {
        let names = referred.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        format!(
            "Check that the objects named by {names} exist, and that {host} is their workspace."
        )
    } else if error.is_not_found() {
        format!("Check the name, and that {host} is the workspace that contains the object.")
    } else if error.is_reference_not_found() {
        format!(
            "An object that this request references does not exist: its project, its branch, or an \
             object named by an attribute. Check these names, and that {host} is the workspace \
             that contains them."
        )
    } else if error.is_rate_limited() {
        "API rate limit exceeded. Set `requests_per_second` in the provider configuration, or use \
         a lower `-parallelism`."
            .to_owned()
    } else if error.is_timeout() {
        let raise = timeout.map(|timeout| {
            format!(" If it regularly takes longer, increase `timeouts.{timeout}`.")
        });
        format!(
            "The operation may still complete; the next plan shows the result.{}",
            raise.unwrap_or_default()
        )
    } else if error.is_interrupted() && error.operation().is_some() {
        "Lakebase continues with the operation. The next plan or apply waits for it and shows the \
         result."
            .to_owned()
    } else if error.is_unexpected_response() {
        format!(
            "The response did not come from the Lakebase API, but probably from a proxy or a login \
             page. Check that {host} is a workspace URL, and check the proxy settings \
             (`HTTPS_PROXY`)."
        )
    } else if error.is_unreachable() {
        format!(
            "Check that {host} is a workspace URL and reachable from this machine, and check the \
             proxy settings (`HTTPS_PROXY`)."
        )
    } else {
        return None;
    };
    Some(advice)
}

/// Which permission a refused request lacks, and who grants it.
fn missing_permission(name: &str, creates: bool) -> String {
    match PROJECT.find(name) {
        Some(project) if !(creates && project == name) => format!(
            "Reading `{project}` or connecting to it requires CAN_USE on the project; changing it or \
             anything in it requires CAN_MANAGE. Workspace admins and users who can manage the \
             project can grant these permissions, for example with the resource \
             `lakebase_project_permissions`."
        ),
        _ => "Managing a project requires the CAN_MANAGE permission on it. Workspace admins may \
              restrict who can create projects."
            .to_owned(),
    }
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
    let member = field.members().unwrap_or_default().iter().find(|member| match member.place {
        Place::Member(path) => path == rest,
        _ => false,
    });
    let root = Path::root(field.name);
    Some(member.map_or(root.clone(), |it| root.attribute(it.name)))
}

/// With a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{stop}", meaning::capitalized(text))
}
