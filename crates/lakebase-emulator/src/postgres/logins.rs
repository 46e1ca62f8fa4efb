//! Decides who may log in to which endpoint. Pure.
//!
//! Refusals have PostgreSQL's own words and codes where PostgreSQL would refuse as well.

use jiff::Timestamp;
use serde_json::json;

use super::frames::Fatal;
use crate::model::world::World;
use crate::name;

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// By a credential, which the proxy checks.
    Token,
    /// By a password, which PostgreSQL checks itself.
    Native,
}

/// Chooses the method for a user, before there is a password.
pub(crate) fn method(
    world: &World,
    endpoint: &str,
    user: &str,
    now: Timestamp,
) -> Result<Method, Fatal> {
    let id = name::id(endpoint);
    let Some(object) = world.store.live(endpoint) else {
        return Err(Fatal::new("08004", format!("endpoint \"{id}\" no longer exists")));
    };
    if object.flag("disabled") {
        // [INF] the words.
        return Err(Fatal::new("57P03", format!("endpoint \"{id}\" is disabled")));
    }
    if object.status(now).get("current_state") == Some(&json!("INIT")) {
        return Err(Fatal::new("57P03", "the database system is starting up"));
    }
    let project = name::lineage(endpoint).last().and_then(|project| world.store.live(project));
    let allows_native = project.is_some_and(|project| project.flag("enable_pg_native_login"));
    // Roles that the API does not know can have been created by SQL.
    let takes_token = auth_method(world, endpoint, user) == Some("LAKEBASE_OAUTH_V1");
    Ok(if takes_token || !allows_native { Method::Token } else { Method::Native })
}

/// Checks a credential.
pub(crate) fn check_token(
    world: &World,
    endpoint: &str,
    user: &str,
    token: &str,
    now: Timestamp,
) -> Result<(), Fatal> {
    let refusal = || wrong_password(user);
    let credential = world.credentials.get(token).ok_or_else(refusal)?;
    let uid = world.store.live(endpoint).and_then(|endpoint| endpoint.uid.as_deref());
    let holds = credential.endpoint == endpoint
        && credential.uid.as_deref() == uid
        && credential.identity == user
        && credential.expires > now
        && auth_method(world, endpoint, user) == Some("LAKEBASE_OAUTH_V1");
    if !holds {
        return Err(refusal());
    }
    if credential.has_claims {
        // Refused rather than ignored: it would grant too much.
        return Err(Fatal::new(
            "0A000",
            "the emulator does not enforce the claims of a credential: request one without",
        ));
    }
    Ok(())
}

/// PostgreSQL's refusal.
pub(crate) fn wrong_password(user: &str) -> Fatal {
    Fatal::new("28P01", format!("password authentication failed for user \"{user}\""))
}

/// How a role of the endpoint's branch logs in, by its name in PostgreSQL.
fn auth_method<'a>(world: &'a World, endpoint: &'a str, user: &str) -> Option<&'a str> {
    let branch = name::parent(endpoint)?;
    let found = world
        .store
        .inside(branch)
        .find(|(_, object)| object.lives() && object.text("postgres_role") == Some(user));
    found.and_then(|(_, role)| role.text("auth_method"))
}
