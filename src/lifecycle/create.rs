//! Creating an object, or adopting one that exists.

use lakebase_api::{Deadline, Error, Json};
use serde_json::json;
use tfplugin::{Call, Diagnostic, Object, ResourceAnswer, Value};

use super::help::{Help as _, Section};
use super::private::PrivateState;
use super::report::Attempt;
use super::{
    LAGGING_READS, Lifecycle, Mutation, Purpose, import_or_adopt_hint, interrupted_before_request,
    is_deleted, named, without_unknowns,
};
use crate::model::address::Scope;
use crate::model::field::Place;
use crate::model::life::{Create, Delete};
use crate::model::meaning;
use crate::model::plan::PlanContext;
use crate::model::table::{Resource, Settings, Table};
use crate::model::tf::Tf;
use crate::model::{adoption, decode, encode};
use crate::resources::REPLACE_EXISTING;

impl Lifecycle {
    /// *Flow.* Look whether the object exists. Absent: one POST. Present and `replace_existing`:
    /// one PATCH of the leaves that differ, or none. Present otherwise: an error with the `import`
    /// block to paste. Then wait for the operation, and until the object has settled. What is there
    /// for as long as its parent is never posted.
    ///
    /// *Guarantees.* Never a second POST: when the answer of the first is lost, the object's
    /// presence says that it took effect, for it was absent before. When the wait fails, the object
    /// is in the answer if it exists, so that Terraform does not forget it.
    pub(super) async fn create(
        &self,
        resource: &dyn Resource,
        planned: &Object,
        call: &Call,
    ) -> ResourceAnswer {
        let table = resource.table();
        let (name, scope) = (table.name_of(planned), table.scope(planned));
        let (Some(label), Some(scope)) = (name.clone().or_else(|| key(table, planned)), scope)
        else {
            return Diagnostic::error("Missing resource name", "The plan contains no resource name. This is a bug in the provider; please report it.").into();
        };
        let attempt = Attempt { verb: "create", noun: table.noun, name: &label };
        let Some(_turn) = self.turn(&scope, call).await else {
            return interrupted_before_request(&attempt).into();
        };
        let deadline = self.deadline(table, planned, Purpose::Create, call);
        let found = match &name {
            Some(name) => self.look_for(table, name, &deadline).await,
            None => self.find(table, planned, &deadline).await,
        };
        let found = match found {
            Ok(found) => found,
            Err(error) => return attempt.failed(&self.client, Some(table), &error).into(),
        };
        let creation = Creation { resource, table, attempt, planned, scope: &scope };
        let Some(found) = found else {
            return match table.life.create {
                Create::Post => self.post(&creation, &deadline).await,
                Create::Patch | Create::Put => {
                    let holder = table.parent_of(planned).unwrap_or(attempt.name);
                    nothing_to_set(&Attempt { name: holder, ..attempt }).into()
                }
            };
        };
        let name = found["name"].as_str().unwrap_or(&label);
        let attempt = Attempt { name, ..attempt };
        let creation = Creation { attempt, ..creation };
        if table.life.create.is_with_parent() && !is_deleted(&found) {
            // Reads may lag behind: what this apply has cleared has no settings.
            let is_cleared = table.life.delete == Delete::Clear && self.walk.has_deleted_name(name);
            let found = if is_cleared { json!({ "name": name }) } else { found.clone() };
            let adopts = REPLACE_EXISTING.of(planned) == Tf::Known(true);
            if has_adoption(resource) && !adopts && self.overwrites(resource, &found, planned) {
                return exists(&attempt, resource).into();
            }
            self.adopt(&creation, &found, &deadline).await
        } else if self.is_stale(name, &found) {
            // A read that still shows what this apply has deleted: the create knows better.
            self.post(&creation, &deadline).await
        } else if is_deleted(&found) {
            soft_deleted(&attempt, &found, "").into()
        } else if self.walk.in_state(name).is_some() {
            // Something else of this apply is to delete it.
            managed_elsewhere(&attempt).into()
        } else if REPLACE_EXISTING.of(planned) == Tf::Known(true) {
            self.adopt(&creation, &found, &deadline).await
        } else {
            exists(&attempt, resource).into()
        }
    }

    /// Looks for the object to be created. Reads may lag behind: what this apply has deleted gets a
    /// few more looks to be gone.
    async fn look_for(
        &self,
        table: &Table,
        name: &str,
        deadline: &Deadline,
    ) -> Result<Option<Json>, Error> {
        let mut found = self.get(table, name, deadline).await;
        for _ in 0..LAGGING_READS {
            let is_stale = found.as_ref().is_ok_and(|found| self.is_stale(name, found));
            if !is_stale || !deadline.pause().await {
                break;
            }
            found = self.get(table, name, deadline).await;
        }
        match found {
            Err(error) if error.is_not_found() => Ok(None),
            found => found.map(Some),
        }
    }

