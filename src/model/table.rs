//! A resource: its table of fields, and the few things that a table cannot say.

use jiff::Timestamp;
use serde_json::Value as Json;
use tfplugin::{Diagnostics, Object, Value};

use super::address::{Address, Scope};
use super::field::{AnyField, Kind, Place};
use super::life::{Delete, HasCompute, Life, Turns};

/// Makes a stored state of one version into a state of the next.
pub type Upgrade = fn(Json) -> Json;

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
    fn is_created_with_parent(&self, _planned: &Object) -> bool {
        false
    }

    /// Whether the object goes only with its parent: a delete leaves it in place, and it cannot be
    /// replaced by itself.
    fn is_deleted_only_with_parent(&self, _state: &Object) -> bool {
        false
    }

    /// What a delete of the object loses besides data, or leaves in place, in sentences; empty, if
    /// there is nothing to say.
    fn loss(&self, _state: &Object) -> &'static str {
        ""
    }

    /// Whether a delete of the object may lose data.
    fn loses_data(&self, _state: &Object) -> bool {
        self.table().life.delete.loses_data()
    }

    /// What keeps a reported object from being settled as it is wanted, although its operation is
    /// done: the state that it is in. Nothing, if it has settled.
    fn unsettled(&self, _reported: &Json, _wanted: &Object) -> Option<String> {
        None
    }

    /// Why a reported object will not settle: an error code and a message, as an operation that
    /// fails has them.
    fn failure(&self, _reported: &Json) -> Option<[String; 2]> {
        None
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
    /// What messages call one, e.g. `endpoint`.
    pub noun: &'static str,
    /// Where it stands in the API, and with it the form of its names.
    pub address: Address,
    /// The calls that create, change and remove it.
    pub life: Life,
    /// What it has to do with compute.
    pub compute: HasCompute,
    /// What goes along with it when it is deleted, and is worth naming.
    pub holds: &'static [&'static Address],
    /// How states of older versions of the schema become states of the next version: one for each
    /// older version. Their number is the version of the schema.
    pub upgrades: &'static [Upgrade],
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
    /// The version of the schema: it grows with each upgrade of stored states.
    pub fn version(&self) -> i64 {
        i64::try_from(self.upgrades.len()).unwrap_or(i64::MAX)
    }

    /// The field of that name, if the resource has it.
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

    /// What holds an object, in a word: `project` or `branch`; `workspace`, if nothing else does.
    pub fn parent_noun(&self) -> &'static str {
        self.address.parent().map_or("workspace", Address::noun)
    }

    /// What messages call several, e.g. `endpoints` or `CDF configs`.
    pub fn plural_noun(&self) -> String {
        let ending = self.address.plural().get(self.noun.len()..).unwrap_or("s");
        format!("{}{ending}", self.noun)
    }

    /// The field by which an object is found whose ID is not known.
    pub fn key(&self) -> Option<&'static AnyField> {
        self.fields.iter().find(|it| it.is_key)
    }

    /// Whether a create with this plan takes an object that exists.
    pub fn adopts(&self, planned: &Object) -> bool {
        let mut parameters = self.fields.iter().filter(|it| it.place == Place::OnCreate);
        parameters.any(|it| planned.get(it.name) == Some(&Value::Bool(true)))
    }

    /// The name of the parent of an object, as far as it is known.
    pub fn parent_of<'a>(&self, object: &'a Object) -> Option<&'a str> {
        object.get(self.parent()?.name)?.as_str()
    }

    /// The name of an object, from its state or its parts, as far as it is known.
    pub fn name_of(&self, object: &Object) -> Option<String> {
        match object.get("name").and_then(Value::as_str) {
            Some(name) => Some(name.to_owned()),
            None => self.planned_name(object),
        }
    }

    /// The name of an object from its parts, as far as they are known.
    pub fn planned_name(&self, object: &Object) -> Option<String> {
        let value = |field: &AnyField| {
            let id = object.get(field.name).filter(|it| !it.is_null());
            id.or_else(|| object.get(field.same_as?))?.as_str()
        };
        self.address.join(self.parent_of(object), self.id().and_then(value))
    }

    /// Whose turn a change of an object waits for.
    pub fn scope(&self, object: &Object) -> Option<Scope> {
        let text = |field: &str| object.get(field).and_then(Value::as_str);
        let (inside_of, shared) = match self.life.turns {
            Turns::ByAddress => (None, &[][..]),
            Turns::InsideOf(field, address) => (Some((field, address)), &[][..]),
            Turns::InsideOfSharing(field, address, shared) => (Some((field, address)), shared),
        };
        // An imported object may not say what it is in.
        let outer = inside_of.and_then(|(field, address)| address.scope_of(text(field)?));
        let scope = outer.or_else(|| {
            let name = self.name_of(object);
            let name = name.as_deref();
            let parts = name.and_then(|name| self.address.split(name));
            let parent = self.parent_of(object).or(parts.and_then(|it| it.parent));
            self.address.scope(parent, name)
        });
        let shared = shared.iter().find_map(|field| text(field)).map(str::to_owned);
        scope.map(|scope| Scope { shared, ..scope })
    }

    /// The setting that consents to losing more with a delete than it loses by itself, and its query
    /// parameter.
    pub fn consent(&self) -> Option<(&'static AnyField, &'static str)> {
        let parameter = |field: &'static AnyField| match (field.place, field.kind) {
            (Place::OnDelete(parameter), Kind::Bool) => Some((field, parameter)),
            _ => None,
        };
        self.fields.iter().find_map(parameter)
    }

    /// Whether an object says that it consents.
    pub fn consents(&self, object: &Object) -> bool {
        self.consent().is_some_and(|(it, _)| object.get(it.name) == Some(&Value::Bool(true)))
    }

    /// The query parameter of a permanent delete, where Lakebase keeps what is deleted for a while.
    pub fn purge_parameter(&self) -> Option<&'static str> {
        self.consent().filter(|_| self.life.delete == Delete::Soft).map(|(_, parameter)| parameter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declarations::{ID, PURGE, sample};
    use crate::model::field::{Field, Text};

    const PROJECT: &Address = &Address::top_level("projects", "project_id");
    const BRANCH: &Address = &Address::member(PROJECT, "branches", "branch_id");

    #[test]
    fn lock_scope_follows_a_reference_field_if_the_address_has_none() {
        static FIELDS: &[AnyField] =
            &[ID, PURGE, Field::<Text>::spec("branch").doc("Its branch.").named(BRANCH).any()];
        let turns = Turns::InsideOf("branch", BRANCH);
        let catalog = sample(FIELDS, Life { turns, ..Life::OBJECT }).checked();
        let object = [("thing_id", "t"), ("branch", "projects/p/branches/b")];
        let object: Object = object.map(|(name, it)| (name.to_owned(), it.into())).into();
        let scope = catalog.scope(&object).expect("a branch");
        assert_eq!(
            (scope.own.as_str(), scope.wider.as_deref()),
            ("projects/p/branches/b", Some("projects/p"))
        );
        let by_address = sample(FIELDS, Life::OBJECT).checked();
        assert_eq!(by_address.scope(&object).map(|it| it.own).as_deref(), Some("things/t"));
    }
}
