//! Proves at compile time that a table makes sense.
//!
//! Every function is a rule, named so that the compiler's back trace says which one is broken; the
//! message is the attribute. `lakebase::declarations` shows for each rule what does not compile.
//! Start reading at [`Table::checked`].

use super::address::Address;
use super::field::{AnyField, Check, Given, IdRule, Kind, Place};
use super::life::{Create, Delete, Turns, Update};
use super::table::Table;

impl Table {
    /// Proves at compile time that the table makes sense. The rule that is broken is the name of
    /// a function in the compiler's back trace; the message is the attribute.
    #[must_use]
    pub const fn checked(self) -> Table {
        check(&self);
        self
    }
}

const fn check(table: &Table) {
    fields(table.fields, false);
    fields(table.readings, false);
    has_a_sentence(table.type_name, table.doc);
    has_the_id_that_its_address_has(table);
    has_the_parent_that_its_address_has(table);
    lives_as_its_address_permits(table);
    deletes_permanently_only_on_request(table);
    clears_what_it_has(table);
    replaces_what_no_update_changes(table);
    is_found_if_its_id_is_generated(table);
    takes_turns_by_an_attribute_that_it_has(table);
}

const fn fields(all: &[AnyField], members: bool) {
    let mut at = 0;
    while at < all.len() {
        let field = &all[at];
        has_a_snake_case_name(field);
        has_a_sentence(field.name, field.doc);
        is_a_member_only_inside_an_object(field, members);
        reads_what_lakebase_reports(field);
        has_a_default_only_if_optional(field);
        refers_to_attributes_beside_it(field, all);
        hides_only_what_is_sent(field);
        accepts_ids_only_of_an_id(field);
        if let Kind::Object(inner) | Kind::Objects(inner) = field.kind {
            has_members(field, inner);
            fields(inner, true);
        }
        let mut other = at + 1;
        while other < all.len() {
            assert!(!is_same(field.name, all[other].name), "{}", field.name);
            other += 1;
        }
        at += 1;
    }
}

const fn has_the_id_that_its_address_has(table: &Table) {
    let ids = count(table.fields, true);
    assert!(ids == table.address.has_id() as usize, "{}", table.type_name);
}

const fn has_the_parent_that_its_address_has(table: &Table) {
    let mut at = 0;
    while at < table.fields.len() {
        let field = &table.fields[at];
        if let (Place::Parent, Some(Check::Named(address))) = (field.place, field.check) {
            let is_its_own = match table.address.parent() {
                Some(parent) => is_same_address(parent, address),
                None => false,
            };
            assert!(is_its_own, "{}", field.name);
        }
        at += 1;
    }
    let parents = count(table.fields, false);
    assert!(parents == table.address.parent().is_some() as usize, "{}", table.type_name);
}

const fn lives_as_its_address_permits(table: &Table) {
    let life = &table.life;
    let is_member = matches!(table.address, Address::Member { .. });
    assert!(is_member || !life.listed, "{}", table.type_name);
    let is_setting = matches!(table.address, Address::Setting { .. });
    let lives_with_parent = matches!(life.create, Create::Patch)
        && matches!(life.delete, Delete::Forget | Delete::Clear);
    assert!(!is_setting || lives_with_parent, "{}", table.type_name);
}

const fn deletes_permanently_only_on_request(table: &Table) {
    let (mut at, mut found) = (0, false);
    while at < table.fields.len() {
        if let Place::OnDelete(parameter) = table.fields[at].place {
            found = found || is_same(parameter, "purge");
        }
        at += 1;
    }
    assert!(found == matches!(table.life.delete, Delete::Soft), "{}", table.type_name);
}

/// A delete that clears nothing would leave the object as it is.
const fn clears_what_it_has(table: &Table) {
    let (mut at, mut found) = (0, false);
    while at < table.fields.len() {
        let field = &table.fields[at];
        let is_setting = matches!(field.place, Place::Spec(_) | Place::Body(_));
        let can_be_empty =
            matches!(field.kind, Kind::Texts | Kind::Objects(_) | Kind::TextMap | Kind::Tags);
        found = found || is_setting && can_be_empty && !field.is_server();
        at += 1;
    }
    assert!(found || !matches!(table.life.delete, Delete::Clear), "{}", table.type_name);
}

