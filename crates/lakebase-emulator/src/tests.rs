//! The rules of the service, asked for through whole requests, one file a subject. A [`Workspace`]
//! answers them without a socket.

mod access;
mod adoption;
mod bodies;
mod catalogs;
mod cdf_configs;
mod computes;
mod concurrency;
mod data_apis;
mod deletion;
mod deviations;
mod faults;
mod kinds;
mod lifecycle;
mod lists;
mod masks;
mod odd;
mod recorded;
mod roles;
mod rules;
mod snapshot_schedules;
mod snapshots;
mod state;
mod synced_tables;

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::message::{Reply, Request};
use crate::options::Options;
use crate::options::behaviors::Behaviors;
use crate::service::Service;

struct Workspace {
    service: Service,
}

impl Workspace {
    fn new() -> Workspace {
        Workspace::with(Options::default())
    }

    fn with(options: Options) -> Workspace {
        let options = Options { frozen_clock: true, ..options };
        Workspace { service: Service::new(options, "http://emulator".to_owned()) }
    }

    /// As [`Workspace::with_branch`], with other behaviors than the default ones.
    fn behaving(behaviors: Behaviors) -> Workspace {
        Workspace::with_branch(Options { behaviors, ..Options::default() })
    }

    /// With the project `p`, and in it the branch `dev`.
    fn with_branch(options: Options) -> Workspace {
        let mut workspace = Workspace::with(options);
        workspace.ok("POST projects?project_id=p", &json!({}));
        workspace.pass(60);
        workspace
            .ok("POST projects/p/branches?branch_id=dev", &json!({"spec": {"no_expiry": true}}));
        workspace.pass(60);
        workspace
    }

    /// The reply to `METHOD path?query`, the path below the API's.
    fn reply(&mut self, line: &str, body: &Json) -> Reply {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        self.service.answer(&Request {
            method: method.to_owned(),
            path: format!("/api/2.0/postgres/{path}"),
            query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            authorization: Some("Bearer emulator-token".to_owned()),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            ..Request::default()
        })
    }

    fn ask(&mut self, line: &str, body: &Json) -> (u16, Json) {
        match self.reply(line, body) {
            Reply::Answer(answer) => {
                (answer.status, serde_json::from_str(&answer.body).expect("an answer of JSON"))
            }
            other => panic!("{line}: {other:?}"),
        }
    }

    /// The answer of a request that must succeed.
    fn ok(&mut self, line: &str, body: &Json) -> Json {
        let (status, answer) = self.ask(line, body);
        assert_eq!(status, 200, "{line} {body}: {answer}");
        answer
    }

    fn get(&mut self, name: &str) -> Json {
        self.ok(&format!("GET {name}"), &Json::Null)
    }

    /// `400 CODE: message` of a request that must be refused.
    fn refused(&mut self, line: &str, body: &Json) -> String {
        let (status, answer) = self.ask(line, body);
        assert_ne!(status, 200, "{line} {body}: {answer}");
        let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        format!("{status} {}: {}", text("error_code"), text("message"))
    }

    fn pass(&mut self, seconds: i64) {
        self.service.clock.advance(SignedDuration::from_secs(seconds));
    }

    fn names(&mut self) -> Vec<String> {
        self.service.names()
    }
}

impl Drop for Workspace {
    /// Whatever a test has done, its workspace can be written out and read back.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let state = self.service.state();
        let options = self.service.world.options.clone();
        let mut copy = Service::new(options, "http://emulator".to_owned());
        let read = copy.set_state(state.to_string().as_bytes());
        assert!(read.is_ok(), "{read:?} {state:#}");
        assert_eq!(copy.state(), state);
        for name in self.service.names() {
            assert_eq!(copy.get(&name), self.service.get(&name), "{name}");
        }
        let later = SignedDuration::from_secs(30);
        self.service.clock.advance(later);
        copy.clock.advance(later);
        for name in self.service.names() {
            assert_eq!(copy.get(&name), self.service.get(&name), "{name}");
        }
    }
}

/// Operations that run for ten seconds, and endpoints that settle in five more.
fn slow() -> Options {
    Options {
        operation_delay: Duration::from_secs(10),
        settle_delay: Duration::from_secs(5),
        ..Options::default()
    }
}

fn permanent() -> Json {
    json!({"spec": {"no_expiry": true}})
}

fn read_only() -> Json {
    json!({"spec": {"endpoint_type": "ENDPOINT_TYPE_READ_ONLY"}})
}
