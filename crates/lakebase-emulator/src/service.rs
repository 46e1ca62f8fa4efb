//! The pretended workspace: one value behind one lock, and the way of a request through it. Pure
//! but for the clock: a request goes in, a reply comes out. Knows no sockets.
//!
//! Start at [`Service::answer`]; what the API does stands in [`crate::resources`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::auth;
use crate::call::Call;
use crate::clock::{Clock, later};
use crate::error::{ApiError, Result};
use crate::faults::{Effect, Fault, FaultKind, Faults};
use crate::journal::Recorded;
use crate::operations::Operations;
use crate::options::Options;
use crate::resources;
use crate::schema::Map;
use crate::store::{Kind, Store};
use crate::unkind::Unkind;

/// Where the service's own API begins.
const API: &str = "/api/2.0/postgres/";

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) options: Options,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) operations: Operations,
    pub(crate) faults: Faults,
    pub(crate) journal: Vec<Recorded>,
    /// OAuth tokens and when they expire.
    pub(crate) tokens: BTreeMap<String, Timestamp>,
    pub(crate) unkind: Unkind,
    /// What the next reads of a name see instead of the truth, and how many.
    stale: BTreeMap<String, (u32, Option<Json>)>,
    /// Seeded alike in every emulator, so that ids repeat from run to run.
    pub(crate) random: fastrand::Rng,
}

/// A request as it came off the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it came: nothing in it is decoded, since the names of operations hold `/`, `+` and `=`.
    pub(crate) path: String,
    /// Decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
    /// `X-Databricks-Workspace-Id`, or `X-Databricks-Org-Id` of older clients.
    pub(crate) workspace: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Reply {
    Answer(Answer),
    /// The connection is cut.
    Cut,
    /// Nothing, ever.
    Hang,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Json) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            content_type: "application/json",
            body: body.to_string(),
        }
    }
}

impl Service {
    pub(crate) fn new(options: Options, url: String) -> Service {
        Service {
            clock: Clock::new(options.frozen_clock),
            unkind: options.unkind,
            options,
            url,
            store: Store::default(),
            operations: Operations::default(),
            faults: Faults::default(),
            journal: Vec::new(),
            tokens: BTreeMap::new(),
            stale: BTreeMap::new(),
            random: fastrand::Rng::with_seed(0),
        }
    }

    /// Everything forgotten but the options.
    pub(crate) fn reset(&mut self) {
        *self = Service::new(self.options.clone(), std::mem::take(&mut self.url));
    }

    /// Takes back all misbehavior, reads that are still stale included.
    pub(crate) fn behave(&mut self) {
        self.faults.clear();
        self.stale.clear();
    }

