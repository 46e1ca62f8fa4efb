//! What the provider costs who uses it: its size, its start, its memory, its requests.
//!
//! `make bench` prints a table. Nothing here passes or fails: the figures are for the commit that
//! changes them. Memory is read from `/proc`, so that line needs Linux.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lakebase_emulator::{Fault, FaultKind, Options, Quotas};

use workbench::Workbench;

#[path = "../review/large.rs"]
mod large;
#[expect(dead_code, reason = "the tests use the rest of it")]
mod workbench;

const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-lakebase");

const NO_PROC: &str = "unknown: there is no /proc";

/// How many branches the measured state has, beside their project.
const BRANCHES: usize = 50;

fn main() {
    let size = fs::metadata(PROVIDER).expect("cargo built the provider").len();
    report("size of the program", format!("{:.1} MB", megabytes(size)));
    report("from exec to the handshake", milliseconds(median(100, start)));

    let plan = large::review();
    let duration = median(3, || timed(|| _ = large::review()));
    report(
        &format!("`review` of a plan of {:.0} MB", megabytes(plan.read)),
        milliseconds(duration),
    );
    let most = plan.memory.map(|it| format!("{:.1} MB", megabytes(it)));
    report("its memory at most", most.unwrap_or_else(|| NO_PROC.to_owned()));

    // Each branch, and the project's own one, has a compute.
    let quotas = Quotas {
        unarchived_branches: BRANCHES + 1,
        active_computes: BRANCHES + 1,
        ..Quotas::default()
    };
    let bench = Workbench::with_options("costs", Options { quotas, ..Options::default() });
    bench.configure("");
    let schema = || bench.terraform(&["providers", "schema", "-json"]).succeeded();
    let (with, length) = (median(10, || timed(|| drop(schema()))), schema().stdout.len());
    report("`terraform providers schema`", milliseconds(with));
    report("its answer", format!("{:.1} MB", megabytes(length as u64)));
    bench.write("main.tf", "");
    let without = median(10, || timed(|| drop(bench.terraform(&["providers", "schema", "-json"]))));
    report("the same without the provider", milliseconds(without));

    bench.configure(&state());
    bench.apply();
    bench.forget_requests();
    report("`terraform plan`", milliseconds(median(5, || timed(|| drop(bench.plan())))));
    bench.forget_requests();
    bench.plan();
    let requests = bench.emulator.requests().len();
    report("requests of that plan", format!("{requests} for {} resources", BRANCHES + 1));
    report("memory in the midst of it", memory(&bench));
}

/// A project with many branches, which stand for any resources that have one parent.
fn state() -> String {
    let mut hcl = String::from(
        "resource \"lakebase_project\" \"this\" {\n  \
           project_id          = \"bench\"\n  \
           deletion_protection = false\n\
         }\n",
    );
    for number in 1..=BRANCHES {
        write!(
            hcl,
            "\nresource \"lakebase_branch\" \"branch_{number}\" {{\n  \
               project   = lakebase_project.this.name\n  \
               branch_id = \"branch-{number}\"\n\
             }}\n"
        )
        .expect("a string takes all");
    }
    hcl
}

/// Starts the provider as Terraform does, until its handshake, and ends it.
fn start() -> Duration {
    const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
    const CERTIFICATE: &str =
        include_str!("../../crates/tfplugin/tests/plugin/certificates/terraform.pem");
    let mut command = Command::new(PROVIDER);
    command
        .env_clear()
        .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "6,5")
        .env("PLUGIN_CLIENT_CERT", CERTIFICATE)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut handshake = String::new();
    let mut process = None;
    let duration = timed(|| {
        let mut started = command.spawn().expect("the provider starts");
        let stdout = started.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut handshake).expect("the provider speaks");
        process = Some(started);
    });
    assert!(handshake.starts_with("1|6|"), "this is no handshake: {handshake:?}");
    let mut process = process.expect("it was started");
    process.kill().expect("the provider can be killed");
    process.wait().expect("the provider ends");
    duration
}

/// How much memory the provider takes while it refreshes: one read is never answered, and the
/// process that waits for it is looked at.
fn memory(bench: &Workbench) -> String {
    bench.emulator.fault(Fault::on("GET", "*", FaultKind::Hang));
    bench.forget_requests();
    let mut planning = bench.spawn(&["plan"]);
    bench.emulator.wait_for(|requests| !requests.is_empty());
    let memory = resident();
    planning.kill();
    planning.wait();
    memory.unwrap_or_else(|| NO_PROC.to_owned())
}

/// The resident memory of the one running provider.
fn resident() -> Option<String> {
    let mut processes = fs::read_dir("/proc").ok()?.flatten();
    let ours = |process: &fs::DirEntry| {
        fs::read_link(process.path().join("exe"))
            .is_ok_and(|program| program == Path::new(PROVIDER))
    };
    let status = fs::read_to_string(processes.find(ours)?.path().join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().to_owned())
}

/// The median of some measurements.
fn median(times: usize, mut measure: impl FnMut() -> Duration) -> Duration {
    let mut measured: Vec<_> = (0..times).map(|_| measure()).collect();
    measured.sort();
    measured[times / 2]
}

fn timed(work: impl FnOnce()) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a benchmark's room for the clock")]
    let start = Instant::now();
    work();
    start.elapsed()
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[expect(clippy::print_stdout, reason = "a benchmark's result; no plugin runs here")]
fn report(what: &str, figure: impl std::fmt::Display) {
    println!("{what:<32}{figure:>24}");
}
