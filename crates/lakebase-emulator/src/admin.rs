//! Answers `/_emulator/`: what the library can do to an emulator, by HTTP, so that the program can
//! be scripted.
//!
//! Each request needs the personal access token, and `Content-Type: application/json` where it has a
//! body. As for all requests, [`crate::access`] refuses pages of other sites.
//!
//! | request | does |
//! |---|---|
//! | `GET /_emulator/health` | answers, without a token, once the emulator serves |
//! | `GET /_emulator/requests` | the recorded requests. `method=GET`, `path=branches/*` (as in a fault) and `since=NUMBER` select; `wait=30s` waits for the first that is selected |
//! | `DELETE /_emulator/requests` | forgets them |
//! | `POST /_emulator/faults` | plans a [`Fault`] |
//! | `DELETE /_emulator/faults` | takes back all that are planned |
//! | `GET /_emulator/rules` | the inferred and disputed behaviors, and their values |
//! | `POST /_emulator/rules` | sets some from now on: `{"conflicts": "project", "echo-spec": true}` |
//! | `POST /_emulator/deviations` | the [`Deviations`] from now on, e.g. `{"delayed_effects": 2}`; `{}` turns all deviations off |
//! | `GET /_emulator/overview` | what the page at `/` shows |
//! | `GET /_emulator/state` | the whole workspace as a document |
//! | `PUT /_emulator/state` | replaces the workspace by that of such a document |
//! | `POST /_emulator/objects` | `{"name", "body"}` creates an object at once |
//! | `POST /_emulator/drift` | `{"name", "status"}` changes settings, `{"name", "remove": true}` removes |
//! | `POST /_emulator/clock` | `{"advance": "3600s"}` |
//! | `POST /_emulator/reset` | an empty workspace, as it was at the start |
//!
//! The emulator has no SQL. A database has the schema `public` with the table `orders`. Schemas and their
//! tables are changed as if they were in its status: `{"schemas": {"sales": ["customers"]}}`.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::auth;
use crate::error::{ApiError, Result};
use crate::faults::Fault;
use crate::journal::Selection;
use crate::message::{Answer, Request};
#[cfg(doc)]
use crate::options::behaviors::Deviations;
use crate::options::behaviors::{self, Behavior};
use crate::overview::overview;
use crate::service::Service;
use crate::wire::parse_duration;

/// The longest time for which a request waits.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Answers a request below `/_emulator/`.
pub(crate) fn answer(service: &mut Service, request: &Request) -> Answer {
    let body = admit(service, request).and_then(|()| perform(service, request));
    match body {
        Ok(body) => Answer::json(200, &body),
        Err(error) => Answer::json(error.status, &error.body("")),
    }
}

fn admit(service: &Service, request: &Request) -> Result<()> {
    if request.path == "/_emulator/health" {
        return Ok(());
    }
    let caller = auth::admit(&service.world, request, service.clock.now())?;
    if caller != service.world.options.user_name {
        let text = format!("The test controls are not for '{caller}'.");
        return Err(ApiError::new(403, "PERMISSION_DENIED", text));
    }
    let media_type = request.content_type.as_deref().unwrap_or_default();
    let is_json = media_type.split(';').next().unwrap_or_default().trim() == "application/json";
    if !request.body.is_empty() && !is_json {
        return Err(ApiError::new(
            415,
            "INVALID_PARAMETER_VALUE",
            "The body needs the header 'Content-Type: application/json'.",
        ));
    }
    Ok(())
}

