//! One declaration per attribute: its place in the API, its type, and what a change means.
//!
//! A declaration is a `const` that reads as a sentence:
//! `Field::spec("autoscaling_limit_max_cu").doc("…").size_between(0.5, 112.0)`.
//! The type parameter makes code that uses the attribute typed; tables hold [`AnyField`]s.

mod kinds;
mod types;

use std::fmt;
use std::marker::PhantomData;

use super::address::Address;
pub use kinds::*;
pub use types::FieldType;

/// Where an attribute lives in the API. Every attribute has exactly one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The last segment of the resource's name; a query parameter of the create call.
    Id,
    /// The name of the parent resource.
    Parent,
    /// Written at `spec.<path>`, read back from `status.<path>`, else from `spec.<path>`.
    Spec(&'static str),
    /// Written at the top of the body, and read from there.
    Body(&'static str),
    /// Read from `status.<path>`, never written.
    Status(&'static str),
    /// Read from the top of the resource (`name`, `uid`, `create_time`).
    Root(&'static str),
    /// Written at the top of the body of the create call (`initial_endpoint_spec`), never read.
    Initial(&'static str),
    /// A query parameter of the create call.
    OnCreate,
    /// A query parameter of the delete call, under that name.
    OnDelete(&'static str),
    /// Never leaves the provider.
    Local,
    /// A member of an object, at `<path>` inside it; the enclosing field decides the rest.
    Member(&'static str),
}

/// What an attribute holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Text.
    Text,
    /// A length of time: `300s`, `5m`, `24h` or `7d`. Compares by meaning.
    Duration,
    /// A time in RFC 3339. Compares by meaning.
    Timestamp,
    /// A list of text; Lakebase may report an empty one by leaving it out.
    Texts,
    /// Text under keys; the service may report an empty map by leaving it out.
    TextMap,
    /// Text under keys, which the API writes as a list of `{key, value}`.
    Tags,
    /// An object of fields.
    Object(&'static [AnyField]),
    /// A list of objects of fields.
    Objects(&'static [AnyField]),
    /// A set of objects of fields, a list in the API.
    ObjectSet(&'static [AnyField]),
}

/// Who may give the value: the four legal combinations, and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The configuration must.
    Required,
    /// The configuration may; nobody else does.
    Optional,
    /// The configuration may, else the service or a default does.
    OrServer,
    /// The service does.
    Server,
}

/// What a single value must satisfy.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// A number within limits that the service documents today: outside is a warning.
    Between(f64, f64),
    /// A size above 0, within documented limits: outside is a finding that the resource tells.
    Size(f64, f64),
    /// A duration within limits that the service documents today: outside is a warning.
    Lasting(&'static str, &'static str),
    /// The same where there is no upper limit.
    AtLeast(&'static str),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// From one to that many characters, as the service documents today: more is a warning.
    AtMost(usize),
    /// A log sequence number of PostgreSQL, e.g. `16/B374D848`.
    Lsn,
    /// The name of a resource of that address.
    Named(&'static Address),
    /// A name in PostgreSQL: up to 63 bytes, none of them 0.
    PostgresName,
    /// The name of a schema, as the Data API accepts it; of a list, from one to that many of them.
    SchemaNames(Option<usize>),
}

/// Which IDs are accepted. An ID is a segment of a name, whatever the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdRule {
    /// Lowercase letters, digits and hyphens, beginning with a letter.
    Label,
    /// The same for an object that is created. What exists may have any ID.
    LabelIfCreated,
    /// A name of Unity Catalog in so many parts, with dots between them.
    UnityCatalog(usize),
    /// Lowercase letters, digits and underscores, beginning with a letter.
    Words,
}

/// The value an attribute has where the configuration is silent.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// A truth value.
    Bool(bool),
    /// Text.
    Text(&'static str),
}

/// A typed handle to an attribute.
pub struct Field<T> {
    any: AnyField,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Field<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Field<T> {}

/// A field without its Rust type, as tables hold it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of a declaration")]
pub struct AnyField {
    /// The attribute's name.
    pub name: &'static str,
    /// What it means: one or more sentences in Markdown.
    pub doc: &'static str,
    /// What matters only to those who set it: a data source does not show it.
    pub note: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Who gives it.
    pub given: Given,
    /// Where it lives.
    pub place: Place,
    /// What one value must satisfy.
    pub check: Option<Check>,
    /// What it is where the configuration is silent.
    pub default: Option<Default>,
    /// A change needs a new resource.
    pub replaces: bool,
    /// Sent with the create call and never again.
    pub create_only: bool,
    /// Masked and sent as a unit, although it has members.
    pub whole: bool,
    /// Terraform does not print it.
    pub sensitive: bool,
    /// The `oneof` it is an arm of: of these fields, at most one is set.
    pub choice: Option<&'static str>,
    /// It is the arm a create call sends where the configuration chooses none.
    pub unless_chosen: bool,
    /// It is an arm of a choice of which the configuration must set one.
    pub one_is_required: bool,
    /// The elements of the list have no order.
    pub is_unordered: bool,
    /// The fields that cannot be configured beside it, although a state may have them all.
    pub conflicts_with: &'static [&'static str],
    /// Given by the service, it changes only when one of these attributes does.
    pub changes_with: &'static [&'static str],
    /// The attribute that names what holds the resource that this one names.
    pub inside_of: Option<&'static str>,
    /// The attribute whose value a new object has here, where the configuration gives none.
    pub same_as: Option<&'static str>,
    /// Which IDs are accepted, if it is one.
    pub id_rule: IdRule,
    /// An object is found by it where its ID is not known.
    pub is_key: bool,
    /// Where Lakebase leaves it out, it is not set.
    pub is_null_if_absent: bool,
    /// Lakebase never reports it.
    pub is_never_reported: bool,
    /// A create needs it, although an object that exists has it without saying so.
    pub is_required_to_create: bool,
    /// The error code of Lakebase where what it names does not exist; empty: none is known.
    pub absence_code: &'static str,
    /// Every update replaces it, masked or not, so that its body always carries it.
    pub in_every_update: bool,
    /// An update sends only those of its members that the mask names.
    pub by_leaf: bool,
}

impl<T: FieldType> Field<T> {
    const fn new(name: &'static str, given: Given, place: Place) -> Self {
        let any = AnyField {
            name,
            doc: "",
            note: "",
            kind: T::KIND,
            given,
            place,
            check: None,
            default: None,
            replaces: false,
            create_only: false,
            whole: false,
            sensitive: false,
            choice: None,
            unless_chosen: false,
            one_is_required: false,
            is_unordered: false,
            conflicts_with: &[],
            changes_with: &[],
            inside_of: None,
            same_as: None,
            id_rule: IdRule::Label,
            is_key: false,
            is_null_if_absent: false,
            is_never_reported: false,
            is_required_to_create: false,
            absence_code: "",
            in_every_update: false,
            by_leaf: false,
        };
        Field { any, of: PhantomData }
    }

    /// The last segment of the resource's name. A change replaces.
    pub const fn id(name: &'static str) -> Self {
        Self::new(name, Given::Required, Place::Id).replaces()
    }

    /// The name of the parent resource, of that address. A change replaces.
    pub const fn parent(name: &'static str, address: &'static Address) -> Self {
        Self::new(name, Given::Required, Place::Parent).replaces().check(Check::Named(address))
    }

    /// A setting: written under `spec`, read back from `status`.
    pub const fn spec(name: &'static str) -> Self {
        Self::new(name, Given::OrServer, Place::Spec(name))
    }

    /// A setting that stands at the top of the body.
    pub const fn body(name: &'static str) -> Self {
        Self::new(name, Given::OrServer, Place::Body(name))
    }

    /// Something the service reports under `status`.
    pub const fn status(name: &'static str) -> Self {
        Self::new(name, Given::Server, Place::Status(name))
    }

    /// Something the service reports at the top of the resource.
    pub const fn root(name: &'static str) -> Self {
        Self::new(name, Given::Server, Place::Root(name))
    }

    /// A setting of what is created along with the resource; it has no meaning later.
    pub const fn initial(name: &'static str) -> Self {
        Self::new(name, Given::OrServer, Place::Initial(name))
    }

    /// A query parameter of the create call.
    pub const fn on_create(name: &'static str) -> Self {
        Self::new(name, Given::OrServer, Place::OnCreate)
    }

    /// A query parameter of the delete call.
    pub const fn on_delete(name: &'static str, parameter: &'static str) -> Self {
        Self::new(name, Given::OrServer, Place::OnDelete(parameter))
    }

    /// Something between the user and the provider.
    pub const fn local(name: &'static str) -> Self {
        Self::new(name, Given::Optional, Place::Local)
    }

    /// A result that the provider makes up or looks up; not a plain reading of the API.
    pub const fn computed(name: &'static str) -> Self {
        Self::new(name, Given::Server, Place::Local)
    }

    /// A member of an object.
    pub const fn member(name: &'static str) -> Self {
        Self::new(name, Given::OrServer, Place::Member(name))
    }

    /// The path in the API, where it is not the attribute's name.
    #[must_use]
    pub const fn at(mut self, path: &'static str) -> Self {
        self.any.place = match self.any.place {
            Place::Spec(_) => Place::Spec(path),
            Place::Body(_) => Place::Body(path),
            Place::Status(_) => Place::Status(path),
            Place::Root(_) => Place::Root(path),
            Place::Initial(_) => Place::Initial(path),
            Place::Member(_) => Place::Member(path),
            _ => panic!("only what the API holds has a path in it"),
        };
        self
    }

    /// What the attribute means.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.any.doc = doc;
        self
    }

    /// What matters only to those who set it: follows `doc`, but not on a data source's page.
    #[must_use]
    pub const fn note(mut self, note: &'static str) -> Self {
        self.any.note = note;
        self
    }

    /// The configuration must give it.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.any.given = Given::Required;
        self
    }

    /// The configuration may give it; nobody else does.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.any.given = Given::Optional;
        self
    }

    /// Where Lakebase leaves it out, it is not set: a value that the state has is drift.
    #[must_use]
    pub const fn null_if_absent(mut self) -> Self {
        self.any.is_null_if_absent = true;
        self
    }

    /// It is written, and Lakebase never reports it: a state keeps what it has.
    #[must_use]
    pub const fn never_reported(mut self) -> Self {
        self.any.is_never_reported = true;
        self
    }

    /// A create needs it. The configuration of an imported object may leave it out, because
    /// Lakebase does not report it.
    #[must_use]
    pub const fn required_to_create(mut self) -> Self {
        self.any.is_required_to_create = true;
        self
    }

    /// Every update replaces it, masked or not: the body of each carries it.
    #[must_use]
    pub const fn in_every_update(mut self) -> Self {
        self.any.in_every_update = true;
        self
    }

    /// The configuration may give it, else the provider does.
    #[must_use]
    pub const fn or_provider(mut self) -> Self {
        self.any.given = Given::OrServer;
        self
    }

    /// The configuration may not give it, although it is written to the API.
    #[must_use]
    pub const fn by_provider(mut self) -> Self {
        self.any.given = Given::Server;
        self
    }

    /// A change needs a new resource.
    #[must_use]
    pub const fn replaces(mut self) -> Self {
        self.any.replaces = true;
        self
    }

    /// Sent with the create call and never again.
    #[must_use]
    pub const fn create_only(mut self) -> Self {
        self.any.create_only = true;
        self
    }

    /// Terraform does not print it.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.any.sensitive = true;
        self
    }

    /// The `oneof` it is an arm of.
    #[must_use]
    pub const fn choice(mut self, choice: &'static str) -> Self {
        assert!(
            matches!(self.any.place, Place::Spec(_) | Place::Body(_) | Place::Member(_)),
            "only a setting is an arm of a choice"
        );
        self.any.choice = Some(choice);
        self
    }

    /// The configuration must set one of the arms of its choice.
    #[must_use]
    pub const fn one_is_required(mut self) -> Self {
        assert!(self.any.choice.is_some(), "only an arm of a choice is chosen");
        self.any.one_is_required = true;
        self
    }

    /// The fields that cannot be configured beside it.
    #[must_use]
    pub const fn conflicts_with(mut self, attributes: &'static [&'static str]) -> Self {
        self.any.conflicts_with = attributes;
        self
    }

    /// It changes only when one of these attributes does.
    #[must_use]
    pub const fn changes_with(mut self, attributes: &'static [&'static str]) -> Self {
        self.any.changes_with = attributes;
        self
    }

    /// The attribute's name.
    pub const fn name(&self) -> &'static str {
        self.any.name
    }

    /// The field as tables hold it.
    pub const fn any(&self) -> AnyField {
        self.any
    }

    const fn check(mut self, check: Check) -> Self {
        self.any.check = Some(check);
        self
    }
}

/// The name in backquotes, as messages write it.
impl<T> fmt::Display for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.any.name)
    }
}

impl<T> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.any, f)
    }
}

impl AnyField {
    /// The members, if the field is an object, or a list or a set of objects.
    pub fn members(&self) -> Option<&'static [AnyField]> {
        match self.kind {
            Kind::Object(members) | Kind::Objects(members) | Kind::ObjectSet(members) => {
                Some(members)
            }
            _ => None,
        }
    }

    /// Whether the service alone gives the value.
    pub fn is_output(&self) -> bool {
        self.given == Given::Server
    }

    /// The other arms of the choice this field is an arm of.
    pub fn siblings(
        self,
        fields: &'static [AnyField],
    ) -> impl Iterator<Item = &'static AnyField> + Clone {
        let is_arm = self.choice.is_some();
        fields
            .iter()
            .filter(move |field| is_arm && field.choice == self.choice && field.name != self.name)
    }
}
