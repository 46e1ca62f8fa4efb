//! The program as a script sees it.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// A program that does not outlive its test, even if the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It fails where the program has ended already, which is the usual case.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_lakebase-emulator"))
}

fn ask(address: &str, line: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("a request can be written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn program_prints_environment_serves_and_stops_on_signal() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let child = program()
            .args(["--port", "0", "--token", "secret", "--operation-delay", "200ms"])
            .args([
                "--conflicts",
                "project",
                "--echo-spec",
                "--done-at-once=false",
                "--frozen-clock",
            ])
            .args([
                "--deviations",
                "omit-defaults,delayed-effects=3",
                "--deviations",
                "wide-limits",
            ])
            .stdout(Stdio::piped())
            .spawn();
        let mut running = Running(child.expect("the program starts"));
        let child = &mut running.0;
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = || {
            let mut line = String::new();
            out.read_line(&mut line).expect("a line");
            line.trim_end().to_owned()
        };
        let host = line();
        let host = host.strip_prefix("DATABRICKS_HOST=http://").expect("the host comes first");
        assert_eq!(line(), "DATABRICKS_TOKEN=secret");
        assert_eq!(
            line(),
            "# instead of the token: DATABRICKS_CLIENT_ID=emulator-client \
             DATABRICKS_CLIENT_SECRET=emulator-secret"
        );

        let answer = ask(host, "GET /api/2.0/postgres/projects", "secret");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

        kill_process(Pid::from_child(child), signal).expect("the signal can be sent");
        assert!(child.wait().expect("it ends").success(), "{signal:?}");
    }
}

/// Starts the program and returns its host and token as soon as it is ready.
fn serve(command: &mut Command) -> (Running, String, String) {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut running = Running(child.expect("the program starts"));
    let mut out = BufReader::new(running.0.stdout.take().expect("a pipe")).lines();
    let mut value = |name: &str| {
        let line = out.next().expect("a line").expect("text");
        line.strip_prefix(name).expect(name).to_owned()
    };
    let (host, token) = (value("DATABRICKS_HOST="), value("DATABRICKS_TOKEN="));
    (running, host, token)
}

#[test]
fn env_file_is_there_while_the_program_serves() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("emulator.env");
    fs::write(&file, "of an earlier run").expect("a file");
    let mut command = program();
    command.env("LAKEBASE_EMULATOR_TOKEN", "from-a-variable").env("LAKEBASE_EMULATOR_NONE", "1");
    command.args(["--port", "0", "--env-file"]).arg(&file);
    let (mut running, host, token) = serve(&mut command);
    assert_eq!(token, "from-a-variable");
    let text = fs::read_to_string(&file).expect("the file");
    assert_eq!(text, format!("DATABRICKS_HOST={host}\nDATABRICKS_TOKEN={token}\n"));
    let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata().expect("the file"));
    assert_eq!(mode & 0o777, 0o600);
    kill_process(Pid::from_child(&running.0), Signal::TERM).expect("the signal can be sent");
    assert!(running.0.wait().expect("it ends").success());
    assert!(!file.exists());
    let mut complaints = String::new();
    let mut err = running.0.stderr.take().expect("a pipe");
    err.read_to_string(&mut complaints).expect("text");
    assert!(complaints.contains("LAKEBASE_EMULATOR_NONE is not an option"), "{complaints}");
}

#[test]
fn start_in_the_guide_exports_host_and_token() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guide = fs::read_to_string(root.join("docs/guides/testing-modules.md")).expect("the guide");
    let mut blocks = guide.split("```sh\n").filter_map(|block| block.split("```").next());
    let start = blocks.find(|block| block.contains("--env-file")).expect("the start");
    let folder = tempfile::tempdir().expect("a folder");
    let bin = Path::new(env!("CARGO_BIN_EXE_lakebase-emulator")).parent().expect("a folder");
    let script = format!(
        "PATH={}:$PATH\n{start}\necho \"$DATABRICKS_HOST $DATABRICKS_TOKEN\"\nkill $!\nwait $!",
        bin.display()
    );
    let run = Command::new("sh").args(["-ec", &script]).current_dir(folder.path()).output();
    let run = run.expect("a shell");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(said.starts_with("http://127.0.0.1:"), "{run:?}");
    assert!(run.status.success() && said.ends_with(" emulator-token\n"), "{run:?}");
}

#[test]
fn other_machines_need_a_token_that_is_not_well_known() {
    let others = ["--host", "0.0.0.0", "--port", "0"];
    let (_first, _, one) = serve(program().args(others));
    let (_second, _, other) = serve(program().args(others));
    assert!(one.len() >= 32 && one != other && one != "emulator-token", "{one} {other}");
    let (_third, _, chosen) = serve(program().args(others).args(["--token", "chosen"]));
    assert_eq!(chosen, "chosen");
}

#[test]
fn busy_port_is_named() {
    let (_running, host, _) = serve(program().args(["--port", "0"]));
    let port = host.rsplit(':').next().expect("a port");
    let second = program().args(["--port", port]).output().expect("the program starts");
    assert_eq!(second.status.code(), Some(1));
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(text.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{text}");
}

#[test]
fn seed_is_there_from_the_start_and_requests_are_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = folder.path().join("seed.json");
    fs::write(&seed, r#"{"version": 1, "objects": [{"name": "projects/shop", "body": {}}]}"#)
        .expect("a file");
    let seeded = ["--port", "0", "-v", "--seed"];
    let (mut running, host, token) = serve(program().args(seeded).arg(&seed));
    let address = host.strip_prefix("http://").expect("http");
    let answer = ask(address, "GET /api/2.0/postgres/projects/shop", &token);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    ask(address, "GET /api/2.0/postgres/projects/none?a=\u{1b}", &token);
    kill_process(Pid::from_child(&running.0), Signal::INT).expect("the signal can be sent");
    assert!(running.0.wait().expect("it ends").success());
    let mut log = String::new();
    running.0.stderr.take().expect("a pipe").read_to_string(&mut log).expect("text");
    let lines: Vec<_> = log.lines().filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(lines[0].1, "GET /api/2.0/postgres/projects/shop 200");
    assert!(!log.contains(&token) && !log.contains('\u{1b}'), "{log}");

    fs::write(&seed, r#"{"version": 1, "objects": [{"name": "shop", "body": {}}]}"#)
        .expect("a file");
    let wrong = program().args(seeded).arg(&seed).output().expect("the program starts");
    assert_eq!(wrong.status.code(), Some(1));
    let text = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(text.contains("seed.json: objects[0].name: `shop` is not the name"), "{text}");
}

#[test]
fn program_prints_version_and_help_and_rejects_unknown_options() {
    let help = program().arg("--help").output().expect("the program starts");
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("--operation-delay"));
    let version = program().arg("--version").output().expect("the program starts");
    let text = format!("lakebase-emulator {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&version.stdout), text);
    assert!(String::from_utf8_lossy(&help.stdout).contains("--deviations"));
    let wrong =
        program().arg("--deviations=wide-limits,cruel").output().expect("the program starts");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("`cruel` is none of inexact-expiry"));
    let wrong = program().arg("--conflicts=some").output().expect("the program starts");
    assert_eq!(wrong.status.code(), Some(2));
    let text = "`conflicts` must be documented | project | none, not `some`";
    assert!(String::from_utf8_lossy(&wrong.stderr).contains(text), "{wrong:?}");
    assert!(String::from_utf8_lossy(&help.stdout).contains("--conflicts documented|project|none"));
    let wrong = program().arg("--operation-delay=5").output().expect("the program starts");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&wrong.stderr).contains("--operation-delay: `5` is not a duration")
    );
}
