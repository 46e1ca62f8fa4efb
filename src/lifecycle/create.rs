//! Creating an object, or adopting one that exists.

use lakebase_api::{Error, Json, Patience};
use tfplugin::{Call, Diagnostic, Object, ResourceAnswer};

use super::consent::purge_parameter;
use super::private::Memory;
use super::report::Attempt;
use super::{
    Change, LAGGING_READS, Lifecycle, Purpose, goes_on, interrupted_in_the_queue, is_deleted,
    name_of, ways_in, without_unknowns,
};
use crate::model::plan::Occasion;
use crate::model::table::Resource;
use crate::model::tf::Tf;
use crate::model::{adoption, decode, encode};
use crate::resources::REPLACE_EXISTING;

impl Lifecycle {
    /// *Flow.* Look whether the object exists. Absent: one POST. Present and `replace_existing`:
    /// one PATCH of the leaves that differ, or none. Present otherwise: an error with the `import`
    /// block to paste. Then wait for the operation, and until the object has settled.
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
        let Some(name) = name_of(table, planned) else {
            return Diagnostic::error("No name", "The plan names no object to create.").into();
        };
        let attempt = Attempt { verb: "create", noun: table.noun(), name: &name };
        let Some(_turn) = self.turn(&name, call).await else {
            return interrupted_in_the_queue(&attempt).into();
        };
        let patience = self.patience(table, planned, Purpose::Create, call);
        match self.look_for(&name, &patience).await {
            // A read that still shows what this apply has deleted: the create knows better.
            Ok(found) if self.is_stale(&name, &found) => {
                self.post(resource, &attempt, planned, &patience).await
            }
            Ok(found) if is_deleted(&found) => soft_deleted(&attempt, &found).into(),
            // Something else of this apply is to delete it.
            Ok(_) if self.walk.in_state(&name).is_some() => managed_elsewhere(&attempt).into(),
            Ok(found) if REPLACE_EXISTING.of(planned) == Tf::Known(true) => {
                self.adopt(resource, &attempt, planned, &found, &patience).await
            }
            Ok(_) => exists(&attempt, table.type_name, has_adoption(resource)).into(),
            Err(error) if error.is_not_found() => {
                self.post(resource, &attempt, planned, &patience).await
            }
            Err(error) => attempt.failed(&self.client, Some(table), &error).into(),
        }
    }

    /// Looks for the object to be created. Reads may lag behind: what this apply has deleted gets a
    /// few more looks to be gone.
    async fn look_for(&self, name: &str, patience: &Patience) -> Result<Json, Error> {
        let mut found = self.client.get(name, patience).await;
        for _ in 0..LAGGING_READS {
            let is_stale = found.as_ref().is_ok_and(|found| self.is_stale(name, found));
            if !is_stale || !patience.pause().await {
                break;
            }
            found = self.client.get(name, patience).await;
        }
        found
    }

    fn is_stale(&self, name: &str, found: &Json) -> bool {
        let uid = found["uid"].as_str();
        let created = found["create_time"].as_str().and_then(|text| text.parse().ok());
        !is_deleted(found)
            && (uid.is_some_and(|uid| self.walk.has_deleted(uid))
                || created.is_some_and(|time| self.walk.went_with_its_holder(name, time)))
    }

    async fn post(
        &self,
        resource: &dyn Resource,
        attempt: &Attempt<'_>,
        planned: &Object,
        patience: &Patience,
    ) -> ResourceAnswer {
        let table = resource.table();
        let (name, client) = (attempt.name, &self.client);
        let collection = name.rsplit_once('/').map_or(name, |(collection, _)| collection);
        let id = table.id().map(|it| (it.name, name.rsplit('/').next().unwrap_or(name).to_owned()));
        let mut query: Vec<_> = id.into_iter().collect();
        query.extend(encode::create_query(table, planned));
        let body = encode::create_body(table, planned);
        match self.unhindered(&Change::Create { collection, query, body }, patience).await {
            Ok(operation) => {
                let finished = self.finish(name, operation, patience).await;
                self.conclude(resource, attempt, planned, finished, patience).await
            }
            Err(error) if error.may_have_happened() => {
                tracing::warn!(name, %error, "the answer was lost; looking for the object");
                let finished = client.settle(name, patience).await;
                match finished {
                    Err(absent) if absent.is_not_found() => {
                        attempt.failed(client, Some(table), &error).into()
                    }
                    // Interrupted: whether it exists is not known, and the next read will tell.
                    finished => self.conclude(resource, attempt, planned, finished, patience).await,
                }
            }
            Err(error) if error.is_already_exists() => {
                let taken = taken(attempt, resource);
                let mut diagnostics = attempt.failed(client, Some(table), &error);
                diagnostics.push(taken);
                diagnostics.into()
            }
            Err(error) => attempt.failed(client, Some(table), &error).into(),
        }
    }

    /// Takes an existing object over: what the plan says and the object is not, is changed.
    async fn adopt(
        &self,
        resource: &dyn Resource,
        attempt: &Attempt<'_>,
        planned: &Object,
        found: &Json,
        patience: &Patience,
    ) -> ResourceAnswer {
        let (table, client, name) = (resource.table(), &self.client, attempt.name);
        let (settings, now) = (&self.settings, self.clock.now());
        let occasion = Occasion { settings, now, replacing: None };
        let refusals =
            adoption::refusals(resource, found, planned, &without_unknowns(planned), &occasion);
        if refusals.has_errors() {
            return refusals.into();
        }
        let state = decode::state(resource, found, &without_unknowns(planned), &self.settings);
        let mask = encode::mask(table, &state, planned);
        let finished = if mask.is_empty() {
            client.settle(name, patience).await
        } else {
            let body = encode::update_body(table, planned);
            let change = Change::Update { name, mask: &mask, body };
            match self.unhindered(&change, patience).await {
                Ok(operation) => self.finish(name, operation, patience).await,
                Err(error) => Err(error),
            }
        };
        match finished {
            // The object is not ours yet: forgetting the attempt loses nothing. Kept with an error
            // it would be tainted, and the next apply would destroy it.
            Err(error) if !error.is_interrupted() => {
                attempt.failed(client, Some(table), &error).into()
            }
            finished => self.conclude(resource, attempt, planned, finished, patience).await,
        }
    }

    /// The answer for an object that was asked for: as it is read, or as it was planned where it
    /// cannot be read yet.
    async fn conclude(
        &self,
        resource: &dyn Resource,
        attempt: &Attempt<'_>,
        planned: &Object,
        finished: Result<Json, Error>,
        patience: &Patience,
    ) -> ResourceAnswer {
        let table = resource.table();
        let error = match finished {
            Ok(reported) => {
                let read = decode::state(resource, &reported, planned, &self.settings);
                let state = decode::complete(planned, &read);
                return self.answer(attempt.name, state, &Memory::default());
            }
            Err(error) => error,
        };
        let operation = error.operation().map(str::to_owned);
        let memory = Memory { operation, ..Memory::default() };
        if error.is_interrupted() {
            // No error, so that Terraform does not taint an object that is being made all right.
            let mut answer = self.answer(attempt.name, without_unknowns(planned), &memory);
            answer.diagnostics = goes_on(attempt, &error).into();
            return answer;
        }
        let mut diagnostics = attempt.failed(&self.client, Some(table), &error);
        if error.is_timeout() {
            diagnostics.push(tainted(attempt));
            let state = without_unknowns(planned);
            return ResourceAnswer { diagnostics, ..self.answer(attempt.name, state, &memory) };
        }
        // The operation failed: whether it left an object behind, only the service knows.
        let state = match self.client.get(attempt.name, patience).await {
            Ok(reported) if !is_deleted(&reported) => {
                let read = decode::state(resource, &reported, planned, &self.settings);
                decode::complete(planned, &read)
            }
            Ok(_) => return diagnostics.into(),
            Err(error) if error.is_not_found() => return diagnostics.into(),
            Err(_) => without_unknowns(planned),
        };
        diagnostics.push(tainted(attempt));
        let answer = self.answer(attempt.name, state, &Memory::default());
        ResourceAnswer { diagnostics, ..answer }
    }
}

