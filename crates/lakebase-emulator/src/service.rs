//! Leads a request through the emulated workspace: authentication, planned faults, the API, the record.
//! Pure but for the clock: a request goes in, a reply comes out. Knows no sockets.
//!
//! Start at [`Service::answer`]; what the API does stands in [`crate::api`].

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::api;
use crate::auth;
use crate::clock::{Clock, later};
use crate::error::{ApiError, Result};
use crate::faults::{Effect, Fault, FaultKind, Faults};
use crate::journal::{Journal, Recorded, recorded_body};
use crate::kinds;
use crate::message::{Answer, Input, Reply, Request};
use crate::model::store::Store;
use crate::model::world::World;
use crate::options::Options;
use crate::schema::{Map, merge_patch};
use crate::state;
use crate::wire::format_timestamp;

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    /// As at the start.
    options: Options,
}

impl Service {
    pub(crate) fn new(options: Options, url: String) -> Service {
        Service {
            clock: Clock::new(options.frozen_clock),
            world: World::new(kinds::KINDS, options.clone(), url),
            faults: Faults::default(),
            journal: Journal::default(),
            options,
        }
    }

    /// Forgets everything but the options of the start.
    pub(crate) fn reset(&mut self) {
        let mut journal = std::mem::take(&mut self.journal);
        journal.clear();
        let hosts = std::mem::take(&mut self.world.hosts);
        *self = Service::new(self.options.clone(), std::mem::take(&mut self.world.url));
        self.journal = journal;
        self.world.hosts = hosts;
    }

    /// The whole workspace as a document.
    pub(crate) fn state(&mut self) -> Json {
        let now = self.clock.now();
        self.world.sweep(now);
        state::write(&self.world, now)
    }

    /// Replaces the workspace by that of a document, or changes nothing.
    pub(crate) fn set_state(&mut self, document: &[u8]) -> Result<()> {
        let (world, time) = state::read(&self.world, document, self.clock.now())?;
        let hosts = std::mem::take(&mut self.world.hosts);
        self.world = world;
        self.world.hosts = hosts;
        self.world.number_all();
        if let Some(time) = time {
            self.clock.set(time);
        }
        Ok(())
    }

    /// Takes back planned faults, and ends stale reads.
    pub(crate) fn forget_faults(&mut self) {
        self.faults.clear();
        self.world.stale.clear();
    }

