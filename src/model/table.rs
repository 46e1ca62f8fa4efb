//! A resource: its table of fields, and the few things that a table cannot say.

use jiff::Timestamp;
use serde_json::Value as Json;
use tfplugin::{Diagnostics, Object, Value};

use super::field::{AnyField, Kind, Place};

/// A resource type. Every method is pure: only the lifecycle calls the API.
pub trait Resource: Sync {
    /// What the resource consists of.
    fn table(&self) -> &'static Table;

    /// Checks that no single attribute can make. Values may be unknown.
    fn validate(&self, _config: &Object, _settings: &Settings, _sink: &mut Diagnostics) {}

    /// What a table cannot say about a planned create or update.
    fn plan(&self, _change: &mut Change<'_>, _sink: &mut Diagnostics) {}

    /// What makes a create certain to be refused, beyond what a plan refuses.
    fn refuse_create(&self, _planned: &Object, _now: Timestamp, _sink: &mut Diagnostics) {}

    /// Whether the service makes the object along with its parent, so that a create finds it there.
    fn is_born_with_its_parent(&self, _planned: &Object) -> bool {
        false
    }

    /// Whether the object goes only with its parent: a delete leaves it in place, and it cannot be
    /// replaced by itself.
    fn goes_with_its_parent(&self, _state: &Object) -> bool {
        false
    }

    /// Brings what the service reports into the shape that the table reads.
    fn reported(&self, _reported: &mut Json, _prior: &Object) {}

    /// Completes a freshly read state with what the table cannot read.
    fn read(&self, _state: &mut Object, _prior: &Object, _settings: &Settings) {}
}

/// A planned create or update, on its way through the pipeline.
pub struct Change<'a> {
    /// The object as last read; `None`: a create.
    pub prior: Option<&'a Object>,
    /// The configuration.
    pub config: &'a Object,
    /// The object as it will be.
    pub planned: Object,
    /// What the provider block says.
    pub settings: &'a Settings,
    /// The time.
    pub now: Timestamp,
}

/// What the provider block says about plans.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The widest autoscaling range, in CU; `None` while it is unknown.
    pub max_autoscaling_range_cu: Option<f64>,
    /// Tags of every project: a map of text, of which single values, or the whole, may be unknown.
    pub custom_tags: Value,
    /// Whether a plan tells what a reader should notice about compute.
    pub review_warnings: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_autoscaling_range_cu: Some(DEFAULT_MAX_AUTOSCALING_RANGE_CU),
            custom_tags: Value::Map(Object::new()),
            review_warnings: true,
        }
    }
}

/// The widest autoscaling range that a plan accepts, in CU, where the provider block is silent.
pub const DEFAULT_MAX_AUTOSCALING_RANGE_CU: f64 = 8.0;

/// What a resource consists of.
pub struct Table {
    /// The type's name in a configuration, e.g. `lakebase_endpoint`.
    pub type_name: &'static str,
    /// The form of a full name, e.g. `projects/{project_id}/branches/{branch_id}`; empty for what
    /// has no name in the API.
    pub form: &'static str,
    /// The version of the schema; it grows when stored states need an upgrade.
    pub version: i64,
    /// The resource of the official provider whose state a `moved` block takes over; empty if none.
    pub counterpart: &'static str,
    /// What the resource is, in a sentence, and what to know before using it, in Markdown.
    pub doc: &'static str,
    /// How long to wait by default.
    pub timeouts: Timeouts,
    /// The attributes, in the order of the documentation.
    pub fields: &'static [AnyField],
    /// What changes by itself: attributes of the data source only, for in a resource they would be
    /// noise in every plan.
    pub readings: &'static [AnyField],
}

/// How long each kind of call may take, waiting included, where the configuration is silent.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Creating, e.g. `30m`.
    pub create: &'static str,
    /// Reading, waiting for a remembered operation included.
    pub read: &'static str,
    /// Updating.
    pub update: &'static str,
    /// Deleting.
    pub delete: &'static str,
}

impl Table {
    /// Proves at compile time that the table makes sense. The rule that is broken is the name of
    /// a function in the compiler's back trace; the message is the attribute.
    #[must_use]
    pub const fn checked(self) -> Table {
        check_fields(self.fields, false);
        check_fields(self.readings, false);
        if !self.form.is_empty() {
            has_one_id(self.fields);
        }
        has_a_sentence(self.type_name, self.doc);
        self
    }