const fn replaces_what_no_update_changes(table: &Table) {
    let mut at = 0;
    while at < table.fields.len() {
        let field = &table.fields[at];
        let is_setting = matches!(field.place, Place::Spec(_) | Place::Body(_));
        // A word about the create alone is over.
        let is_over = field.create_only && field.is_never_reported;
        let changes = is_setting && !field.replaces && !field.is_server() && !is_over;
        assert!(matches!(table.life.update, Update::Patch) || !changes, "{}", field.name);
        at += 1;
    }
}

const fn is_found_if_its_id_is_generated(table: &Table) {
    let (mut at, mut keys, mut generated) = (0, 0, false);
    while at < table.fields.len() {
        let field = &table.fields[at];
        keys += field.is_key as usize;
        assert!(!field.is_key || field.is_required(), "{}", field.name);
        let is_given = field.is_required() || field.same_as.is_some();
        generated = generated || matches!(field.place, Place::Id) && !is_given;
        at += 1;
    }
    assert!(keys <= 1 && (!generated || keys == 1), "{}", table.type_name);
    assert!(!generated || table.life.listed, "{}", table.type_name);
}

const fn takes_turns_by_an_attribute_that_it_has(table: &Table) {
    match table.life.turns {
        Turns::ByAddress => {}
        Turns::InsideOf(name, _) => are_among(&[name], table.fields, table.type_name),
        Turns::InsideOfSharing(name, _, shared) => {
            are_among(&[name], table.fields, table.type_name);
            are_among(shared, table.fields, table.type_name);
        }
    }
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

const fn reads_what_lakebase_reports(field: &AnyField) {
    let reported = matches!(field.place, Place::Status(_) | Place::Root(_));
    assert!(!reported || field.is_server(), "{}", field.name);
}

const fn has_a_default_only_if_optional(field: &AnyField) {
    let may_have = matches!(field.given, Given::OrServer);
    assert!(field.default.is_none() || may_have, "{}", field.name);
}

/// A misspelled name would be a rule that never applies.
const fn refers_to_attributes_beside_it(field: &AnyField, beside: &[AnyField]) {
    are_among(field.changes_with, beside, field.name);
    are_among(field.conflicts_with, beside, field.name);
    if let Some(other) = field.same_as {
        are_among(&[other], beside, field.name);
    }
    if let Some(other) = field.inside_of {
        are_among(&[other], beside, field.name);
        assert!(matches!(field.check, Some(Check::Named(_))), "{}", field.name);
    }
}

const fn hides_only_what_is_sent(field: &AnyField) {
    let is_sent = matches!(field.place, Place::Spec(_) | Place::Body(_));
    assert!(is_sent || !field.is_never_reported, "{}", field.name);
    let is_over = field.create_only || field.replaces;
    assert!(!field.is_never_reported || is_over, "{}", field.name);
    // What Lakebase reports, an import has, and the configuration can require it.
    assert!(!field.is_required_to_create || field.is_never_reported, "{}", field.name);
    assert!(!field.is_null_if_absent || !field.is_never_reported, "{}", field.name);
}

const fn accepts_ids_only_of_an_id(field: &AnyField) {
    let is_id = matches!(field.place, Place::Id);
    let is_legal = is_id || matches!(field.id_rule, IdRule::Label | IdRule::UnityCatalog(_));
    assert!(is_legal, "{}", field.name);
}

const fn has_members(field: &AnyField, members: &[AnyField]) {
    assert!(!members.is_empty(), "{}", field.name);
}

const fn are_among(names: &[&str], fields: &[AnyField], message: &str) {
    let mut at = 0;
    while at < names.len() {
        let (mut other, mut found) = (0, false);
        while other < fields.len() {
            found = found || is_same(names[at], fields[other].name);
            other += 1;
        }
        assert!(found, "{}", message);
        at += 1;
    }
}

const fn count(fields: &[AnyField], ids: bool) -> usize {
    let (mut found, mut at) = (0, 0);
    while at < fields.len() {
        let is_id = matches!(fields[at].place, Place::Id);
        let is_parent = matches!(fields[at].place, Place::Parent);
        found += (if ids { is_id } else { is_parent }) as usize;
        at += 1;
    }
    found
}

const fn is_same_address(left: &Address, right: &Address) -> bool {
    let parents = match (left.parent(), right.parent()) {
        (None, None) => true,
        (Some(left), Some(right)) => is_same_address(left, right),
        _ => false,
    };
    parents && is_same(left.plural(), right.plural()) && left.has_id() == right.has_id()
}

const fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

impl AnyField {
    const fn is_server(&self) -> bool {
        matches!(self.given, Given::Server)
    }

    /// Whether the configuration must give it.
    pub const fn is_required(&self) -> bool {
        matches!(self.given, Given::Required)
    }
}
