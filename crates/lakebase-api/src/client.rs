//! Offers what can be asked of the Lakebase API: the verbs of its resources, for all of them alike.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::authentication::{self, AuthError, Authenticator, Credentials};
use crate::clock::Clock;
use crate::error::{Error, Kind, Report, Responder};
use crate::http_client::{CONNECT_TIMEOUT, HttpClient, HttpOptions, Trust};
use crate::request::{self, Request};
use crate::retry::Effect;
use crate::settings::{Limits, Settings};
use crate::transport::Transport;
use crate::user_agent::user_agent;
use crate::{Credential, CredentialRequest, Deadline, Environment, Json, Operation, RolePassword};

/// Who asks. It also says, in a header, which workspace answers (API reference, 10).
const ME: &str = "/api/2.0/preview/scim/v2/Me";

/// A client of one workspace. Clones share connections, token and pace.
///
/// Names are full and without a leading slash, `projects/p/branches/b`, and so are collections,
/// `projects/p/branches`; the service's own names are passed back as they are.
///
/// *Errors.* Every method fails with [`Error`]; its predicates say what may be done about it.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    host: Url,
    skip_verify: bool,
    transport: Transport,
    authenticator: Authenticator,
}

/// Who the service takes the caller for.
#[derive(Clone, Debug, Deserialize)]
pub struct Me {
    /// An e-mail address, or the application id of a service principal. Also the name by which
    /// Postgres knows the caller.
    #[serde(rename = "userName")]
    pub user_name: String,
}

