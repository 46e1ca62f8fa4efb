//! Decides whether a replacement may delete an object, and how.
//!
//! An object is deleted permanently only where `purge_on_delete = true` consents. A plan asks here
//! what it must refuse or announce, and carries what it knows to the delete half of the apply,
//! which asks again before it sends anything. Pure: no service, no clock.

use tfplugin::{Object, Value};

use crate::model::life::Delete;
use crate::model::table::{Resource, Table};
use crate::resources::{DELETION_PROTECTION, IS_PROTECTED};

/// An object that is to be replaced, and what is known of the one that takes its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that the decision needs")]
pub struct Replacement {
    /// The name of the object.
    pub name: String,
    /// The name of the object that takes its place; `None` while it is not known.
    pub successor: Option<String>,
    /// Whether both have the same parent, as far as that is known.
    pub same_parent: bool,
    /// Whether the state refuses its destruction.
    pub deletion_protection: bool,
    /// Whether Lakebase protects it, or what it holds, from a delete.
    pub is_protected: bool,
    /// Whether Lakebase deletes it only along with its parent.
    pub deleted_only_with_parent: bool,
    /// Whether the configuration consents to deleting it permanently, or with what else it says.
    pub consent: bool,
    /// Whether an object that holds it is replaced and deleted permanently in the same plan.
    pub deleted_with_parent: bool,
}

/// How the delete half deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The object can be restored for a while.
    Soft,
    /// The object cannot be restored: `purge_on_delete`, or the absence of `deletion_protection`,
    /// consents.
    Permanent,
    /// The resource type has no soft delete, and holds no data.
    Plain,
}

/// Why the delete half must not delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `deletion_protection` is on.
    DeletionProtection,
    /// `is_protected` is on: Lakebase refuses the delete.
    IsProtected,
    /// Lakebase deletes the object only along with its parent.
    OnlyWithParent,
    /// The ID is to be used again, so that the delete must be permanent, but nothing consents.
    NoConsent,
}

impl Replacement {
    /// The object as the state has it, not knowing yet what takes its place.
    pub fn of(resource: &dyn Resource, state: &Object) -> Self {
        let is = |name: &str| state.get(name) == Some(&Value::Bool(true));
        Self {
            name: resource.table().name_of(state).unwrap_or_default(),
            deletion_protection: is(DELETION_PROTECTION),
            is_protected: is(IS_PROTECTED),
            deleted_only_with_parent: resource.is_deleted_only_with_parent(state),
            ..Self::default()
        }
    }

    /// What a plan, or a configuration, says of the object that takes its place.
    #[must_use]
    pub fn by(self, table: &Table, planned: &Object, deleted_with_parent: bool) -> Self {
        let successor = table.name_of(planned);
        let old = table.address.split(&self.name).and_then(|it| it.parent);
        let parent = table.parent_of(planned);
        let same_parent = table.parent().is_none() || parent.is_some() && parent == old;
        let consent = table.consents(planned);
        Self { successor, same_parent, consent, deleted_with_parent, ..self }
    }

    /// The same, with what the state says: a plan of a tainted object may not have known it.
    #[must_use]
    pub fn with_state(self, resource: &dyn Resource, state: &Object) -> Self {
        let known = Self::of(resource, state);
        Self {
            name: known.name,
            deletion_protection: self.deletion_protection || known.deletion_protection,
            is_protected: self.is_protected || known.is_protected,
            deleted_only_with_parent: known.deleted_only_with_parent,
            ..self
        }
    }

    /// Whether the object that takes its place has its name, as far as is known.
    pub fn may_keep_its_name(&self) -> bool {
        self.successor.as_ref().is_none_or(|successor| *successor == self.name)
    }

