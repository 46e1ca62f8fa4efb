//! Answers `/_emulator/`: what the library can do to an emulator, by HTTP, so that the program can
//! be scripted.
//!
//! Each request needs the personal access token, a `Host` that is the emulator's, no foreign `Origin`,
//! and `Content-Type: application/json` where it has a body: a web page that is open in a browser can
//! neither change the emulator nor read its record.
//!
//! | request | does |
//! |---|---|
//! | `GET /_emulator/health` | answers, without a token, once the emulator serves |
//! | `GET /_emulator/requests` | the recorded requests |
//! | `DELETE /_emulator/requests` | forgets them |
//! | `POST /_emulator/faults` | plans a [`Fault`] |
//! | `DELETE /_emulator/faults` | takes back all that are planned |
//! | `GET /_emulator/rules` | the inferred and disputed behaviors, and their values |
//! | `POST /_emulator/rules` | sets some from now on: `{"conflicts": "project", "echo-spec": true}` |
//! | `POST /_emulator/deviations` | the [`Deviations`] from now on, e.g. `{"delayed_effects": 2}`; `{}` turns all deviations off |
//! | `POST /_emulator/objects` | `{"name", "body"}` creates an object at once |
//! | `POST /_emulator/drift` | `{"name", "status"}` changes settings, `{"name", "remove": true}` removes |
//! | `POST /_emulator/clock` | `{"advance": "3600s"}` |
//! | `POST /_emulator/reset` | an empty workspace, as it was at the start |
//!
//! The emulator has no SQL. A database has the schema `public` with the table `orders`. Schemas and their
//! tables are changed as if they were in its status: `{"schemas": {"sales": ["customers"]}}`.

use serde_json::{Value as Json, json};

use crate::auth;
use crate::error::{ApiError, Result};
use crate::faults::Fault;
use crate::message::{Answer, Request};
#[cfg(doc)]
use crate::options::behaviors::Deviations;
use crate::options::behaviors::{self, Behavior};
use crate::service::Service;
use crate::wire::parse_duration;

/// Answers a request below `/_emulator/`.
pub(crate) fn answer(service: &mut Service, request: &Request) -> Answer {
    let body = admit(service, request).and_then(|()| perform(service, request));
    match body {
        Ok(body) => Answer::json(200, &body),
        Err(error) => Answer::json(error.status, &error.body("")),
    }
}

fn admit(service: &Service, request: &Request) -> Result<()> {
    let refuse = |text: String| Err(ApiError::new(403, "PERMISSION_DENIED", text));
    let host = request.host.as_deref().unwrap_or_default();
    let public = service.world.url.split_once("://").map(|(_, host)| host);
    if !is_this_machine(host) && public != Some(host) {
        return refuse(format!("The host '{host}' is not that of the emulator."));
    }
    let origin_host = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_owned());
    if let Some(origin) = &request.origin
        && origin_host(origin).as_deref() != Some(host)
    {
        return refuse(format!("Pages of '{origin}' may not use the emulator."));
    }
    if request.path == "/_emulator/health" {
        return Ok(());
    }
    auth::admit(&service.world, request, service.clock.now())?;
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

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

fn perform(service: &mut Service, request: &Request) -> Result<Json> {
    let done = Ok(json!({}));
    let method = if request.method == "HEAD" { "GET" } else { &request.method };
    match (method, request.path.as_str()) {
        ("GET", "/_emulator/health") => done,
        ("GET", "/_emulator/requests") => {
            let (requests, dropped) = (service.journal.entries(), service.journal.dropped());
            Ok(json!({"requests": requests, "dropped": dropped}))
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
