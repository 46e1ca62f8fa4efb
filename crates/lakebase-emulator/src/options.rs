//! What can be chosen about an emulator when it starts.

pub(crate) mod behaviors;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use behaviors::{Behaviors, Deviations};
use uuid::Uuid;

/// What can be chosen about an emulator when it starts. The default is a workspace in which
/// operations are done at their first poll.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on: 127.0.0.1, or 0.0.0.0 to serve other machines and containers, which
    /// takes a token and a client secret of its own.
    pub host: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The URL by which clients reach the emulator, if it is not `http://HOST:PORT`. Discovery shows
    /// it. A name that is not its host is refused in requests.
    pub public_url: Option<String>,
    /// How long an operation runs. 0: it is done at the first poll, never in the first answer.
    pub operation_delay: Duration,
    /// How long `pending_state` of an endpoint stays after its operation is done, how long a synced
    /// table waits for its pipeline, and how long one that is deleted can be read.
    pub settle_delay: Duration,
    /// How long the first copy of a synced table runs, after its create is done.
    pub sync_delay: Duration,
    /// The tables of Unity Catalog that do not exist, `main.sales.orders`. All others do.
    pub missing_tables: Vec<String>,
    /// How many objects of a sort there may be.
    pub quotas: Quotas,
    /// How many objects a list answer holds where the request names no `page_size`.
    pub page_size: usize,
    /// The value of `X-Databricks-Org-Id`.
    pub workspace_id: String,
    /// The identity of the token: an e-mail address, or the application ID of a service principal.
    pub user_name: String,
    /// The personal access token that is accepted.
    pub token: String,
    /// The OAuth client that is accepted.
    pub client_id: String,
    /// The secret of that client.
    pub client_secret: String,
    /// Who may use the workspace besides, as far as permissions allow. The identity of the fields
    /// above is an admin of the workspace.
    pub identities: Vec<Identity>,
    /// Whether the clock stands at 2026-01-01T00:00:00Z and only moves on request, so that
    /// answers repeat from run to run, times included.
    pub frozen_clock: bool,
    /// How long an OAuth token is accepted.
    pub token_lifetime: Duration,
    /// How `status` shows that a compute never suspends, which was never recorded (§12).
    pub report_never_suspended_as: NeverSuspended,
    /// Ways in which the service may differ from what was recorded of it.
    pub deviations: Deviations,
    /// How the emulator behaves where the service's behavior is inferred or disputed.
    pub behaviors: Behaviors,
    /// PostgreSQL behind the endpoints, if there is to be one.
    pub postgres: Option<PostgresOptions>,
}

/// What can be chosen about the PostgreSQL behind the endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Directories with the programs `postgres` and `initdb`. If there are none, those in `PATH` and
    /// in the usual places are found.
    pub binaries: Vec<PathBuf>,
    /// Whether a project whose major version is not installed runs the nearest one. Otherwise its
    /// endpoints refuse connections.
    pub any_version: bool,
    /// The port of all endpoints. Lakebase's is 5432, and the API has no field for it.
    pub port: u16,
    /// The domain of the hosts, all of which must lead to [`Options::host`]. Without one, each host
    /// is a loopback address of its own.
    pub domain: Option<String>,
    /// The user that servers run as, if the emulator runs as root: `postgres` or `nobody` if omitted.
    pub user: Option<String>,
    /// The directory for data, sockets and locks. If omitted, one in the directory for temporary
    /// files.
    pub directory: Option<PathBuf>,
}

impl Default for PostgresOptions {
    fn default() -> PostgresOptions {
        PostgresOptions {
            binaries: Vec::new(),
            any_version: false,
            port: 5432,
            domain: None,
            user: None,
            directory: None,
        }
    }
}

/// The token and the secret of an emulator that only this machine reaches.
const TOKEN: &str = "emulator-token";
const SECRET: &str = "emulator-secret";

impl Default for Options {
    fn default() -> Options {
        Options {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            public_url: None,
            operation_delay: Duration::ZERO,
            settle_delay: Duration::ZERO,
            sync_delay: Duration::ZERO,
            missing_tables: Vec::new(),
            quotas: Quotas::default(),
            page_size: 100,
            workspace_id: "470576644108500".to_owned(),
            user_name: "jane.doe@example.com".to_owned(),
            token: TOKEN.to_owned(),
            client_id: "emulator-client".to_owned(),
            client_secret: SECRET.to_owned(),
            identities: Vec::new(),
            frozen_clock: false,
            token_lifetime: Duration::from_hours(1),
            report_never_suspended_as: NeverSuspended::TimeoutAbsent,
            deviations: Deviations::default(),
            behaviors: Behaviors::default(),
            postgres: None,
        }
    }
}

