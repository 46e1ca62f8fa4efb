//! The words of which resources are declared, and what cannot be said with them.
//!
//! A declaration that makes no sense does not compile. What follows is each rule with a declaration
//! that breaks it; `cargo test --doc` sees to it that none of them compiles. This one does:
//!
//! ```
//! use lakebase::declarations::*;
//!
//! const FLAG: AnyField = Field::<Bool>::spec("flag").doc("A flag.").any();
//! const THING: Table = sample(&[ID, PURGE, FLAG], Life::OBJECT).checked();
//! const HELD: Table = Table {
//!     address: Address::member(&HOLDER, "things", "thing_id"),
//!     ..sample(&[ID, HELD_BY, PURGE, FLAG], Life::OBJECT)
//! }
//! .checked();
//! const SETTING: Table =
//!     Table { address: Address::setting(&HOLDER), ..sample(&[HELD_BY, FLAG], Life::SETTING) }.checked();
//! const GENERATED: Table = sample(
//!     &[
//!         Field::<Text>::id("thing_id").doc("The ID.").or_generated().any(),
//!         Field::<Text>::spec("label").doc("A label.").required().key().any(),
//!         Field::<Bool>::spec("quiet").doc("A flag.").create_only().never_reported().any(),
//!         PURGE,
//!     ],
//!     Life::OBJECT,
//! )
//! .checked();
//! const CLEARED: Table = sample(
//!     &[ID, Field::<Texts>::spec("texts").doc("A list.").any()],
//!     Life { delete: Delete::Clear, ..Life::OBJECT },
//! )
//! .checked();
//! assert_eq!(CLEARED.version(), 0);
//! assert_eq!(THING.version() + HELD.version() + SETTING.version() + GENERATED.version(), 0);
//! ```
//!
//! An attribute has a name in snake case.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Bool>::spec("Flag").doc("A flag.").any()], Life::OBJECT).checked();
//! ```
//!
//! An attribute has a description, which ends in a full stop.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Bool>::spec("flag").doc("A flag").any()], Life::OBJECT).checked();
//! ```
//!
//! Two attributes have two names.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::spec("thing_id").doc("Another.").any()], Life::OBJECT).checked();
//! ```
//!
//! What Lakebase reports, nobody configures.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::status("state").doc("A state.").required().any()], Life::OBJECT).checked();
//! ```
//!
//! What the configuration must give has no default.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Bool>::spec("flag").doc("A flag.").default(true).required().any()], Life::OBJECT).checked();
//! ```
//!
//! A member is inside an object.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Bool>::member("flag").doc("A flag.").any()], Life::OBJECT).checked();
//! ```
//!
//! An object has members.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Nested>::spec("object").doc("An object.").members(&[]).any()], Life::OBJECT).checked();
//! ```
//!
//! A result changes with attributes that exist.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::status("host").doc("A host.").changes_with(&["siez"]).any()], Life::OBJECT).checked();
//! ```
//!
//! An attribute conflicts with attributes that exist.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::spec("a").doc("A text.").conflicts_with(&["b"]).any()], Life::OBJECT).checked();
//! ```
//!
//! What is inside of another resource names a resource, and an attribute beside it.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::spec("role").doc("A role.").named(&HOLDER).inside_of("branhc").any()], Life::OBJECT).checked();
//! ```
//!
//! What is never reported is sent by a create only, or replaces.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Bool>::spec("flag").doc("A flag.").never_reported().any()], Life::OBJECT).checked();
//! ```
//!
//! What Lakebase reports is required always or never.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::spec("a").doc("A text.").replaces().required_to_create().any()], Life::OBJECT).checked();
//! ```
//!
//! Only an ID has a rule for IDs. Names of Unity Catalog have their form anywhere.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::spec("a").doc("A text.").accepts(IdRule::Words).any()], Life::OBJECT).checked();
//! ```
//!
//! Only an ID is generated.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[Field::<Text>::id("thing_id").doc("The ID.").or_same_as("lable").any(), PURGE], Life::OBJECT).checked();
//! ```
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::spec("a").doc("A text.").or_generated().any()], Life::OBJECT).checked();
//! ```
//!
//! A range is that of a number.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Bool>::spec("flag").doc("A flag.").within(1, 2).any()], Life::OBJECT).checked();
//! ```
//!
//! A key is required.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::spec("a").doc("A text.").key().any()], Life::OBJECT).checked();
//! ```
//!
//! An object whose ID is generated has a key.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[Field::<Text>::id("thing_id").doc("The ID.").or_generated().any(), PURGE], Life::OBJECT).checked();
//! ```
//!
//! A table has one ID.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::id("other_id").doc("Another ID.").any()], Life::OBJECT).checked();
//! ```
//!
//! What has no parent has no field for one.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::parent("holder", &HOLDER).doc("What holds it.").any()], Life::OBJECT).checked();
//! ```
//!
//! Only an arm of a choice is a setting.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Text>::status("a").doc("A text.").choice("c").any()], Life::OBJECT).checked();
//! ```
//!
//! What is deleted softly has a parameter that deletes it permanently.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID], Life::OBJECT).checked();
//! ```
//!
//! What cannot be deleted softly has no such parameter.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE], Life { delete: Delete::Plain, ..Life::OBJECT }).checked();
//! ```
//!
//! A delete that clears settings clears some.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, Field::<Bool>::spec("flag").doc("A flag.").any()], Life { delete: Delete::Clear, ..Life::OBJECT }).checked();
//! ```
//!
//! Only an arm of a choice is required as one of several.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: AnyField = Field::<Bool>::spec("flag").doc("A flag.").one_is_required().any();
//! ```
//!
//! Where nothing is updated, every change replaces.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(&[ID, PURGE, Field::<Bool>::spec("flag").doc("A flag.").any()], Life { update: Update::Never, ..Life::OBJECT }).checked();
//! ```
//!
//! A setting lives with its parent, has no ID, and is in no list.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = Table { address: Address::setting(&HOLDER), ..sample(&[HELD_BY, PURGE], Life::OBJECT) }.checked();
//! ```
//!
//! What is in no collection is in no list.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = Table { address: Address::singleton(&HOLDER, "thing"), ..sample(&[HELD_BY, PURGE], Life::OBJECT) }.checked();
//! ```
//!
//! A parent is the one that the address names.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = Table { address: Address::member(&OTHER, "things", "thing_id"), ..sample(&[ID, HELD_BY, PURGE], Life::OBJECT) }.checked();
//! ```
//!
//! Turns are taken by an attribute that exists.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table =
//!     sample(&[ID, PURGE], Life { turns: Turns::InsideOf("branhc", &HOLDER), ..Life::OBJECT }).checked();
//! ```
//!
//! What objects share is an attribute that exists.
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = sample(
//!     &[ID, PURGE],
//!     Life { turns: Turns::InsideOfSharing("thing_id", &HOLDER, &["pipeline"]), ..Life::OBJECT },
//! )
//! .checked();
//! ```
//!
//! Forgetting to say whether a resource has compute:
//!
//! ```compile_fail
//! # use lakebase::declarations::*;
//! const _: Table = Table {
//!     type_name: "lakebase_thing",
//!     noun: "thing",
//!     address: Address::top_level("things", "thing_id"),
//!     life: Life::OBJECT,
//!     holds: &[],
//!     upgrades: &[],
//!     counterpart: "",
//!     doc: "A thing.",
//!     timeouts: Timeouts { create: "1m", read: "1m", update: "1m", delete: "1m" },
//!     fields: &[ID, PURGE],
//!     readings: &[],
//! };
//! ```

pub use crate::model::address::Address;
pub use crate::model::field::{
    AnyField, Bool, Check, Duration, Field, Float, IdRule, Int, Kind, Nested, NestedList, Place,
    Tags, Text, TextMap, Texts, Timestamp,
};
pub use crate::model::life::{Create, Delete, HasCompute, Life, Turns, Update};
pub use crate::model::table::{Table, Timeouts};

/// What holds the things of the cases above.
pub const HOLDER: Address = Address::top_level("holders", "holder_id");
/// Something else that could hold them.
pub const OTHER: Address = Address::top_level("others", "other_id");
/// The ID of a thing.
pub const ID: AnyField = Field::<Text>::id("thing_id").doc("The ID.").any();
/// What holds a thing.
pub const HELD_BY: AnyField =
    Field::<Text>::parent("holder", &HOLDER).doc("What holds the thing.").any();
/// Whether a delete of a thing is permanent.
pub const PURGE: AnyField = Field::<Bool>::on_delete("purge_on_delete", "purge")
    .doc("Whether a delete is permanent.")
    .any();

/// A table with these fields and that life, of a thing of the workspace.
pub const fn sample(fields: &'static [AnyField], life: Life) -> Table {
    Table {
        type_name: "lakebase_thing",
        noun: "thing",
        address: Address::top_level("things", "thing_id"),
        life,
        compute: HasCompute::No,
        holds: &[],
        upgrades: &[],
        counterpart: "",
        doc: "A thing.",
        timeouts: Timeouts { create: "1m", read: "1m", update: "1m", delete: "1m" },
        fields,
        readings: &[],
    }
}