    /// The noun, as messages write it, e.g. `endpoint`.
    pub fn noun(&self) -> &'static str {
        self.type_name.strip_prefix("lakebase_").unwrap_or(self.type_name)
    }

    /// The field of that name. Its absence is a mistake in the caller.
    pub fn field(&self, name: &str) -> Option<&'static AnyField> {
        self.fields.iter().find(|it| it.name == name)
    }

    /// The field that is the last segment of the name.
    pub fn id(&self) -> Option<&'static AnyField> {
        self.fields.iter().find(|it| it.place == Place::Id)
    }

    /// The field that names the parent.
    pub fn parent(&self) -> Option<&'static AnyField> {
        self.fields.iter().find(|it| it.place == Place::Parent)
    }

    /// The collection under the parent, e.g. `endpoints`.
    pub fn collection(&self) -> &'static str {
        self.form.rsplit('/').nth(1).unwrap_or_default()
    }

    /// The name of the object with that parent and id.
    pub fn name(&self, parent: Option<&str>, id: &str) -> String {
        let collection = self.collection();
        match parent {
            Some(parent) => format!("{parent}/{collection}/{id}"),
            None => format!("{collection}/{id}"),
        }
    }

    /// The parent and the id in a full name, if it has this table's form.
    pub fn split<'a>(&self, name: &'a str) -> Option<(Option<&'a str>, &'a str)> {
        if !has_form(name, self.form) {
            return None;
        }
        let (rest, id) = name.rsplit_once('/')?;
        Some((rest.rsplit_once('/').map(|(parent, _)| parent), id))
    }
}

/// Whether a name has the form: the same literal segments, and something at each placeholder.
pub fn has_form(name: &str, form: &str) -> bool {
    let (mut names, mut forms) = (name.split('/'), form.split('/'));
    loop {
        match (names.next(), forms.next()) {
            (None, None) => return true,
            (Some(name), Some(form)) if form.starts_with('{') => {
                if name.is_empty()
                    || name.chars().any(|it| it.is_whitespace() || "?#%".contains(it))
                {
                    return false;
                }
            }
            (Some(name), Some(form)) if name == form => {}
            _ => return false,
        }
    }
}

const fn check_fields(fields: &[AnyField], members: bool) {
    let mut at = 0;
    while at < fields.len() {
        let field = &fields[at];
        has_a_snake_case_name(field);
        has_a_sentence(field.name, field.doc);
        is_a_member_only_inside_an_object(field, members);
        reads_what_the_service_reports(field);
        has_a_default_only_if_optional(field);
        if let Kind::Object(inner) | Kind::Objects(inner) = field.kind {
            has_members(field, inner);
            check_fields(inner, true);
        }
        let mut other = at + 1;
        while other < fields.len() {
            has_a_name_of_its_own(field, &fields[other]);
            other += 1;
        }
        at += 1;
    }
}

const fn has_one_id(fields: &[AnyField]) {
    let (mut ids, mut at) = (0, 0);
    while at < fields.len() {
        if matches!(fields[at].place, Place::Id) {
            ids += 1;
        }
        at += 1;
    }
    assert!(ids == 1, "a table needs exactly one id field");
}

const fn has_a_snake_case_name(field: &AnyField) {
    let bytes = field.name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        assert!(matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b'_'), "{}", field.name);
        at += 1;
    }
    assert!(!bytes.is_empty(), "an attribute has no name");
}

const fn has_a_sentence(name: &str, doc: &str) {
    let bytes = doc.as_bytes();
    assert!(!bytes.is_empty() && bytes[bytes.len() - 1] == b'.', "{}", name);
}

const fn is_a_member_only_inside_an_object(field: &AnyField, members: bool) {
    assert!(matches!(field.place, Place::Member(_)) == members, "{}", field.name);
}

const fn reads_what_the_service_reports(field: &AnyField) {
    let reported = matches!(field.place, Place::Status(_) | Place::Root(_));
    assert!(!reported || field.is_server(), "{}", field.name);
}

const fn has_a_default_only_if_optional(field: &AnyField) {
    let given = field.is_server() || field.is_required();
    assert!(field.default.is_none() || !given, "{}", field.name);
}

const fn has_members(field: &AnyField, members: &[AnyField]) {
    assert!(!members.is_empty(), "{}", field.name);
}

const fn has_a_name_of_its_own(field: &AnyField, other: &AnyField) {
    let (left, right) = (field.name.as_bytes(), other.name.as_bytes());
    if left.len() != right.len() {
        return;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return;
        }
        at += 1;
    }
    panic!("{}", field.name);
}

impl AnyField {
    const fn is_server(&self) -> bool {
        matches!(self.given, super::field::Given::Server)
    }

    const fn is_required(&self) -> bool {
        matches!(self.given, super::field::Given::Required)
    }
}

#[cfg(test)]
mod tests {
    use super::has_form;

    #[test]
    fn a_name_has_a_form_segment_by_segment() {
        let form = "projects/{project_id}/branches/{branch_id}";
        assert!(has_form("projects/p/branches/b", form));
        for name in [
            "",
            "b",
            "projects/p",
            "projects//branches/b",
            "projects/p/branches/",
            "projects/p/branch/b",
            "projects/p/branches/b/",
            "/projects/p/branches/b",
            "projects/p/branches/b?x",
            "projects/p /branches/b",
        ] {
            assert!(!has_form(name, form), "{name}");
        }
    }
}