    /// Answers a request, writes it down, and lets a planned fault strike.
    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        let now = self.clock.now();
        self.store.sweep(now);
        let request_id = self.uuid();
        let fault = self.faults.strike(&request.method, &request.path);
        let mut reply = match &fault {
            None => Reply::Answer(self.perform(request, &request_id, now)),
            Some(fault) => self.misbehave(fault, request, &request_id, now),
        };
        let mut status = 0;
        if let Reply::Answer(answer) = &mut reply {
            status = answer.status;
            answer.headers.push(("x-request-id", request_id));
            answer.headers.push(("x-databricks-org-id", self.options.workspace_id.clone()));
        }
        self.journal.push(Recorded {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            body: serde_json::from_slice(&request.body).unwrap_or(Json::Null),
            status,
        });
        reply
    }

    fn misbehave(
        &mut self,
        fault: &Fault,
        request: &Request,
        request_id: &str,
        now: Timestamp,
    ) -> Reply {
        let before = self.store.clone();
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
            self.operations.get(name).map(|_| name.to_owned())
        });
        let refuse = |error: ApiError| Reply::Answer(refusal(&error, request_id));
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
                if let Some(operation) = started.and_then(|name| self.operations.get_mut(&name)) {
                    // [DOC] §4.1: the shape; no failed operation was ever recorded.
                    operation.outcome =
                        Err(json!({"error_code": error_code, "message": message, "details": []}));
                    if fault.effect == Effect::Before {
                        self.store = before;
                    }
                }
            }
            FaultKind::NeverFinish | FaultKind::Linger { .. } => {
                let ends = match fault.kind {
                    FaultKind::Linger { seconds } => {
                        later(now, SignedDuration::from_secs(seconds.into()))
                    }
                    _ => Timestamp::MAX,
                };
                if let Some(operation) = started.and_then(|name| self.operations.get_mut(&name)) {
                    operation.ends = ends;
                    let is_new = before.get(&operation.about).is_none();
                    if let Some(object) = self.store.get_mut(&operation.about) {
                        object.settled = ends;
                        if is_new {
                            object.ready = ends;
                        }
                    }
                }
            }
            FaultKind::StaleRead { reads } => {
                if let Some(operation) = started.and_then(|name| self.operations.get(&name)) {
                    let was = resources::show(&before, &self.options, &operation.about, now);
                    self.stale.insert(operation.about.clone(), (*reads, was));
                }
            }
        }
        Reply::Answer(answer.expect("the kinds that end here act"))
    }

    fn perform(&mut self, request: &Request, request_id: &str, now: Timestamp) -> Answer {
        match self.route(request, now) {
            Ok(answer) => answer,
            Err(error) => refusal(&error, request_id),
        }
    }

    fn route(&mut self, request: &Request, now: Timestamp) -> Result<Answer> {
        if let Some(answer) = auth::public(self, request, now) {
            return Ok(answer);
        }
        auth::admit(self, request, now)?;
        if request.method == "GET" && request.path == "/api/2.0/preview/scim/v2/Me" {
            return Ok(Answer::json(200, &auth::me(&self.options)));
        }
        let Some(path) = request.path.strip_prefix(API) else {
            return Err(no_such_api(&request.method, &request.path));
        };
        if request.method == "GET"
            && let Some(answer) = self.stale_read(path)
        {
            return answer.map(|body| Answer::json(200, &self.unkind.present(body)));
        }
        let body = match request.body.as_slice() {
            [] => Json::Null,
            bytes => serde_json::from_slice(bytes).map_err(|error| {
                ApiError::new(400, "MALFORMED_REQUEST", format!("The body is no JSON: {error}."))
            })?,
        };
        let call = Call { method: &request.method, path, query: &request.query, body, now };
        let late = self.unkind.delayed_effects > 0 && request.method != "GET";
        let before = late.then(|| self.store.clone());
        let body = resources::call(self, &call)?;
        if let Some(before) = before {
            self.delay(&before, now);
        }
        Ok(Answer::json(200, &self.unkind.present(body)))
    }

    /// Lets the next reads show what has just changed as it was before.
    fn delay(&mut self, before: &Store, now: Timestamp) {
        let names = before.all_names().chain(self.store.all_names());
        for name in names.cloned().collect::<BTreeSet<_>>() {
            let was = resources::show(before, &self.options, &name, now);
            if was != resources::show(&self.store, &self.options, &name, now) {
                self.stale.insert(name, (self.unkind.delayed_effects, was));
            }
        }
    }

    /// What a read of this name sees now, without counting as one.
    pub(crate) fn seen(&self, name: &str, now: Timestamp) -> Option<Json> {
        match self.stale.get(name) {
            Some((_, was)) => was.clone(),
            None => resources::show(&self.store, &self.options, name, now),
        }
    }

    /// The names of what a read of a collection may see, be it deleted, sorted.
    pub(crate) fn visible(&self, parent: &str, kind: Kind) -> BTreeSet<String> {
        let mut names: BTreeSet<_> =
            self.store.children(parent, kind).map(|(name, _)| name.clone()).collect();
        names.extend(self.stale.keys().filter(|name| kind.has(name, parent)).cloned());
        names
    }

    /// What a read sees while an earlier mutation is not visible yet.
    fn stale_read(&mut self, name: &str) -> Option<Result<Json>> {
        let (_, was) = self.stale.get(name)?;
        let answer = was.clone().ok_or_else(|| resources::missing(name));
        self.count_read(name);
        Some(answer)
    }

    /// Brings the end of stale reads one nearer.
    pub(crate) fn count_read(&mut self, name: &str) {
        if let Some((reads, _)) = self.stale.get_mut(name) {
            *reads = reads.saturating_sub(1);
            if *reads == 0 {
                self.stale.remove(name);
            }
        }
    }

    /// What a GET of this name would answer now.
    pub(crate) fn look(&mut self, name: &str) -> Option<Json> {
        let now = self.clock.now();
        self.store.sweep(now);
        let found = resources::show(&self.store, &self.options, name, now);
        found.map(|json| self.unkind.present(json))
    }

    /// The names of everything that lives now.
    pub(crate) fn list(&mut self) -> Vec<String> {
        self.store.sweep(self.clock.now());
        self.store.names()
    }

    /// Merges a patch into an object's status; whether there is such an object.
    pub(crate) fn drift(&mut self, name: &str, patch: &Map) -> bool {
        let object = self.store.get_mut(name);
        object.map(|object| merge_patch(&mut object.status, patch)).is_some()
    }

    /// Removes an object and all that is in it; whether there was one.
    pub(crate) fn vanish(&mut self, name: &str) -> bool {
        let there = self.store.get(name).is_some();
        self.store.remove(name);
        there
    }

    pub(crate) fn uuid(&mut self) -> String {
        let bytes = self.random.u128(..).to_be_bytes();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

/// The platform's answer to a path that no API has. [INF] the text.
pub(crate) fn no_such_api(method: &str, path: &str) -> ApiError {
    ApiError::new(404, "ENDPOINT_NOT_FOUND", format!("No API found for '{method} {path}'"))
}

/// RFC 7396.
fn merge_patch(target: &mut Map, patch: &Map) {
    for (name, value) in patch {
        match (target.get_mut(name), value) {
            (_, Json::Null) => {
                target.remove(name);
            }
            (Some(Json::Object(target)), Json::Object(patch)) => merge_patch(target, patch),
            _ => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

fn refusal(error: &ApiError, request_id: &str) -> Answer {
    let mut answer = Answer::json(error.status, &error.body(request_id));
    if let Some(seconds) = error.retry_after {
        answer.headers.push(("retry-after", seconds.to_string()));
    }
    answer
}
