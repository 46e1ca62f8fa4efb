//! Remembers what Terraform has told this process about its objects.
//!
//! A plan of a tainted object looks like a create, and the create half of a replacement does not
//! say that it is one. But before Terraform plans, it hands every object of its state to the
//! process that plans; and the process that applies sees both halves. So this memory tells apart
//! what a single call cannot. It lasts for one walk: Terraform starts a process for each.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use lakebase_api::Json;
use tfplugin::Object;

use super::consent::Replacement;
use crate::model::address::holders;

/// One walk of Terraform: a plan, or an apply. Objects are known by their resource names.
#[derive(Default)]
pub struct Walk(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    in_state: HashMap<String, Object>,
    gone: HashSet<String>,
    has_read: bool,
    has_applied: bool,
    creates: HashSet<String>,
    updates: HashSet<String>,
    destroys: HashSet<String>,
    permanent: HashSet<String>,
    kept: HashSet<String>,
    deleted: HashSet<String>,
    deleted_names: HashSet<String>,
    /// When what this apply created came to be.
    create_times: HashMap<String, Timestamp>,
}

impl Walk {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an object of the state, which Terraform shows before it does anything with it.
    pub fn stored(&self, state: &Object) {
        if let Some(name) = name(state) {
            self.seen().in_state.insert(name, state.clone());
        }
    }

    /// Notes what a read found of an object of the state.
    pub fn read(&self, before: &Object, after: Option<&Object>) {
        self.seen().has_read = true;
        match (after, name(before)) {
            (Some(after), _) => self.stored(after),
            (None, Some(name)) => {
                let mut seen = self.seen();
                seen.in_state.remove(&name);
                seen.gone.insert(name);
            }
            (None, None) => {}
        }
    }

    /// Whether a read of this walk took the object out of the state.
    pub fn is_gone(&self, name: &str) -> bool {
        self.seen().gone.contains(name)
    }

    /// The object of that name in the state.
    pub fn in_state(&self, name: &str) -> Option<Object> {
        self.seen().in_state.get(name).cloned()
    }

    /// Whether this walk plans. From version 1.9 on, Terraform allows a deferral in every apply, in
    /// a plan only with an experimental option; OpenTofu allows one always. But only plans read,
    /// and before an apply has changed anything, only plans plan a destruction.
    pub fn plans(&self, deferral_allowed: bool, destruction: bool) -> bool {
        let seen = self.seen();
        let may_plan = destruction || !deferral_allowed;
        seen.has_read || (may_plan && !seen.has_applied)
    }

    /// Notes a planned create.
    pub fn plans_create(&self, name: &str) {
        self.seen().creates.insert(name.to_owned());
    }

    /// Whether the object, or one that holds it, is still to be created.
    pub fn will_create(&self, name: &str) -> bool {
        let seen = self.seen();
        holders(name).chain([name]).any(|outer| seen.creates.contains(outer))
    }

    /// Whether the object itself is planned to be created.
    pub fn creates(&self, name: &str) -> bool {
        self.seen().creates.contains(name)
    }

    /// Notes that the state has the object, and that the plan keeps it; false, if the plan also
    /// destroys it. Terraform plans both at the same time: one of the two notes sees the other.
    pub fn plans_update(&self, name: &str) -> bool {
        let mut seen = self.seen();
        seen.updates.insert(name.to_owned());
        !seen.destroys.contains(name)
    }

    /// Notes a planned destruction; false, if the plan or the apply keeps the object: a deposed
    /// object has the name of its successor where the create half of a tainted object has adopted
    /// it.
    pub fn plans_destroy(&self, name: &str) -> bool {
        let mut seen = self.seen();
        let is_kept = seen.updates.contains(name) || seen.kept.contains(name);
        if !is_kept {
            seen.destroys.insert(name.to_owned());
        }
        !is_kept
    }

    /// Whether the object is planned to be destroyed.
    pub fn destroys(&self, name: &str) -> bool {
        self.seen().destroys.contains(name)
    }

    /// Notes a planned replacement that deletes the object permanently.
    pub fn plans_permanent_replacement(&self, replacement: &Replacement) {
        self.seen().permanent.insert(replacement.name.clone());
    }

    /// Whether an object that holds this one is replaced, and deleted permanently.
    pub fn replaces_what_holds(&self, name: &str) -> bool {
        let seen = self.seen();
        holders(name).any(|outer| seen.permanent.contains(outer))
    }

    /// Notes that changes are made.
    pub fn applies(&self) {
        self.seen().has_applied = true;
    }

    /// Notes an object that this apply created or adopted: it must not be deleted any more.
    pub fn keeps(&self, name: &str, state: &Object) {
        let mut seen = self.seen();
        seen.creates.remove(name);
        seen.kept.insert(name.to_owned());
        if let Some(time) = text(state, "create_time").and_then(|text| text.parse().ok()) {
            seen.create_times.insert(name.to_owned(), time);
        }
    }

    /// Whether this apply created or adopted the object.
    pub fn kept(&self, name: &str) -> bool {
        self.seen().kept.contains(name)
    }

    /// Notes that an object of the state is gone.
    pub fn deleted(&self, state: &Object) {
        let mut seen = self.seen();
        name(state).and_then(|name| seen.in_state.remove(&name));
        let [uid, created] = ["uid", "create_time"].map(|it| text(state, it));
        seen.deleted.extend(name(state).and_then(|name| fingerprint(&name, uid, created)));
        seen.deleted_names.extend(name(state));
    }