    /// How the delete half may delete, or why it must not.
    pub fn deletion(&self, table: &Table) -> Result<Deletion, Refusal> {
        if self.deletion_protection {
            Err(Refusal::DeletionProtection)
        } else if self.deleted_only_with_parent && self.same_parent {
            Err(Refusal::OnlyWithParent)
        } else if self.is_protected {
            Err(Refusal::IsProtected)
        } else if table.life.delete == Delete::Permanent {
            // Turning `deletion_protection` off is the consent.
            Ok(Deletion::Permanent)
        } else if table.life.delete != Delete::Soft {
            Ok(Deletion::Plain)
        } else if self.consent {
            Ok(Deletion::Permanent)
        } else if self.may_keep_its_name() && !self.deleted_with_parent {
            Err(Refusal::NoConsent)
        } else {
            Ok(Deletion::Soft)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::branch::Branch;
    use crate::resources::endpoint::Endpoint;

    fn text(entries: &[(&str, &str)]) -> Object {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
    }

    fn branch() -> Object {
        text(&[
            ("name", "projects/p/branches/b"),
            ("project", "projects/p"),
            ("branch_id", "b"),
            ("source_branch", "projects/p/branches/production"),
        ])
    }

    /// What may happen to a branch of which the plan changes these attributes.
    fn deletion<const N: usize>(
        planned: [(&str, Value); N],
        deleted_with_parent: bool,
    ) -> Result<Deletion, Refusal> {
        let mut after = branch();
        after.remove("name");
        after.extend(planned.map(|(name, value)| (name.to_owned(), value)));
        let table = Branch.table();
        Replacement::of(&Branch, &branch()).by(table, &after, deleted_with_parent).deletion(table)
    }

    #[test]
    fn replacement_under_the_same_id_takes_consent() {
        let consent = ("purge_on_delete", Value::Bool(true));
        assert_eq!(deletion([], false), Err(Refusal::NoConsent));
        assert_eq!(deletion([consent.clone()], false), Ok(Deletion::Permanent));
        assert_eq!(
            deletion([("purge_on_delete", Value::unknown())], false),
            Err(Refusal::NoConsent)
        );
        let unknown = ("project", Value::unknown());
        assert_eq!(deletion([unknown.clone()], false), Err(Refusal::NoConsent));
        assert_eq!(deletion([unknown.clone()], true), Ok(Deletion::Soft));
        assert_eq!(deletion([unknown, consent], true), Ok(Deletion::Permanent));
    }

    #[test]
    fn replacement_under_another_id_deletes_softly() {
        let renamed = ("branch_id", "c".into());
        assert_eq!(deletion([renamed.clone()], false), Ok(Deletion::Soft));
        let consent = ("purge_on_delete", Value::Bool(true));
        assert_eq!(deletion([renamed, consent], false), Ok(Deletion::Permanent));
        assert_eq!(deletion([("project", "projects/q".into())], false), Ok(Deletion::Soft));
    }

    #[test]
    fn protected_object_is_never_deleted() {
        for (setting, refusal) in [
            (DELETION_PROTECTION, Refusal::DeletionProtection),
            (IS_PROTECTED, Refusal::IsProtected),
        ] {
            let mut state = branch();
            state.insert(setting.to_owned(), Value::Bool(true));
            let mut planned = branch();
            planned.insert("purge_on_delete".to_owned(), Value::Bool(true));
            let table = Branch.table();
            let replacement = Replacement::of(&Branch, &state).by(table, &planned, true);
            assert_eq!(replacement.deletion(table), Err(refusal));
        }
    }

    #[test]
    fn endpoint_follows_from_its_table() {
        let table = Endpoint.table();
        let name = "projects/p/branches/b/endpoints/e";
        let endpoint = |kind: &str, branch: Value| {
            let mut object = text(&[("endpoint_id", "e"), ("endpoint_type", kind)]);
            object.insert("branch".to_owned(), branch);
            object
        };
        let branch = || Value::from("projects/p/branches/b");
        for (kind, new_branch, expected) in [
            ("ENDPOINT_TYPE_READ_ONLY", branch(), Ok(Deletion::Plain)),
            ("ENDPOINT_TYPE_READ_WRITE", branch(), Err(Refusal::OnlyWithParent)),
            ("ENDPOINT_TYPE_READ_WRITE", Value::unknown(), Ok(Deletion::Plain)),
        ] {
            let mut state = endpoint(kind, branch());
            state.insert("name".to_owned(), name.into());
            let planned = endpoint(kind, new_branch);
            let replacement = Replacement::of(&Endpoint, &state).by(table, &planned, false);
            assert_eq!(replacement.deletion(table), expected, "{kind}");
        }
    }
}
