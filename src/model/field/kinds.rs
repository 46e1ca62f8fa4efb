//! The kinds of attributes as Rust types, and the words that only some of them have.

use super::{AnyField, Check, Default, Field, Given, IdRule, Kind, Place};
use crate::model::address::Address;

/// The Rust side of each kind of attribute.
pub struct Bool;
/// A whole number.
pub struct Int;
/// A number.
pub struct Float;
/// Text.
pub struct Text;
/// A length of time.
pub struct Duration;
/// A point in time.
pub struct Timestamp;
/// A list of text.
pub struct Texts;
/// Text under keys.
pub struct TextMap;
/// Text under keys, a list of pairs in the API.
pub struct Tags;
/// An object of fields.
pub struct Nested;
/// A list of objects of fields.
pub struct NestedList;

impl Field<Bool> {
    /// The value where the configuration is silent.
    #[must_use]
    pub const fn default(mut self, value: bool) -> Self {
        self.any.default = Some(Default::Bool(value));
        self.any.given = Given::OrServer;
        self
    }

    /// The arm that a create call sends where the configuration chooses none.
    #[must_use]
    pub const fn unless_chosen(mut self) -> Self {
        self.any.unless_chosen = true;
        self
    }
}

impl Field<Float> {
    /// The limits that the service documents today, inclusive.
    #[must_use]
    pub const fn size_between(self, low: f64, high: f64) -> Self {
        self.check(Check::Size(low, high))
    }
}

impl Field<Int> {
    /// The limits that the service documents today, inclusive.
    #[must_use]
    pub const fn within(self, low: i32, high: i32) -> Self {
        self.check(Check::Between(low as f64, high as f64))
    }
}

impl Field<Duration> {
    /// The limits that the service documents today, inclusive.
    #[must_use]
    pub const fn lasting(self, low: &'static str, high: &'static str) -> Self {
        self.check(Check::Lasting(low, high))
    }

    /// The least length that the service documents today.
    #[must_use]
    pub const fn at_least(self, low: &'static str) -> Self {
        self.check(Check::AtLeast(low))
    }

    /// The value where the configuration is silent.
    #[must_use]
    pub const fn unless_given(mut self, value: &'static str) -> Self {
        self.any.default = Some(Default::Text(value));
        self.any.given = Given::OrServer;
        self
    }
}

impl Field<Text> {
    /// The texts that are legal.
    #[must_use]
    pub const fn one_of(self, values: &'static [&'static str]) -> Self {
        self.check(Check::OneOf(values))
    }

    /// A log sequence number of PostgreSQL.
    #[must_use]
    pub const fn lsn(self) -> Self {
        self.check(Check::Lsn)
    }

    /// The longest text that the service documents today, in characters. An empty one is refused.
    #[must_use]
    pub const fn at_most(self, characters: usize) -> Self {
        self.check(Check::AtMost(characters))
    }

    /// The name of a resource of that address.
    #[must_use]
    pub const fn named(self, address: &'static Address) -> Self {
        self.check(Check::Named(address))
    }

    /// The resource that it names is inside of the one that another attribute names.
    #[must_use]
    pub const fn inside_of(mut self, attribute: &'static str) -> Self {
        self.any.inside_of = Some(attribute);
        self
    }

    /// The error code of Lakebase where what it names does not exist.
    #[must_use]
    pub const fn absent_with(mut self, code: &'static str) -> Self {
        self.any.absence_code = code;
        self
    }

    /// A name in PostgreSQL: up to 63 bytes.
    #[must_use]
    pub const fn postgres_name(self) -> Self {
        self.check(Check::PostgresName)
    }

    /// An object is found by it where its ID is not known.
    #[must_use]
    pub const fn key(mut self) -> Self {
        self.any.is_key = true;
        self
    }

    /// Which IDs, or names of Unity Catalog, are accepted.
    #[must_use]
    pub const fn accepts(mut self, rule: IdRule) -> Self {
        self.any.id_rule = rule;
        self
    }

    /// Where the configuration gives no ID, a new object has the value of another attribute as its ID.
    #[must_use]
    pub const fn or_same_as(mut self, attribute: &'static str) -> Self {
        self.any.same_as = Some(attribute);
        self.or_generated()
    }

    /// Where the configuration gives no ID, Lakebase generates one.
    #[must_use]
    pub const fn or_generated(mut self) -> Self {
        assert!(matches!(self.any.place, Place::Id), "only an ID is generated");
        self.any.given = Given::OrServer;
        self
    }
}

impl Field<Texts> {
    /// The texts that the list may hold.
    #[must_use]
    pub const fn each_one_of(self, values: &'static [&'static str]) -> Self {
        self.check(Check::OneOf(values))
    }

    /// The list holds names of schemas, as the Data API accepts them; from one to that many, as the
    /// service documents today.
    #[must_use]
    pub const fn schema_names(self, most: Option<usize>) -> Self {
        self.check(Check::SchemaNames(most))
    }
}

impl Field<Nested> {
    /// What the object holds.
    #[must_use]
    pub const fn members(mut self, members: &'static [AnyField]) -> Self {
        self.any.kind = Kind::Object(members);
        self
    }

    /// Masked and sent as a unit.
    #[must_use]
    pub const fn whole(mut self) -> Self {
        self.any.whole = true;
        self
    }

    /// An update sends only those members that its mask names.
    #[must_use]
    pub const fn by_leaf(mut self) -> Self {
        self.any.by_leaf = true;
        self
    }
}

impl Field<NestedList> {
    /// The order of the elements has no meaning.
    #[must_use]
    pub const fn unordered(mut self) -> Self {
        self.any.is_unordered = true;
        self
    }

    /// What each object of the list holds.
    #[must_use]
    pub const fn each(mut self, members: &'static [AnyField]) -> Self {
        self.any.kind = Kind::Objects(members);
        self
    }
}
