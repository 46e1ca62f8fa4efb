//! What a plan looks at besides the object itself, so that it can say what an apply would run into.
//!
//! Where Lakebase does not answer, or refuses, the plan is made all the same: one warning says so,
//! and nothing is looked at any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lakebase_api::{Deadline, Error, Json};
use tfplugin::{Call, Diagnostic, Object, Value};

use super::report::explain;
use super::{Lifecycle, Purpose, is_deleted};
use crate::model::address::Address;
use crate::model::field::{AnyField, Check};
use crate::model::table::{Resource, Table};
use crate::resources::{self, IS_PROTECTED};

/// What the service says of the surroundings of a change.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The object to be created, where it exists already.
    pub existing: Option<Json>,
    /// The source of the object to be created, where Lakebase says that it does not exist.
    pub missing_source: Option<String>,
    /// What would go with the object: the names of what it holds that is worth naming.
    pub inside: Vec<(&'static Address, String)>,
    /// The branches inside it that the service protects, itself included.
    pub protected: Vec<String>,
    /// That nothing could be seen, and why: said once.
    pub failure: Option<Diagnostic>,
}

/// What was observed, by name: plans of many objects look at the same project.
#[derive(Default)]
pub struct Observations {
    known: Mutex<HashMap<String, Arc<Observed>>>,
    /// Whether Lakebase could not be asked.
    blind: AtomicBool,
}

impl Lifecycle {
    /// Looks whether an object that is to be created exists.
    pub async fn observe_creation(
        &self,
        resource: &dyn Resource,
        planned: &Object,
        call: &Call,
    ) -> Arc<Observed> {
        let table = resource.table();
        if self.observations.blind.load(Ordering::Relaxed) {
            return Arc::default();
        }
        let deadline = self.deadline(table, planned, Purpose::Read, call);
        let found = match table.name_of(planned) {
            Some(name) => self.get(table, &name, &deadline).await.map(Some),
            None => self.find(table, planned, &deadline).await,
        };
        Arc::new(match found {
            Ok(existing) => Observed { existing, ..Observed::default() },
            Err(error) => Observed { failure: self.cannot_look(&error), ..Observed::default() },
        })
    }

    /// What to say, once, where Lakebase cannot be asked at all.
    fn cannot_look(&self, error: &Error) -> Option<Diagnostic> {
        let is_general =
            error.is_unreachable() || error.is_unauthenticated() || error.is_unexpected_response();
        if !is_general || self.observations.blind.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some(Diagnostic::warning(
            "Plan could not read existing objects",
            format!(
                "{}\n\nThe plan does not show which objects already exist, and the apply will probably \
                 fail.",
                explain(&self.client, error)
            ),
        ))
    }

    /// Looks which branches of an object Lakebase protects: they keep it from a delete.
    pub async fn observe_protection(
        &self,
        table: &Table,
        name: &str,
        object: &Object,
        call: &Call,
    ) -> Arc<Observed> {
        let mut observed = Observed::default();
        let deadline = self.deadline(table, object, Purpose::Read, call);
        for held in table.holds.iter().filter(|held| can_be_protected(held)) {
            self.look_into(name, held, &mut observed, &deadline).await;
        }
        Arc::new(observed)
    }

    /// Looks at what a destruction would take along, or a change of defaults would leave behind.
    pub async fn observe_inside(
        &self,
        table: &Table,
        name: &str,
        object: &Object,
        call: &Call,
    ) -> Arc<Observed> {
        if let Some(known) = self.observations.get(name) {
            return known;
        }
        let deadline = self.deadline(table, object, Purpose::Read, call);
        let mut observed = Observed::default();
        for held in table.holds {
            self.look_into(name, held, &mut observed, &deadline).await;
        }
        for (address, outer) in observed.inside.clone() {
            for held in resources::at(address).map_or(&[][..], |table| table.holds) {
                self.look_into(&outer, held, &mut observed, &deadline).await;
            }
        }
        self.observations.put(name.to_owned(), observed)
    }

    /// Looks whether the object that a create copies exists: the delete half comes before the create
    /// half can be refused.
    pub async fn observe_source(
        &self,
        observed: &mut Observed,
        table: &Table,
        planned: &Object,
        call: &Call,
    ) {
        let source =
            |field: &&AnyField| field.create_only && matches!(field.check, Some(Check::Named(_)));
        let deadline = self.deadline(table, planned, Purpose::Read, call);
        for field in table.fields.iter().filter(source) {
            let Some(name) = planned.get(field.name).and_then(Value::as_str) else { continue };
            if self.walk.will_create(name) {
                continue;
            }
            let absent = match self.client.get(name, &deadline).await {
                Ok(found) => is_deleted(&found),
                Err(error) => error.is_not_found(),
            };
            if absent {
                observed.missing_source = Some(field.name.to_owned());
            }
        }
    }

    /// Whether Lakebase protects what holds the object, so that it would refuse to delete it.
    pub async fn observe_protected_parent(
        &self,
        table: &Table,
        name: &str,
        state: &Object,
        call: &Call,
    ) -> Option<String> {
        table.address.parent().filter(|address| can_be_protected(address))?;
        let parent = table.address.split(name)?.parent?;
        let protected = if let Some(parent) = self.walk.in_state(parent) {
            parent.get(IS_PROTECTED) == Some(&Value::Bool(true))
        } else {
            let deadline = self.deadline(table, state, Purpose::Read, call);
            let found = self.client.get(parent, &deadline).await.unwrap_or_default();
            found["status"][IS_PROTECTED] == true
        };
        protected.then(|| parent.to_owned())
    }

    async fn look_into(
        &self,
        name: &str,
        held: &'static Address,
        observed: &mut Observed,
        deadline: &Deadline,
    ) {
        if self.observations.blind.load(Ordering::Relaxed) {
            return;
        }
        match self.client.list(&held.collection(Some(name)), &[], deadline).await {
            Ok(objects) => objects.iter().for_each(|object| observed.note(held, object)),
            Err(error) => observed.failure = self.cannot_look(&error),
        }
    }
}

/// Whether Lakebase has a setting that keeps objects of that address from a delete.
fn can_be_protected(address: &Address) -> bool {
    resources::at(address).is_some_and(|table| table.field(IS_PROTECTED).is_some())
}

impl Observed {
    fn note(&mut self, address: &'static Address, object: &Json) {
        let Some(name) = object["name"].as_str() else { return };
        if object["status"]["is_protected"] == true {
            self.protected.push(name.to_owned());
        }
        self.inside.push((address, name.to_owned()));
    }

    /// What kinds of objects are inside, the outer ones first.
    pub fn addresses(&self) -> Vec<&'static Address> {
        let mut addresses = Vec::new();
        for (address, _) in &self.inside {
            if !addresses.contains(address) {
                addresses.push(*address);
            }
        }
        addresses
    }

    /// The names inside of one kind.
    pub fn of<'a>(&'a self, kind: &'a Address) -> impl Iterator<Item = &'a str> {
        let found = self.inside.iter().filter(move |(address, _)| *address == kind);
        found.map(|(_, name)| name.as_str())
    }
}

impl Observations {
    fn get(&self, name: &str) -> Option<Arc<Observed>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn put(&self, name: String, observed: Observed) -> Arc<Observed> {
        let observed = Arc::new(observed);
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(name, observed.clone());
        observed
    }
}
