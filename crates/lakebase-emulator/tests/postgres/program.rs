//! The program leaves nothing behind, however it ends.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::stand::{binaries, open_to_all};

/// A program, and a place for its data.
struct Program {
    child: Child,
    host: String,
    certificate: PathBuf,
}

impl Program {
    fn start(place: &Path) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lakebase-emulator"));
        command.args(["--port", "0", "--postgres-any-version", "--postgres-directory"]).arg(place);
        let binaries = std::env::join_paths(binaries()).expect("names without a colon");
        command.arg("--postgres-bin").arg(binaries);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut value = |name: &str| loop {
            let line = lines.next().expect("a line").expect("text");
            if let Some(value) = line.strip_prefix(name) {
                return value.to_owned();
            }
        };
        let host = value("DATABRICKS_HOST=http://");
        let certificate = value("PGSSLROOTCERT=").into();
        Program { child, host, certificate }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).expect("it listens");
        let request = format!(
            "{method} /api/2.0/postgres/{path} HTTP/1.1\r\nHost: {}\r\n\
             Authorization: Bearer emulator-token\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.host,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("a request can be written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Lets a server run: a native login wakes it, whatever the password is.
    fn run_server(&self, place: &Path) -> Pid {
        let project = r#"{"spec": {"enable_pg_native_login": true}}"#;
        self.ask("POST", "projects?project_id=p", project);
        let endpoint = self.ask("GET", "projects/p/branches/production/endpoints/primary", "");
        let host = endpoint.split("\"host\":\"").nth(1).expect("a host");
        let host = host.split('"').next().unwrap_or_default();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let tls = tls_that_trusts(&self.certificate);
        let mut config = tokio_postgres::Config::new();
        config.host(host).user("nobody").password("wrong").dbname("postgres");
        config.ssl_mode(tokio_postgres::config::SslMode::Require);
        let refusal = runtime.block_on(config.connect(tls)).err().expect("it is refused");
        assert_eq!(
            refusal.code().map(tokio_postgres::error::SqlState::code),
            Some("28P01"),
            "{refusal:?}"
        );
        let files = fs::read_dir(place).expect("the place").flatten();
        let units = files.filter_map(|run| fs::read_dir(run.path()).ok()).flatten().flatten();
        let mut files = units.map(|unit| unit.path().join("data/postmaster.pid"));
        let pid = files.find_map(|file| fs::read_to_string(file).ok());
        let pid = pid.expect("a server runs").lines().next().and_then(|pid| pid.parse().ok());
        pid.and_then(Pid::from_raw).expect("a process ID")
    }
}

fn tls_that_trusts(certificate: &Path) -> tokio_postgres_rustls::MakeRustlsConnect {
    use std::sync::Arc;
    use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject as _};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).expect("PEM")).expect("a usable one");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    tokio_postgres_rustls::MakeRustlsConnect::new(config)
}

fn is_empty(place: &Path) -> bool {
    fs::read_dir(place).expect("the place").next().is_none()
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    open_to_all(directory.path());
    let place = directory.path().join("postgres");
    (directory, place)
}

#[test]
fn signals_end_the_servers_and_remove_their_data() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let (_directory, place) = place();
        let mut program = Program::start(&place);
        let server = program.run_server(&place);
        kill_process(Pid::from_child(&program.child), signal).expect("it runs");
        assert!(program.child.wait().expect("it ends").success(), "{signal:?}");
        assert!(test_kill_process(server).is_err(), "the server still runs after {signal:?}");
        assert!(is_empty(&place), "{signal:?}");
    }
}

#[test]
fn watchdog_cleans_up_after_a_crash() {
    let (_directory, place) = place();
    let mut program = Program::start(&place);
    let server = program.run_server(&place);
    program.child.kill().expect("it runs");
    program.child.wait().expect("it ends");
    while test_kill_process(server).is_ok() {
        std::thread::yield_now();
    }
    while !is_empty(&place) {
        std::thread::yield_now();
    }
}

#[test]
fn next_start_cleans_up_what_a_crash_has_left() {
    let (_directory, place) = place();
    // As if the watchdog had been killed as well: a lock that nobody holds, and files.
    fs::create_dir_all(place.join("dead/1/data")).expect("a directory");
    for name in ["dead.lock", "dead.pem", "dead/1/data/postmaster.pid"] {
        // The process that had this number is another one now.
        fs::write(place.join(name), "1\n").expect("a file");
    }
    let mut program = Program::start(&place);
    for name in ["dead", "dead.lock", "dead.pem"] {
        assert!(!place.join(name).exists(), "{name}");
    }
    // A second emulator leaves the first one alone.
    let mut second = Program::start(&place);
    assert!(program.certificate.exists());
    for child in [&mut program.child, &mut second.child] {
        kill_process(Pid::from_child(child), Signal::TERM).expect("it runs");
        assert!(child.wait().expect("it ends").success());
    }
    assert!(is_empty(&place));
}

#[test]
fn missing_programs_are_named_and_nothing_starts() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lakebase-emulator"));
    let done = command.args(["--port", "0", "--postgres-bin", "/nowhere"]).output();
    let done = done.expect("the program starts");
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("`/nowhere` has no `postgres` and `initdb` that run"), "{said}");
}
