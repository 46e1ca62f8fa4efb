//! Waiting for what the service has taken on: the loop around the decisions of `operation.rs`.

use crate::client::Client;
use crate::error::{Error, Kind, Problem, Report, Responder};
use crate::operation::{Operation, PollResult};
use crate::{Deadline, Json};

impl Client {
    /// Waits until an operation is done, and returns its response: the object, or `null` where
    /// there is none to return.
    ///
    /// *Guarantees.* An operation that is done already costs no request. What may pass (429, 5xx,
    /// a lost connection) does not end the wait. Every error names the operation.
    ///
    /// *Errors.* The operation's own; [`Error::is_timeout`] and [`Error::is_interrupted`], with
    /// which the operation goes on without us.
    pub async fn wait(&self, operation: Operation, deadline: &Deadline) -> Result<Json, Error> {
        let name = operation.name.clone();
        let report = Report { operation: Some(name.clone()), ..Report::default() };
        let look = |answer| Operation::of_answer(answer).map(Operation::look);
        self.watch(&name, Some(operation.look()), look, report, deadline).await
    }

    /// Reads an object until it has settled, and returns it. `unsettled` says in which state an
    /// object is that has not, or with which code and message it never will.
    ///
    /// *Caveats.* To be called after [`Client::wait`]: an endpoint whose operation is done may
    /// still be on its way.
    pub async fn settle(
        &self,
        name: &str,
        unsettled: impl Fn(&Json) -> Result<Option<String>, [String; 2]>,
        deadline: &Deadline,
    ) -> Result<Json, Error> {
        let look = |answer: Json| match unsettled(&answer) {
            Ok(Some(state)) => Ok(PollResult::Going(state)),
            Ok(None) => Ok(PollResult::Done(answer)),
            Err([code, message]) => {
                Ok(PollResult::Failed(Problem { code: Some(code), message, details: Vec::new() }))
            }
        };
        self.watch(name, None, look, Report::default(), deadline).await
    }

    /// Looks at `name` until it no longer goes on. `seen` is what is known before the first look.
    async fn watch(
        &self,
        name: &str,
        seen: Option<PollResult>,
        look: impl Fn(Json) -> Result<PollResult, String>,
        mut report: Report,
        deadline: &Deadline,
    ) -> Result<Json, Error> {
        report.request = self.label(name);
        let start = self.clock().elapsed();
        let mut seen = seen;
        let mut last = None;
        loop {
            report.elapsed = deadline.elapsed();
            match seen.take() {
                Some(PollResult::Done(json)) => return Ok(json),
                Some(PollResult::Failed(problem)) => {
                    return Err(Error::new(Kind::OperationFailed(problem), report));
                }
                Some(PollResult::Going(state)) => {
                    if report.last_state.as_ref() != Some(&state) {
                        tracing::info!(name, state, "waiting");
                    }
                    report.last_state = Some(state);
                }
                None => {}
            }
            if report.last_state.is_some() || last.is_some() {
                let waited = self.clock().elapsed().saturating_sub(start);
                let pause = crate::deadline::pause(waited, self.clock().unit());
                if let Err(cut) = deadline.sleep(pause).await {
                    report.elapsed = deadline.elapsed();
                    return Err(Error::new(cut.after(last), report));
                }
            }
            report.attempts += 1;
            match self.get(name, deadline).await {
                Ok(answer) => {
                    let status = 200;
                    seen = Some(look(answer).map_err(|what| {
                        Error::new(
                            Kind::UnexpectedResponse {
                                status,
                                what,
                                responder: Responder::Unknown,
                            },
                            report.clone(),
                        )
                    })?);
                    last = None;
                }
                Err(error) if error.is_transient() => last = Some(error),
                Err(error) => {
                    report.elapsed = deadline.elapsed();
                    return Err(error.of_wait(report));
                }
            }
        }
    }
}