    /// Finds an object whose ID is not known, by the attribute that tells it from its siblings.
    pub(super) async fn find(
        &self,
        table: &Table,
        planned: &Object,
        deadline: &Deadline,
    ) -> Result<Option<Json>, Error> {
        let (Some(field), Some(parent)) = (table.key(), table.parent_of(planned)) else {
            return Ok(None);
        };
        let wanted = planned.get(field.name).unwrap_or(&Value::Null);
        let collection = table.address.collection(Some(parent));
        let objects = match self.client.list(&collection, &[], deadline).await {
            Err(error) if error.is_not_found() => return Ok(None),
            objects => objects?,
        };
        let is_wanted = |object: &Json| {
            let found = match field.place {
                Place::Spec(path) => decode::dig(&object["status"], path),
                Place::Body(path) => decode::dig(object, path),
                _ => None,
            };
            wanted.is_known() && found.is_some_and(|it| decode::value(field, it, wanted) == *wanted)
        };
        Ok(objects.into_iter().find(is_wanted))
    }

    /// Whether a create would change what somebody has set of an object that is there for as long as
    /// its parent.
    pub(super) fn overwrites(
        &self,
        resource: &dyn Resource,
        found: &Json,
        planned: &Object,
    ) -> bool {
        let table = resource.table();
        let state = decode::state(resource, found, &without_unknowns(planned), &self.settings);
        let (set, _) = encode::clearing(table, &state);
        !set.is_empty() && !encode::mask(table, &state, planned).is_empty()
    }

    fn is_stale(&self, name: &str, found: &Json) -> bool {
        let created = found["create_time"].as_str().and_then(|text| text.parse().ok());
        !is_deleted(found)
            && (self.walk.has_deleted(found)
                || created.is_some_and(|time| self.walk.went_with_its_holder(name, time)))
    }

    async fn post(&self, creation: &Creation<'_>, deadline: &Deadline) -> ResourceAnswer {
        let Creation { resource, table, attempt, planned, scope } = *creation;
        let client = &self.client;
        let name = table.name_of(planned);
        let parts = name.as_deref().and_then(|name| table.address.split(name));
        let parent = table.parent_of(planned).or(parts.and_then(|it| it.parent));
        let collection = match &name {
            Some(name) if !table.address.has_id() => name.clone(),
            _ => table.address.collection(parent),
        };
        let id = parts.and_then(|parts| Some((table.id()?.name, parts.id?.to_owned())));
        let mut query: Vec<_> = id.into_iter().collect();
        if name.is_some() {
            // An adoption needs a name; that nothing is there to be adopted is known.
            query.extend(encode::create_query(table, planned));
        }
        let body = encode::create_body(table, planned);
        let change = Mutation::Create { collection: &collection, query, body };
        match self.retry_on_conflict(&change, scope, deadline).await {
            Ok(operation) => {
                // Of an object with a generated ID, the operation tells the name.
                let told = table.address.of_operation(&operation.name).map(str::to_owned);
                let Some(name) = name.or(told) else {
                    return match client.wait(operation, deadline).await {
                        Ok(done) => {
                            let name = done["name"].as_str().unwrap_or(attempt.name).to_owned();
                            let attempt = Attempt { name: &name, ..attempt };
                            let creation = Creation { attempt, ..*creation };
                            self.conclude(&creation, Ok(done), deadline).await
                        }
                        Err(error) => {
                            attempt.failed_with(client, Some(table), planned, &error).into()
                        }
                    };
                };
                let finished = self.finish(resource, &name, operation, planned, deadline).await;
                let attempt = Attempt { name: &name, ..attempt };
                self.conclude(&Creation { attempt, ..*creation }, finished, deadline).await
            }
            Err(error) if error.outcome_is_unknown() => {
                tracing::warn!(attempt.name, %error, "the answer was lost; looking for the object");
                let name = match name {
                    Some(name) => Some(name),
                    None => match self.find(table, planned, deadline).await {
                        Ok(found) => {
                            found.and_then(|object| object["name"].as_str().map(str::to_owned))
                        }
                        Err(_) => None,
                    },
                };
                let Some(name) = name else {
                    return attempt.failed_with(client, Some(table), planned, &error).into();
                };
                let finished = self.settle(resource, &name, planned, deadline).await;
                match finished {
                    Err(absent) if absent.is_not_found() => {
                        attempt.failed_with(client, Some(table), planned, &error).into()
                    }
                    // Interrupted: whether it exists is not known, and the next read will tell.
                    finished => {
                        let attempt = Attempt { name: &name, ..attempt };
                        let creation = Creation { attempt, ..*creation };
                        self.conclude(&creation, finished, deadline).await
                    }
                }
            }
            Err(error) if error.is_already_exists() => {
                // Another object may have the name inside of PostgreSQL, under an ID of its own.
                let found = self.find(table, planned, deadline).await.ok().flatten();
                let other = found.as_ref().and_then(|object| object["name"].as_str());
                let taken =
                    taken(&Attempt { name: other.unwrap_or(attempt.name), ..attempt }, resource);
                let mut diagnostics = attempt.failed_with(client, Some(table), planned, &error);
                diagnostics.push(taken);
                diagnostics.into()
            }
            Err(error) => attempt.failed_with(client, Some(table), planned, &error).into(),
        }
    }