impl Client {
    /// Finds the host and the methods of authentication: values that are given, else those of the
    /// environment, else those of a profile. No request is made before the first call needs one.
    ///
    /// *Errors.* [`AuthError`] lists each method and the reason that it cannot be used.
    pub fn new(
        credentials: &Credentials,
        environment: &Environment,
        settings: Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthError> {
        Self::trusting(Trust::default(), credentials, environment, settings, clock)
    }

    /// The same with other roots and another proxy than the platform's.
    pub(crate) fn trusting(
        trust: Trust,
        credentials: &Credentials,
        environment: &Environment,
        settings: Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthError> {
        let authentication::Resolved { host, defaults, skip_verify, authenticator } =
            authentication::resolve(credentials, environment)?;
        let Settings { user_agent: product, .. } = settings;
        let limits = Limits {
            http_timeout: settings
                .http_timeout
                .or(defaults.http_timeout)
                .unwrap_or(Settings::HTTP_TIMEOUT),
            retry_timeout: settings
                .retry_timeout
                .or(defaults.retry_timeout)
                .unwrap_or(Settings::RETRY_TIMEOUT),
            requests_per_second: settings.requests_per_second.or(defaults.requests_per_second),
            expected_workspace_id: settings.expected_workspace_id,
        };
        let http = HttpClient::new(HttpOptions {
            user_agent: user_agent(&product, environment),
            // Within the time for an attempt, or a connection that hangs would count as a lost answer.
            connect_timeout: CONNECT_TIMEOUT.min(limits.http_timeout / 2),
            skip_verify,
            trust,
        });
        let transport = Transport::new(limits, clock, http);
        Ok(Self(Arc::new(Inner { host, skip_verify, transport, authenticator })))
    }

    /// Where the requests go: `https://name.cloud.databricks.com`.
    pub fn host(&self) -> &str {
        self.0.authenticator.host().unwrap_or(&self.0.host).as_str().trim_end_matches('/')
    }

    /// The method of authentication: the one that gave a token, before that the first candidate.
    pub fn auth_type(&self) -> &str {
        self.0.authenticator.name()
    }

    /// Whether any certificate is accepted, because `skip_verify` says so.
    pub fn skips_verification(&self) -> bool {
        self.0.skip_verify
    }

    /// The workspace that answered last; none before the first answer.
    pub fn workspace_id(&self) -> Option<String> {
        self.0.transport.workspace()
    }

    /// A deadline that begins now, and a way to stop before it.
    pub fn deadline(&self, timeout: Duration, stop: CancellationToken) -> Deadline {
        Deadline::new(self.0.transport.clock.clone(), timeout, stop)
    }

    /// Reads an object by its resource name.
    pub async fn get(&self, name: &str, deadline: &Deadline) -> Result<Json, Error> {
        let url = self.url(&Method::GET, name, &[])?;
        self.send(&Request::get(url), deadline).await
    }

    /// Reads a collection, all pages of it.
    ///
    /// *Assumptions.* The member that holds the objects is the collection's last part with `_` for
    /// `-`: `cdf_configs` in `…/cdf-configs`. An empty page has none (API reference, 1.2).
    pub async fn list(
        &self,
        collection: &str,
        query: &[(&str, String)],
        deadline: &Deadline,
    ) -> Result<Vec<Json>, Error> {
        let member = collection.rsplit('/').next().unwrap_or_default().replace('-', "_");
        let mut objects = Vec::new();
        let mut tokens = Vec::new();
        loop {
            let mut query = query.to_vec();
            query.extend(tokens.last().map(|token: &String| ("page_token", token.clone())));
            let request = Request::get(self.url(&Method::GET, collection, &query)?);
            let Json::Object(mut page) = self.send(&request, deadline).await? else {
                return Err(strange(&request, "a page of a list is no object"));
            };
            match page.remove(&member) {
                Some(Json::Array(more)) => objects.extend(more),
                None | Some(Json::Null) => {}
                Some(_) => return Err(strange(&request, &format!("`{member}` is no list"))),
            }
            match page.get("next_page_token").and_then(Json::as_str) {
                None | Some("") => return Ok(objects),
                Some(next) if tokens.iter().any(|token| token == next) => {
                    return Err(strange(&request, "two pages name the same next page"));
                }
                Some(next) => tokens.push(next.to_owned()),
            }
        }
    }

    /// Makes an object, with its id in the query; also sends the verbs that are collections in
    /// form, such as `projects/p/undelete` with the body `{}`.
    ///
    /// *Guarantees.* Sent once: repeated only after an answer, or a missing connection, that rules
    /// an effect out. Otherwise the error [may have happened](Error::outcome_is_unknown).
    pub async fn create(
        &self,
        collection: &str,
        query: &[(&str, String)],
        body: &Json,
        deadline: &Deadline,
    ) -> Result<Operation, Error> {
        let url = self.url(&Method::POST, collection, query)?;
        self.change(&Request::with_json(Method::POST, url, body, Effect::Once), deadline).await
    }

    /// Changes what `mask` names to what `body` says: paths such as `spec.display_name`, each of
    /// which the body must have (API reference, 1.6).
    pub async fn update(
        &self,
        name: &str,
        mask: &[String],
        body: &Json,
        deadline: &Deadline,
    ) -> Result<Operation, Error> {
        let url = self.url(&Method::PATCH, name, &[("update_mask", mask.join(","))])?;
        let request = Request::with_json(Method::PATCH, url, body, Effect::Repeatable);
        self.change(&request, deadline).await
    }

    /// Removes an object.
    ///
    /// *Caveats.* "Not found" is an error here, also where the first of two attempts removed the
    /// object and its answer was lost: for a delete it is success.
    pub async fn delete(
        &self,
        name: &str,
        query: &[(&str, String)],
        deadline: &Deadline,
    ) -> Result<Operation, Error> {
        let url = self.url(&Method::DELETE, name, query)?;
        self.change(&Request::delete(url), deadline).await
    }

    /// Reads the permissions on an object, such as `database-projects/p`.
    pub async fn permissions(&self, object: &str, deadline: &Deadline) -> Result<Json, Error> {
        let url = self.url_below(request::PERMISSIONS, &Method::GET, object, &[])?;
        self.send(&Request::get(url), deadline).await
    }

    /// Replaces the permissions on an object by those of a body, at once. What is inherited remains.
    pub async fn replace_permissions(
        &self,
        object: &str,
        body: &Json,
        deadline: &Deadline,
    ) -> Result<Operation, Error> {
        let Inner { transport, authenticator, .. } = &*self.0;
        let url = self.url_below(request::PERMISSIONS, &Method::PUT, object, &[])?;
        let request = Request::with_json(Method::PUT, url, body, Effect::Repeatable);
        transport.ask_workspace(self.me_url(), authenticator, deadline).await?;
        self.send(&request, deadline).await.map(Operation::done)
    }

    /// Looks at an operation, once.
    pub async fn operation(&self, name: &str, deadline: &Deadline) -> Result<Operation, Error> {
        let request = Request::get(self.url(&Method::GET, name, &[])?);
        let answer = self.send(&request, deadline).await?;
        Operation::of_answer(answer).map_err(|what| strange(&request, &what))
    }

    /// Asks who the caller is.
    pub async fn me(&self, deadline: &Deadline) -> Result<Me, Error> {
        let request = Request::get(self.me_url());
        let answer = self.send(&request, deadline).await?;
        typed(&request, answer)
    }

    /// Learns which workspace answers, for [`Client::workspace_id`]: by at most one request, however
    /// many callers there are, and by none if any answer has already said it. Where the workspace
    /// cannot be learned, nothing is known afterwards, and the next request says why.
    pub async fn learn_workspace(&self, deadline: &Deadline) {
        let Inner { transport, authenticator, .. } = &*self.0;
        transport.learn_workspace(self.me_url(), authenticator, deadline).await;
    }

    /// Makes a password for Postgres. It changes nothing, so it is repeated like a read.
    pub async fn generate_credential(
        &self,
        credential: &CredentialRequest,
        deadline: &Deadline,
    ) -> Result<Credential, Error> {
        let url = self.url(&Method::POST, "credentials", &[])?;
        let request = Request::with_json(Method::POST, url, &credential.body(), Effect::Read);
        let answer = self.send(&request, deadline).await?;
        typed(&request, answer)
    }

    /// Reveals the password of a role. It changes nothing, so it is repeated like a read.
    pub async fn reveal_password(
        &self,
        role: &str,
        deadline: &Deadline,
    ) -> Result<RolePassword, Error> {
        let url = self.url(&Method::POST, &format!("{role}/password"), &[])?;
        let request = Request::with_json(Method::POST, url, &serde_json::json!({}), Effect::Read);
        let answer = self.send(&request, deadline).await?;
        typed(&request, answer)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.transport.clock
    }

    /// How a read of `name` is called in errors.
    pub(crate) fn label(&self, name: &str) -> String {
        let url = request::address(&self.0.host, request::ROOT, name, &[]);
        url.map_or_else(|_| format!("GET {name}"), |url| Request::get(url).label())
    }

    /// Sends what changes something, after making sure that it reaches the expected workspace.
    async fn change(&self, request: &Request, deadline: &Deadline) -> Result<Operation, Error> {
        let Inner { transport, authenticator, .. } = &*self.0;
        transport.ask_workspace(self.me_url(), authenticator, deadline).await?;
        let answer = self.send(request, deadline).await?;
        Operation::of_answer(answer).map_err(|what| strange(request, &what))
    }

    /// Sends a request. An answer is believed only once the workspace behind it is known to be the
    /// expected one: an answer that does not say its workspace waits for another that does.
    async fn send(&self, request: &Request, deadline: &Deadline) -> Result<Json, Error> {
        let Inner { transport, authenticator, .. } = &*self.0;
        let answer = transport.deliver(request, Some(authenticator), deadline).await;
        let is_answered = match &answer {
            Ok(_) => true,
            Err(error) => error.is_answered(),
        };
        if is_answered && !transport.is_expected_workspace() {
            transport.ask_workspace(self.me_url(), authenticator, deadline).await?;
        }
        answer
    }

    fn me_url(&self) -> Url {
        request::absolute(&self.0.host, ME)
    }

    fn url(&self, method: &Method, name: &str, query: &[(&str, String)]) -> Result<Url, Error> {
        self.url_below(request::ROOT, method, name, query)
    }

    fn url_below(
        &self,
        root: &str,
        method: &Method,
        name: &str,
        query: &[(&str, String)],
    ) -> Result<Url, Error> {
        request::address(&self.0.host, root, name, query).map_err(|what| {
            let request = format!("{method} {name}");
            Error::new(Kind::Unusable { what }, Report { request, ..Report::default() })
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, auth_type) = (self.host(), self.auth_type());
        f.debug_struct("Client").field("host", &host).field("auth_type", &auth_type).finish()
    }
}

/// An answer that is JSON, but not what the service answers.
fn strange(request: &Request, what: &str) -> Error {
    let kind = Kind::UnexpectedResponse {
        status: 200,
        what: what.to_owned(),
        responder: Responder::Unknown,
    };
    let doubt = request.effect != Effect::Read;
    Error::new(kind, Report { request: request.label(), attempts: 1, doubt, ..Report::default() })
}

/// Reads an answer whose members are acted upon. What does not fit is not quoted: it may be secret.
fn typed<T: DeserializeOwned>(request: &Request, answer: Json) -> Result<T, Error> {
    serde_json::from_value(answer).map_err(|_| strange(request, "a required member is missing"))
}
