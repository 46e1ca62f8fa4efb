//! The program as a script sees it.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
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

        let mut stream = TcpStream::connect(host).expect("it listens");
        let request = "GET /api/2.0/postgres/projects HTTP/1.1\r\nHost: emulator\r\n\
                       Authorization: Bearer secret\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("a request can be written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

        kill_process(Pid::from_child(child), signal).expect("the signal can be sent");
        assert!(child.wait().expect("it ends").success(), "{signal:?}");
    }
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
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("`5` is not a duration"));
}
