//! `POST {role}/password`: reveals the password that the service made for a role (§2.2, §3.4).

use serde_json::json;

use crate::api::{ROOT, missing};
use crate::error::{ApiError, Result};
use crate::message::{Answer, Input};
use crate::model::Call;
use crate::model::store::Object;
use crate::model::world::{World, random_by};
use crate::name;

pub(crate) static PASSWORD: Call = Call {
    method: "POST",
    path: "/api/2.0/postgres/projects/*/branches/*/roles/*/password",
    is_public: false,
    mutates: false,
    answer: reveal,
};

fn reveal(world: &mut World, input: &Input<'_>) -> Result<Answer> {
    input.only(&[])?;
    input.verb_body(world.options.behaviors.require_verb_bodies)?;
    let role = input.path.trim_start_matches(ROOT).trim_end_matches("/password");
    // The topmost thing that is not there.
    if let Some(gone) = name::lineage(role).filter(|name| world.store.live(name).is_none()).last() {
        return Err(missing(world, gone));
    }
    let object = world.store.live(role).ok_or_else(|| missing(world, role))?;
    // [DOC] §3.4 that only these roles have one, [INF] the text.
    if object.text("auth_method") != Some("PG_PASSWORD_SCRAM_SHA_256") {
        return Err(ApiError::bad_request(format!(
            "Role '{role}' has no password: its auth_method is not PG_PASSWORD_SCRAM_SHA_256."
        )));
    }
    let allows = name::lineage(role).filter_map(|name| world.store.live(name));
    let allows = allows.last().is_some_and(|project| project.flag("enable_pg_native_login"));
    if !allows && !world.options.behaviors.reveal_unusable_passwords {
        // [INF] that it is refused, and the text.
        return Err(ApiError::bad_request(
            "Native login is disabled: 'spec.enable_pg_native_login' of the project is false.",
        ));
    }
    Ok(Answer::json(200, &json!({"password": password(role, object)})))
}

/// The password of a role: another one for each role of the name.
pub(crate) fn password(role: &str, object: &Object) -> String {
    let mut random = random_by(&format!("password of {role} since {}", object.created));
    format!("password-{:016x}{:016x}", random.u64(..), random.u64(..))
}
