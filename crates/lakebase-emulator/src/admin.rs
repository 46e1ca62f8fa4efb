//! `/_emulator/`: what the library can do to an emulator, by HTTP, so that the program can be
//! scripted. Needs no token: the emulator listens on the loopback only.
//!
//! | request | does |
//! |---|---|
//! | `GET /_emulator/requests` | the recorded requests |
//! | `DELETE /_emulator/requests` | forgets them |
//! | `POST /_emulator/faults` | plans a [`Fault`] |
//! | `DELETE /_emulator/faults` | takes back all that are planned |
//! | `POST /_emulator/unkind` | the [`Unkind`] from now on, e.g. `{"delayed_effects": 2}`; `{}` is kind |
//! | `POST /_emulator/drift` | `{"name", "status"}` changes settings, `{"name", "remove": true}` removes |
//! | `POST /_emulator/clock` | `{"advance": "3600s"}` |
//! | `POST /_emulator/reset` | an empty workspace, as it was at the start |

use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::faults::Fault;
use crate::service::{Answer, Request, Service, no_such_api};
#[cfg(doc)]
use crate::unkind::Unkind;
use crate::wire::parse_duration;

/// Answers a request below `/_emulator/`.
pub(crate) fn answer(service: &mut Service, request: &Request) -> Answer {
    match perform(service, request) {
        Ok(body) => Answer::json(200, &body),
        Err(error) => Answer::json(error.status, &error.body("")),
    }
}

fn perform(service: &mut Service, request: &Request) -> Result<Json> {
    let done = Ok(json!({}));
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/_emulator/requests") => Ok(json!({"requests": service.journal})),
        ("DELETE", "/_emulator/requests") => {
            service.journal.clear();
            done
        }
        ("POST", "/_emulator/faults") => {
            let fault: Fault = serde_json::from_value(body(request)?)
                .map_err(|error| ApiError::invalid(format!("This is no fault: {error}.")))?;
            service.faults.plan(fault);
            done
        }
        ("DELETE", "/_emulator/faults") => {
            service.behave();
            done
        }
        ("POST", "/_emulator/unkind") => {
            service.unkind = serde_json::from_value(body(request)?)
                .map_err(|error| ApiError::invalid(format!("This is not unkind: {error}.")))?;
            done
        }
        ("POST", "/_emulator/drift") => {
            let body = body(request)?;
            let name = body["name"].as_str().unwrap_or_default();
            let found = match (&body["status"], &body["remove"]) {
                (Json::Object(status), Json::Null) => service.drift(name, status),
                (Json::Null, Json::Bool(true)) => service.vanish(name),
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
        (method, path) => Err(no_such_api(method, path)),
    }
}

fn body(request: &Request) -> Result<Json> {
    serde_json::from_slice(&request.body)
        .map_err(|error| ApiError::invalid(format!("The body is no JSON: {error}.")))
}