    /// Whether this apply deleted an object of that name, or cleared it.
    pub fn has_deleted_name(&self, name: &str) -> bool {
        self.seen().deleted_names.contains(name)
    }

    /// Whether this apply deleted the very object that a read shows, so that the read is stale.
    pub fn has_deleted(&self, reported: &Json) -> bool {
        let [name, uid, created] =
            ["name", "uid", "create_time"].map(|name| reported[name].as_str().map(str::to_owned));
        let print = name.and_then(|name| fingerprint(&name, uid, created));
        print.is_some_and(|print| self.seen().deleted.contains(&print))
    }

    /// Whether the object was created before the one that holds it: this apply has deleted the
    /// former one that held it, and with it the object, so that a read that shows it is stale.
    pub fn went_with_its_holder(&self, name: &str, create_time: Timestamp) -> bool {
        let seen = self.seen();
        holders(name).any(|holder| {
            let holder_time = seen.create_times.get(holder);
            seen.deleted_names.contains(holder) && holder_time.is_some_and(|it| create_time < *it)
        })
    }
}

/// What tells an object from another one of its name: its `uid`, or, where Lakebase gives none, the
/// time of its creation.
fn fingerprint(name: &str, uid: Option<String>, created: Option<String>) -> Option<String> {
    Some(format!("{name} {}", uid.or(created)?))
}

fn name(state: &Object) -> Option<String> {
    text(state, "name")
}

fn text(state: &Object, attribute: &str) -> Option<String> {
    state.get(attribute)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(name: &str) -> Object {
        [("name".to_owned(), name.into())].into()
    }

    #[test]
    fn object_in_state_until_read_or_deleted() {
        let walk = Walk::default();
        for name in ["projects/a", "projects/b"] {
            walk.stored(&object(name));
        }
        walk.read(&object("projects/a"), None);
        assert_eq!(walk.in_state("projects/a"), None);
        assert!(walk.in_state("projects/b").is_some());
        let mut deleted = object("projects/b");
        deleted.insert("uid".to_owned(), "u-1".into());
        walk.deleted(&deleted);
        assert_eq!(walk.in_state("projects/b"), None);
        let shown = |uid: &str| json!({"name": "projects/b", "uid": uid});
        assert!(walk.has_deleted(&shown("u-1")) && !walk.has_deleted(&shown("u-2")));
    }

    #[test]
    fn object_without_uid_is_known_by_its_creation_time() {
        let role = "projects/a/branches/b/roles/r";
        let at = |time: &str| json!({"name": role, "create_time": time});
        let mut deleted = object(role);
        deleted.insert("create_time".to_owned(), "2026-01-01T00:00:00Z".into());
        let walk = Walk::default();
        walk.deleted(&deleted);
        assert!(walk.has_deleted(&at("2026-01-01T00:00:00Z")));
        assert!(!walk.has_deleted(&at("2026-01-01T00:00:01Z")));
    }

    #[test]
    fn object_older_than_its_new_holder_went_with_the_old_one() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        let walk = Walk::default();
        let branch = "projects/a/branches/b";
        let mut state = object(branch);
        state.insert("create_time".to_owned(), late.into());
        walk.keeps(branch, &state);
        let endpoint = "projects/a/branches/b/endpoints/e";
        assert!(!walk.went_with_its_holder(endpoint, time(early)), "the branch was adopted");
        walk.deleted(&object(branch));
        assert!(walk.went_with_its_holder(endpoint, time(early)));
        assert!(!walk.went_with_its_holder(endpoint, time(late)));
        assert!(!walk.went_with_its_holder("projects/a/branches/bb/endpoints/e", time(early)));
    }

    #[test]
    fn walk_plans_until_it_applies() {
        let walk = Walk::default();
        assert!(walk.plans(false, false));
        assert!(!walk.plans(true, false), "an apply of Terraform 1.9 or later");
        assert!(walk.plans(true, true), "a destroy of OpenTofu");
        walk.read(&object("projects/a"), None);
        assert!(walk.plans(true, false), "a plan that allows deferrals");
        let walk = Walk::default();
        walk.applies();
        assert!(!walk.plans(false, false), "an apply of Terraform before 1.9");
        assert!(!walk.plans(false, true), "a deposed object");
    }

    #[test]
    fn object_that_is_kept_and_destroyed_is_seen_in_either_order() {
        let name = "projects/a";
        let walk = Walk::default();
        assert!(walk.plans_update(name) && !walk.plans_destroy(name) && !walk.destroys(name));
        let walk = Walk::default();
        assert!(walk.plans_destroy(name) && !walk.plans_update(name) && walk.destroys(name));
    }

    #[test]
    fn planned_create_covers_what_it_will_hold() {
        let walk = Walk::default();
        walk.plans_create("projects/a/branches/b");
        for (name, expected) in [
            ("projects/a", false),
            ("projects/a/branches/b", true),
            ("projects/a/branches/b/endpoints/primary", true),
            ("projects/a/branches/bb", false),
        ] {
            assert_eq!(walk.will_create(name), expected, "{name}");
        }
        walk.keeps("projects/a/branches/b", &Object::new());
        assert!(!walk.will_create("projects/a/branches/b/endpoints/primary"));
        assert!(walk.kept("projects/a/branches/b"));
    }
}