/// The object was deleted and can be restored.
pub(super) fn soft_deleted(attempt: &Attempt<'_>, found: &Json) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    let purged = found["purge_time"].as_str().or(found["status"]["purge_time"].as_str());
    let until = purged.map(|time| format!(" until {time}")).unwrap_or_default();
    Diagnostic::error(
        format!("The {noun} `{name}` is soft-deleted"),
        format!(
            "Its ID stays reserved{until}, so it cannot be created. Choose another ID, or restore \
             it and import it:\n\n  {}\n\nOr delete it permanently, and apply again:\n\n  {}",
            undelete_command(name),
            purge_command(name),
        ),
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
        format!("The {noun} `{name}` is managed under two addresses"),
        "This plan destroys it under one address and creates it under another. Nothing was \
         changed. If the resource was renamed or moved, say so with a `moved` block:\n\n  moved {\n    \
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
        format!("The {noun} `{name}` is tainted"),
        "It exists, or may come to exist, so Terraform keeps it in the state, but plans to replace \
         it. To keep the object, run (with its address for ADDRESS):\n\n  terraform untaint \
         ADDRESS\n\nThe next plan waits for its operation. Without `purge_on_delete = true`, a \
         project or branch is not deleted to be created again.",
    )
}

/// The error of a create that finds the object.
pub(super) fn exists(attempt: &Attempt<'_>, type_name: &str, adoptable: bool) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    Diagnostic::error(
        format!("The {noun} `{name}` exists already"),
        format!(
            "Nothing was changed. {}\n\nIf this plan replaces it, remove \
             `create_before_destroy`, here and from the resources that depend on it, or choose \
             another ID: two objects cannot have the same ID at the same time.",
            ways_in(name, type_name, adoptable)
        ),
    )
}

/// The name is taken although no object of that name can be seen.
fn taken(attempt: &Attempt<'_>, resource: &dyn Resource) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    let table = resource.table();
    let restore = purge_parameter(table).map_or_else(String::new, |_| {
        format!(
            "If the {noun} was deleted within the last 7 days, restore it:\n\n  {}\n\nor delete it \
             permanently:\n\n  {}\n\n",
            undelete_command(name),
            purge_command(name)
        )
    });
    let ways_in = ways_in(name, table.type_name, has_adoption(resource));
    let summary = format!("The name of the {noun} `{name}` is taken");
    Diagnostic::error(summary, restore + &ways_in)
}