    /// Takes an existing object over: what the plan says and the object is not, is changed.
    async fn adopt(
        &self,
        creation: &Creation<'_>,
        found: &Json,
        deadline: &Deadline,
    ) -> ResourceAnswer {
        let Creation { resource, table, attempt, planned, scope } = *creation;
        let (client, name) = (&self.client, attempt.name);
        let caller = found["caller"].as_str().map(str::to_owned);
        let (settings, now) = (&Settings { caller, ..self.settings.clone() }, self.clock.now());
        let occasion = PlanContext { settings, now, replacing: None };
        let refusals =
            adoption::refusals(resource, found, planned, &without_unknowns(planned), &occasion);
        if refusals.has_errors() {
            return refusals.into();
        }
        let state = decode::state(resource, found, &without_unknowns(planned), &self.settings);
        let mask = encode::mask(table, &state, planned);
        let finished = if mask.is_empty() {
            self.settle(resource, name, planned, deadline).await
        } else {
            let planned = carried(table, planned, &state);
            let change = Mutation::update(resource, name, &mask, &planned, found);
            match self.retry_on_conflict(&change, scope, deadline).await {
                Ok(operation) => self.finish(resource, name, operation, &planned, deadline).await,
                Err(error) => Err(error),
            }
        };
        match finished {
            // The object is not ours yet: forgetting the attempt loses nothing. Kept with an error
            // it would be tainted, and the next apply would destroy it.
            Err(error) if !error.is_interrupted() => {
                attempt.failed_with(client, Some(table), planned, &error).into()
            }
            finished => self.conclude(creation, finished, deadline).await,
        }
    }

    /// The answer for an object that was asked for: as it is read, or as it was planned where it
    /// cannot be read yet.
    async fn conclude(
        &self,
        creation: &Creation<'_>,
        finished: Result<Json, Error>,
        deadline: &Deadline,
    ) -> ResourceAnswer {
        let Creation { resource, table, attempt, planned, .. } = *creation;
        let timed_out = Some(tainted(&attempt));
        let error = match self.concluded(resource, &attempt, planned, finished, timed_out) {
            Ok(answer) => return answer,
            Err(error) => error,
        };
        let mut diagnostics = attempt.failed(&self.client, Some(table), &error);
        // The operation failed: whether it left an object behind, only the service knows.
        let state = match self.get(table, attempt.name, deadline).await {
            Ok(reported) if !is_deleted(&reported) => {
                let read = decode::state(resource, &reported, planned, &self.settings);
                decode::complete(planned, &read)
            }
            Ok(_) => return diagnostics.into(),
            Err(error) if error.is_not_found() => return diagnostics.into(),
            Err(_) => named(table, attempt.name, without_unknowns(planned)),
        };
        diagnostics.push(tainted(&attempt));
        let answer = self.answer(attempt.name, state, &PrivateState::default());
        ResourceAnswer { diagnostics, ..answer }
    }
}

/// A create on its way.
#[derive(Clone, Copy)]
struct Creation<'a> {
    resource: &'a dyn Resource,
    table: &'static Table,
    attempt: Attempt<'a>,
    planned: &'a Object,
    scope: &'a Scope,
}

/// What stands for the name of an object whose ID Lakebase generates.
fn key(table: &Table, planned: &Object) -> Option<String> {
    planned.get(table.key()?.name)?.as_str().map(str::to_owned)
}

/// The planned object with what every update replaces, as it is where the plan does not say it.
fn carried(table: &Table, planned: &Object, state: &Object) -> Object {
    let mut carried = planned.clone();
    for field in table.fields.iter().filter(|it| it.in_every_update) {
        if let (Some(Value::Unknown(_)), Some(present)) =
            (planned.get(field.name), state.get(field.name))
        {
            carried.insert(field.name.to_owned(), present.clone());
        }
    }
    carried
}

