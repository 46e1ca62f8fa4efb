//! What a plan looks at besides the object itself, so that it can say what an apply would run into.
//!
//! Looking is a courtesy: where the service does not answer, or refuses, the plan goes on without.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lakebase_api::{Json, Patience};
use tfplugin::{Call, Object};

use super::{Lifecycle, Purpose, name_of};
use crate::model::table::{Resource, Table};

/// What the service says of the surroundings of a change.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The object to be created, where it exists already.
    pub existing: Option<Json>,
    /// What would go with the object: the full names of its branches, endpoints and databases.
    pub inside: Vec<String>,
    /// The branches inside it that the service protects, itself included.
    pub protected: Vec<String>,
}

/// What a reader of a plan wants to know of a branch.
const INSIDE_A_BRANCH: &[&str] = &["endpoints", "databases"];

/// What was observed, by name: plans of many objects look at the same project.
#[derive(Default)]
pub struct Observations(Mutex<HashMap<String, Arc<Observed>>>);

impl Lifecycle {
    /// Looks whether an object that is to be created exists.
    pub async fn observe_creation(
        &self,
        resource: &dyn Resource,
        planned: &Object,
        call: &Call,
    ) -> Arc<Observed> {
        let table = resource.table();
        let Some(name) = name_of(table, planned) else { return Arc::default() };
        let patience = self.patience(table, planned, Purpose::Read, call);
        let existing = self.client.get(&name, &patience).await.ok();
        Arc::new(Observed { existing, ..Observed::default() })
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
        let patience = self.patience(table, object, Purpose::Read, call);
        let mut observed = Observed::default();
        match table.collection() {
            "projects" => {
                self.look_into(name, &["branches"], &mut observed, &patience).await;
                for branch in observed.inside.clone() {
                    self.look_into(&branch, INSIDE_A_BRANCH, &mut observed, &patience).await;
                }
            }
            "branches" => {
                self.look_into(name, INSIDE_A_BRANCH, &mut observed, &patience).await;
            }
            _ => {}
        }
        self.observations.put(name.to_owned(), observed)
    }

    async fn look_into(
        &self,
        name: &str,
        collections: &[&str],
        observed: &mut Observed,
        patience: &Patience,
    ) {
        for collection in collections {
            let collection = format!("{name}/{collection}");
            for object in self.client.list(&collection, &[], patience).await.unwrap_or_default() {
                observed.note(&object);
            }
        }
    }
}

impl Observed {
    fn note(&mut self, object: &Json) {
        let Some(name) = object["name"].as_str() else { return };
        if object["status"]["is_protected"] == true {
            self.protected.push(name.to_owned());
        }
        self.inside.push(name.to_owned());
    }

    /// The names inside of one kind.
    pub fn of<'a>(&'a self, collection: &'a str) -> impl Iterator<Item = &'a str> {
        let is = move |it: &&str| it.rsplit('/').nth(1) == Some(collection);
        self.inside.iter().map(String::as_str).filter(is)
    }
}

impl Observations {
    fn get(&self, name: &str) -> Option<Arc<Observed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn put(&self, name: String, observed: Observed) -> Arc<Observed> {
        let observed = Arc::new(observed);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(name, observed.clone());
        observed
    }
}