fn perform(service: &mut Service, request: &Request) -> Result<Json> {
    let done = Ok(json!({}));
    let method = if request.method == "HEAD" { "GET" } else { &request.method };
    match (method, request.path.as_str()) {
        ("GET", "/_emulator/health") => {
            Ok(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
        }
        ("GET", "/_emulator/requests") => {
            let (selection, _) = selection(request)?;
            let requests: Vec<_> = service.journal.select(&selection).collect();
            let (dropped, last) = (service.journal.dropped(), service.journal.last());
            Ok(json!({"requests": requests, "dropped": dropped, "last": last}))
        }
        ("DELETE", "/_emulator/requests") => {
            service.journal.clear();
            done
        }
        ("POST", "/_emulator/faults") => {
            let fault: Fault = serde_json::from_value(body(request)?)
                .map_err(|error| ApiError::invalid(format!("This is no fault: {error}.")))?;
            fault.check().map_err(ApiError::invalid)?;
            service.faults.plan(fault);
            done
        }
        ("DELETE", "/_emulator/faults") => {
            service.forget_faults();
            done
        }
        ("GET", "/_emulator/rules") => Ok(behaviors::rules(&service.world.options)),
        ("POST", "/_emulator/rules") => {
            set_rules(service, &body(request)?)?;
            done
        }
        ("POST", "/_emulator/deviations") => {
            service.world.options.deviations = serde_json::from_value(body(request)?)
                .map_err(|error| ApiError::invalid(format!("These are no deviations: {error}.")))?;
            done
        }
        ("GET", "/_emulator/overview") => Ok(overview(service)),
        ("GET", "/_emulator/state") => Ok(service.state()),
        ("PUT", "/_emulator/state") => {
            service.set_state(&request.body)?;
            done
        }
        ("POST", "/_emulator/objects") => {
            let body = body(request)?;
            let name = body["name"].as_str().unwrap_or_default();
            service.create(name, body.get("body").unwrap_or(&json!({})))?;
            done
        }
        ("POST", "/_emulator/drift") => {
            let body = body(request)?;
            let name = body["name"].as_str().unwrap_or_default();
            let found = match (&body["status"], &body["remove"]) {
                (Json::Object(status), Json::Null) => service.change(name, status),
                (Json::Null, Json::Bool(true)) => service.remove(name),
                _ => {
                    return Err(ApiError::invalid(
                        "Drift is {\"name\", \"status\": {…}} or {\"name\", \"remove\": true}.",
                    ));
                }
            };
            if found { done } else { Err(ApiError::not_found(format!("There is no '{name}'."))) }
        }
        ("POST", "/_emulator/clock") => {
            let body = body(request)?;
            let by = body["advance"].as_str().and_then(parse_duration).ok_or_else(|| {
                ApiError::invalid("The clock is moved by {\"advance\": \"3600s\"}.")
            })?;
            service.clock.advance(by);
            done
        }
        ("POST", "/_emulator/reset") => {
            service.reset();
            done
        }
        (method, path) => Err(ApiError::no_such_api(method, path)),
    }
}

/// How long a request waits for what it asks for, if that is not there yet.
pub(crate) fn patience(service: &Service, request: &Request) -> Option<Duration> {
    if (request.method.as_str(), request.path.as_str()) != ("GET", "/_emulator/requests") {
        return None;
    }
    admit(service, request).ok()?;
    let (selection, wait) = selection(request).ok()?;
    let is_there = service.journal.select(&selection).next().is_some();
    if is_there { None } else { wait }
}

/// What the query selects of the record, and how long to wait for it.
fn selection(request: &Request) -> Result<(Selection<'_>, Option<Duration>)> {
    let mut selection = Selection::default();
    let mut wait = None;
    for (name, value) in &request.query {
        let wrong = |wanted: &str| {
            ApiError::invalid(format!("Query parameter '{name}' must be {wanted}, got '{value}'."))
        };
        match name.as_str() {
            "method" => selection.method = Some(value),
            "path" => selection.path = Some(value),
            "since" => selection.since = value.parse().map_err(|_| wrong("a number"))?,
            "wait" => {
                let time = parse_duration(value).and_then(|time| Duration::try_from(time).ok());
                let time = time.filter(|time| *time <= LONGEST_WAIT);
                wait = Some(time.ok_or_else(|| wrong("from 0s to 60s"))?);
            }
            _ => return Err(ApiError::invalid(format!("Unknown query parameter '{name}'."))),
        }
    }
    Ok((selection, wait))
}

/// Sets all of them, or none.
fn set_rules(service: &mut Service, rules: &Json) -> Result<()> {
    let Json::Object(rules) = rules else {
        return Err(ApiError::invalid("Rules are an object of names and values."));
    };
    let mut options = service.world.options.clone();
    for (name, value) in rules {
        let behavior = Behavior::named(name)
            .ok_or_else(|| ApiError::invalid(format!("There is no rule '{name}'.")))?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        behavior.set(&mut options, &text).map_err(ApiError::invalid)?;
    }
    service.world.options = options;
    Ok(())
}

fn body(request: &Request) -> Result<Json> {
    serde_json::from_slice(&request.body)
        .map_err(|error| ApiError::invalid(format!("The body is no JSON: {error}.")))
}