    /// Answers a request, records it, and applies the planned fault that hits it.
    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        let now = self.clock.now();
        self.world.sweep(now);
        let request_id = self.world.uuid();
        let fault = self.faults.next(&request.method, &request.path);
        let mut reply = match &fault {
            None => Reply::Answer(self.perform(request, &request_id, now)),
            Some(fault) => self.perform_with(fault, request, &request_id, now),
        };
        let (mut status, mut error_code) = (0, None);
        if let Reply::Answer(answer) = &mut reply {
            status = answer.status;
            error_code = answer.error_code();
            self.add_headers(answer, request_id);
        }
        self.record(request, status, error_code);
        reply
    }

    /// Answers a request that is refused before it is looked at.
    pub(crate) fn refuse(&mut self, request: &Request, error: &ApiError) -> Answer {
        self.record(request, error.status, Some(error.code.clone()));
        let request_id = self.world.uuid();
        let mut answer = Answer::refusal(error, &request_id);
        self.add_headers(&mut answer, request_id);
        answer
    }

    fn add_headers(&self, answer: &mut Answer, request_id: String) {
        answer.headers.push(("x-request-id", request_id));
        answer.headers.push(("x-databricks-org-id", self.options.workspace_id.clone()));
    }

    fn record(&mut self, request: &Request, status: u16, error_code: Option<String>) {
        let changes = matches!(request.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE");
        let mutates = match kinds::call(request) {
            Some(call) => call.mutates,
            None => changes && request.path.starts_with(api::ROOT),
        };
        let entry = Recorded {
            number: 0,
            time: format_timestamp(self.clock.now()),
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            body: recorded_body(&request.body),
            status,
            error_code,
            mutates,
        };
        self.journal.add(entry, request.body.len());
    }

    /// Answers a request that a fault hits.
    fn perform_with(
        &mut self,
        fault: &Fault,
        request: &Request,
        request_id: &str,
        now: Timestamp,
    ) -> Reply {
        let before = self.world.store.clone();
        let acts = match fault.kind {
            FaultKind::ConflictOutside => false,
            FaultKind::FailOperation { .. }
            | FaultKind::NeverFinish
            | FaultKind::Linger { .. }
            | FaultKind::StaleRead { .. } => true,
            _ => fault.effect == Effect::After,
        };
        let answer = acts.then(|| self.perform(request, request_id, now));
        let started = answer.as_ref().and_then(|answer| {
            let body: Json = serde_json::from_str(&answer.body).ok()?;
            let name = body.get("name")?.as_str()?;
            self.world.operations.get(name).map(|_| name.to_owned())
        });
        let refuse = |error: ApiError| Reply::Answer(Answer::refusal(&error, request_id));
        match &fault.kind {
            FaultKind::CutConnection => return Reply::Cut,
            FaultKind::Hang => return Reply::Hang,
            FaultKind::Html { status } => {
                return Reply::Answer(Answer {
                    status: *status,
                    headers: Vec::new(),
                    content_type: "text/html",
                    body: "<html><body><pre>The proxy could not reach the service.</pre></body></html>"
                        .to_owned(),
                });
            }
            FaultKind::Status { status, error_code, message, retry_after } => {
                let mut error = ApiError::new(*status, error_code, message);
                error.retry_after = *retry_after;
                return refuse(error);
            }
            FaultKind::ConflictOutside => return refuse(ApiError::conflict()),
            FaultKind::FailOperation { error_code, message } => {
                let started = started.and_then(|name| self.world.operations.get_mut(&name));
                if let Some(operation) = started {
                    // [DOC] §4.1: the shape; no failed operation was ever recorded.
                    operation.outcome =
                        Err(json!({"error_code": error_code, "message": message, "details": []}));
                    if fault.effect == Effect::Before {
                        self.world.store = before;
                    }
                }
            }
            FaultKind::NeverFinish => self.prolong(started, Timestamp::MAX, now),
            FaultKind::Linger { seconds } => {
                let ends = later(now, SignedDuration::from_secs((*seconds).into()));
                self.prolong(started, ends, now);
            }
            FaultKind::StaleRead { reads } => {
                let about = started.and_then(|name| self.world.operations.get(&name));
                if let Some(name) = about.map(|operation| operation.about.clone()) {
                    let was = api::show(&self.world, &before, &name, now);
                    self.world.stale.add(name, *reads, was);
                }
            }
        }
        Reply::Answer(answer.expect("the kinds that end here act"))
    }

    fn prolong(&mut self, operation: Option<String>, ends: Timestamp, now: Timestamp) {
        if let Some(operation) = operation {
            api::prolong(&mut self.world, &operation, ends, now);
        }
    }

    fn perform(&mut self, request: &Request, request_id: &str, now: Timestamp) -> Answer {
        match self.route(request, now) {
            Ok(answer) => answer,
            Err(error) => Answer::refusal(&error, request_id),
        }
    }

    fn route(&mut self, request: &Request, now: Timestamp) -> Result<Answer> {
        let call = kinds::call(request);
        let is_public = call.is_some_and(|call| call.is_public);
        if !is_public {
            auth::admit(&self.world, request, now)?;
        }
        let body = match request.body.as_slice() {
            _ if is_public => Json::Null,
            [] => Json::Null,
            bytes => serde_json::from_slice(bytes).map_err(|error| {
                ApiError::new(400, "MALFORMED_REQUEST", format!("The body is no JSON: {error}."))
            })?,
        };
        let method = if request.method == "HEAD" { "GET" } else { &request.method };
        let (path, query) = (request.path.as_str(), request.query.as_slice());
        let input = Input { method, path, query, body, request, now };
        if let Some(call) = call {
            return (call.answer)(&mut self.world, &input);
        }
        let Some(path) = request.path.strip_prefix(api::ROOT) else {
            return Err(ApiError::no_such_api(method, &request.path));
        };
        let body = self.api(&input, path)?;
        Ok(Answer::json(200, &self.world.options.deviations.present(body)))
    }

    /// Performs a call of the API itself, with the delays that are asked for.
    fn api(&mut self, input: &Input<'_>, path: &str) -> Result<Json> {
        let world = &mut self.world;
        if input.method == "GET"
            && let Some(was) = world.stale.get(path).cloned()
        {
            world.stale.count(path);
            return was.ok_or_else(|| api::missing(world, path));
        }
        let reads = world.options.deviations.delayed_effects;
        let before = (reads > 0 && input.method != "GET").then(|| world.store.clone());
        let body = api::call(world, input, path)?;
        if let Some(before) = before {
            self.delay(&before, reads, input.now);
        }
        Ok(body)
    }

    /// Lets the next reads show what has just changed as it was before.
    fn delay(&mut self, before: &Store, reads: u32, now: Timestamp) {
        let world = &mut self.world;
        let names: BTreeSet<String> =
            before.all_names().chain(world.store.all_names()).cloned().collect();
        for name in names {
            let was = api::show(world, before, &name, now);
            if was != api::show(world, &world.store, &name, now) {
                world.stale.add(name, reads, was);
            }
        }
    }

    /// What a GET of this name would answer now, without a record.
    pub(crate) fn get(&mut self, name: &str) -> Option<Json> {
        let now = self.clock.now();
        self.world.sweep(now);
        let found = api::show(&self.world, &self.world.store, name, now);
        found.map(|json| self.world.options.deviations.present(json))
    }

    /// The names of everything that lives now.
    pub(crate) fn names(&mut self) -> Vec<String> {
        self.world.sweep(self.clock.now());
        self.world.store.names()
    }

    /// Creates an object as a client could, but at once and with any ID.
    pub(crate) fn create(&mut self, name: &str, body: &Json) -> Result<()> {
        let now = self.clock.now();
        self.world.sweep(now);
        api::seed(&mut self.world, name, body, now)
    }

    /// Merges a patch into an object's status; whether there is such an object.
    pub(crate) fn change(&mut self, name: &str, patch: &Map) -> bool {
        let object = self.world.lasting(name, self.clock.now());
        object.map(|object| merge_patch(&mut object.settings, patch)).is_some()
    }

    /// Removes an object and all that is in it; whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let there = self.world.store.get(name).is_some();
        self.world.store.remove(name);
        there
    }
}