impl Options {
    /// Replaces the token and the client secret by random ones where they are well known, and other
    /// machines reach the emulator.
    pub fn protect(&mut self) {
        if self.host.is_loopback() {
            return;
        }
        let others = self.identities.iter_mut();
        let others = others.flat_map(|identity| {
            [(&mut identity.token, TOKEN), (&mut identity.client_secret, SECRET)]
        });
        let first = [(&mut self.token, TOKEN), (&mut self.client_secret, SECRET)];
        for (text, known) in first.into_iter().chain(others) {
            if text.starts_with(known) {
                *text = Uuid::new_v4().simple().to_string();
            }
        }
    }

    /// Refuses options with which an emulator cannot serve.
    ///
    /// # Errors
    ///
    /// The text names what is wrong.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=100).contains(&self.page_size) {
            return Err(format!("the page size must be from 1 to 100, not {}", self.page_size));
        }
        if self.public_url.as_ref().is_some_and(|url| !is_origin(url)) {
            return Err("the public URL must look like http://emulator:8080".to_owned());
        }
        let is_known = |identity: &Identity| {
            identity.token.starts_with(TOKEN) || identity.client_secret.starts_with(SECRET)
        };
        if !self.host.is_loopback() && self.everybody().any(|it| is_known(&it)) {
            let text = "an emulator that other machines reach needs a token and a client secret of its own";
            return Err(text.to_owned());
        }
        let names: Vec<String> = self.everybody().map(|it| it.user_name).collect();
        if let Some(twice) = (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
            return Err(format!("there are two identities {}", names[twice]));
        }
        let is_printable =
            |text: &str| !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_graphic());
        let texts = [
            ("workspace ID", &self.workspace_id),
            ("user", &self.user_name),
            ("token", &self.token),
            ("client ID", &self.client_id),
            ("client secret", &self.client_secret),
        ];
        let others = self.identities.iter().map(|it| ("identity", &it.user_name));
        match texts.into_iter().chain(others).find(|(_, text)| !is_printable(text)) {
            Some((what, text)) => Err(format!("the {what} must be printable ASCII, not {text:?}")),
            None => Ok(()),
        }
    }
}

/// Somebody who uses the workspace: an e-mail address, or the application ID of a service principal.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The name that permissions and SCIM `Me` use.
    pub user_name: String,
    /// The personal access token.
    pub token: String,
    /// The OAuth client.
    pub client_id: String,
    /// The secret of that client.
    pub client_secret: String,
}

impl Options {
    /// Adds an identity. Its token and its client have a number: `emulator-token-2` is that of the
    /// second identity.
    pub fn add_identity(&mut self, user_name: impl Into<String>) {
        let number = self.identities.len() + 2;
        let [token, client_id, client_secret] =
            ["token", "client", "secret"].map(|what| format!("emulator-{what}-{number}"));
        let user_name = user_name.into();
        self.identities.push(Identity { user_name, token, client_id, client_secret });
    }

    /// All identities, the first one first.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = Identity> {
        let first = Identity {
            user_name: self.user_name.clone(),
            token: self.token.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
        };
        [first].into_iter().chain(self.identities.clone())
    }
}

/// Whether a URL has a scheme and a host, and nothing after them.
fn is_origin(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
    })
}

/// The two forms in which a status may say "never suspends".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NeverSuspended {
    /// There is no `suspend_timeout_duration`.
    #[default]
    TimeoutAbsent,
    /// There is none, and `no_suspension` is true.
    Flag,
}

/// How many objects of a sort there may be. [KIT] §7.3.
#[derive(Clone, Debug)]
pub struct Quotas {
    /// Projects in the workspace, soft-deleted ones included.
    pub projects: usize,
    /// Branches in a project.
    pub branches: usize,
    /// Branches in a project that are not archived.
    pub unarchived_branches: usize,
    /// Protected branches in a project.
    pub protected_branches: usize,
    /// Computes in a project that are not disabled, those of a group one by one.
    pub active_computes: usize,
    /// Roles on a branch.
    pub roles: usize,
    /// Databases on a branch.
    pub databases: usize,
    /// Snapshots of a project.
    pub snapshots: usize,
    /// Synced tables of a source table. [REC] §5.3.
    pub synced_tables: usize,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas {
            projects: 1000,
            branches: 500,
            unarchived_branches: 10,
            protected_branches: 1,
            active_computes: 20,
            roles: 500,
            databases: 500,
            snapshots: 10,
            synced_tables: 20,
        }
    }
}
