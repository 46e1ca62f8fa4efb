//! Reads and replaces permissions on an object: they stand in an API of the workspace, and change at
//! once.
//!
//! What is reported of them is completed with the caller and the owner of the object, because no
//! change takes their rights away. Which rights those are, the resource says.

use lakebase_api::{Deadline, Error, Json, Operation};
use tfplugin::{Call, Diagnostics, Object, PlanResource};
use tokio::sync::OnceCell;

use super::report::Attempt;
use super::{Lifecycle, Mutation, Purpose, is_deleted, without_unknowns};
use crate::model::adoption;
use crate::model::life::Update;
use crate::model::plan::PlanContext;
use crate::model::table::{Resource, Settings, Table};

/// Who the workspace says that the provider runs as: asked once.
pub type Caller = OnceCell<String>;

/// How often a call is repeated that an object refuses which the same apply has created: its creator
/// gets the right to manage it a moment later (databricks/cli issue 4818). About half a minute.
const LOOKS_AT_NEW: usize = 20;

impl Lifecycle {
    /// Reads an object, wherever it stands.
    pub async fn get(&self, table: &Table, name: &str, deadline: &Deadline) -> Result<Json, Error> {
        let Some(object) = table.address.permissions_on(name) else {
            return self.client.get(name, deadline).await;
        };
        let caller = self.caller(deadline).await?;
        let holder = self.client.get(name, deadline).await?;
        if is_deleted(&holder) {
            return Ok(holder);
        }
        let mut found = self.client.permissions(&object, deadline).await;
        for _ in 0..LOOKS_AT_NEW {
            if !self.is_too_new(name, &found) || !deadline.pause().await {
                break;
            }
            found = self.client.permissions(&object, deadline).await;
        }
        let mut reported = found?;
        reported["name"] = name.into();
        reported["owner"] = holder["status"]["owner"].clone();
        reported["caller"] = caller.into();
        Ok(reported)
    }

    /// Replaces permissions.
    pub(super) async fn replace_permissions(
        &self,
        name: &str,
        object: &str,
        body: &Json,
        deadline: &Deadline,
    ) -> Result<Operation, Error> {
        let mut replaced = self.client.replace_permissions(object, body, deadline).await;
        for _ in 0..LOOKS_AT_NEW {
            if !self.is_too_new(name, &replaced) || !deadline.pause().await {
                break;
            }
            replaced = self.client.replace_permissions(object, body, deadline).await;
        }
        replaced
    }

    /// Whether a refusal may be about an object that this apply has created, and whose permissions
    /// have not come into effect.
    fn is_too_new<T>(&self, name: &str, answer: &Result<T, Error>) -> bool {
        let refusal = answer.as_ref().err();
        self.walk.kept(name)
            && refusal.is_some_and(|error| error.is_permission_denied() || error.is_not_found())
    }

    async fn caller(&self, deadline: &Deadline) -> Result<&str, Error> {
        let ask = async || Ok(self.client.me(deadline).await?.user_name);
        Ok(self.caller.get_or_try_init(ask).await?)
    }

    /// The caller, for a plan: none, where the workspace does not answer.
    pub(super) async fn planned_caller(
        &self,
        table: &Table,
        request: &PlanResource,
        call: &Call,
    ) -> Option<String> {
        let config = request.config.as_ref()?;
        let deadline = self.deadline(table, config, Purpose::Read, call);
        self.caller(&deadline).await.ok().map(str::to_owned)
    }

    /// What is to be known before the update of an object that is replaced as a whole: what is
    /// reported of it now.
    ///
    /// *Errors.* What no plan accepts, now that the caller is known.
    pub(super) async fn before_update(
        &self,
        resource: &dyn Resource,
        name: &str,
        planned: &Object,
        deadline: &Deadline,
    ) -> Result<Json, Diagnostics> {
        let table = resource.table();
        if table.life.update != Update::Put {
            return Ok(Json::Null);
        }
        let attempt = Attempt { verb: "update", noun: table.noun, name };
        let found = self.get(table, name, deadline).await;
        let found = found.map_err(|error| attempt.failed(&self.client, Some(table), &error))?;
        let caller = found["caller"].as_str().map(str::to_owned);
        let (settings, now) = (&Settings { caller, ..self.settings.clone() }, self.clock.now());
        let occasion = PlanContext { settings, now, replacing: None };
        let config = without_unknowns(planned);
        let refusals = adoption::refusals(resource, &found, planned, &config, &occasion);
        if refusals.has_errors() { Err(refusals) } else { Ok(found) }
    }

    /// The call that takes the settings away from what is replaced as a whole: none, if it is gone.
    pub(super) async fn reset<'a>(
        &self,
        resource: &dyn Resource,
        name: &'a str,
        mut body: Json,
        deadline: &Deadline,
    ) -> Result<Option<Mutation<'a>>, Error> {
        let table = resource.table();
        let found = match self.get(table, name, deadline).await {
            Err(error) if error.is_not_found() => return Ok(None),
            found => found?,
        };
        if is_deleted(&found) {
            return Ok(None);
        }
        resource.keep(&mut body, &found);
        let object = table.address.permissions_on(name).unwrap_or_default();
        Ok(Some(Mutation::Put { name, object, body }))
    }
}