/// The error of a setting whose object does not exist.
fn nothing_to_set(attempt: &Attempt<'_>) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    Diagnostic::error(
        format!("Could not set {noun} of `{name}`"),
        format!("`{name}` does not exist. Create it first, or correct the resource name."),
    )
}

/// The object was deleted and can be restored.
pub(super) fn soft_deleted(attempt: &Attempt<'_>, found: &Json, hint: &str) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    let detail = format!("{}{hint}", reserved(noun, name, found));
    Diagnostic::error(format!("{} is soft-deleted", meaning::subject(noun, name)), detail)
        .see(Section::SoftDeletedObjects)
}

/// The object was in the state until the read of this plan.
pub(super) fn deleted_since(attempt: &Attempt<'_>, found: &Json) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    let detail = format!(
        "It was deleted after the last apply. If you are destroying it, nothing is left to do. An \
         apply will fail. {}",
        reserved(noun, name, found),
    );
    Diagnostic::warning(format!("{} is soft-deleted", meaning::subject(noun, name)), detail)
        .see(Section::SoftDeletedObjects)
}

fn reserved(noun: &str, name: &str, found: &Json) -> String {
    let purged = found["purge_time"].as_str().or(found["status"]["purge_time"].as_str());
    let until = purged.map(|time| format!(" until {time}")).unwrap_or_default();
    format!(
        "Its ID cannot be reused{until}. Choose another ID, or restore the {noun} and import it:\n\n  \
         {}\n\nOr delete it permanently and apply again:\n\n  {}",
        undelete_command(name),
        purge_command(name),
    )
}

/// The command that restores a soft-deleted object.
pub(super) fn undelete_command(name: &str) -> String {
    format!("databricks api post /api/2.0/postgres/{name}/undelete --json '{{}}'")
}

fn purge_command(name: &str) -> String {
    format!("databricks api delete '/api/2.0/postgres/{name}?purge=true'")
}

/// The object that is to be created is in the state, and not only there.
pub(super) fn managed_elsewhere(attempt: &Attempt<'_>) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    Diagnostic::error(
        format!("{} is managed under two addresses", meaning::subject(noun, name)),
        "This plan destroys it under one address and creates it under another. Nothing was \
         changed. If the resource was renamed or moved, add a `moved` block:\n\n  moved {\n    \
         from = OLD_ADDRESS\n    to   = NEW_ADDRESS\n  }",
    )
}

pub(super) fn has_adoption(resource: &dyn Resource) -> bool {
    resource.table().field(REPLACE_EXISTING.name()).is_some()
}

/// What Terraform makes of an object that comes with an error.
fn tainted(attempt: &Attempt<'_>) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    Diagnostic::warning(
        format!(
            "{} is tainted and will be replaced by the next apply",
            meaning::subject(noun, name)
        ),
        "The create did not complete, but the object exists or may still be created. To keep it, run \
         the following command before the next apply, where ADDRESS is the resource address (use \
         `tofu` with OpenTofu):\n\n  terraform untaint ADDRESS\n\nThe next plan waits for the \
         operation. Without `purge_on_delete = true`, the provider does not delete a project or \
         branch in order to create it again.",
    )
}

/// The error of a create that finds the object.
pub(super) fn exists(attempt: &Attempt<'_>, resource: &dyn Resource) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    let table = resource.table();
    let reason = match table.id() {
        Some(_) => ", or choose another ID: two objects cannot have the same ID at the same time"
            .to_owned(),
        None => format!(": a {} has only one {noun} at a time", table.parent_noun()),
    };
    Diagnostic::error(
        format!("{} already exists", meaning::subject(noun, name)),
        format!(
            "Nothing was changed. {}\n\nIf this plan replaces the {noun}, remove `create_before_destroy`, here and from the resources \
             that depend on it{reason}.",
            import_or_adopt_hint(name, table.type_name, has_adoption(resource))
        ),
    )
    .see(Section::ObjectAlreadyExists)
}

/// The name is taken although no object of that name can be seen.
fn taken(attempt: &Attempt<'_>, resource: &dyn Resource) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    let table = resource.table();
    let restore = table.purge_parameter().map_or_else(String::new, |_| {
        format!(
            "If the {noun} was deleted within the last 7 days, restore it:\n\n  {}\n\nor delete it \
             permanently:\n\n  {}\n\n",
            undelete_command(name),
            purge_command(name)
        )
    });
    let import_or_adopt_hint = import_or_adopt_hint(name, table.type_name, has_adoption(resource));
    let summary = format!("The name of {noun} `{name}` is already in use");
    Diagnostic::error(summary, restore + &import_or_adopt_hint).see(Section::ObjectAlreadyExists)
}
