//! A world for one test: a fresh folder, an emulator of its own, and a Terraform that knows nothing
//! but the provider that was just built.
//!
//! A test reads as what a person would do: [`configure`](Workbench::configure),
//! [`apply`](Workbench::apply), look. Tests run in parallel, so nothing here is shared, and nothing
//! sleeps: a test waits by reading a running program ([`running`]) or the emulator's journal. When a
//! test fails, its folder stays and the journal is printed.

mod folder;
mod masks;
mod run;
mod running;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, io, thread};

use expect_test::Expect;
use lakebase_emulator::{Emulator, Options, Recorded};
use serde_json::Value as Json;

pub(crate) use run::Run;
pub(crate) use running::Running;

/// The provider that cargo built for these tests.
const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-lakebase");

/// The file to which tracked providers add the number of their process.
const PROCESSES: &str = "processes.txt";

/// See the module.
pub(crate) struct Workbench {
    /// The service, where a test makes drift, faults and time pass.
    pub(crate) emulator: Emulator,
    /// All that Terraform and the provider find in their environment. The provider takes host and
    /// token from it, so that a test may write a `provider` block of its own, or none.
    pub(crate) environment: BTreeMap<String, String>,
    folder: PathBuf,
    terraform: PathBuf,
    runs: AtomicUsize,
}

impl Workbench {
    /// A world named after its test.
    pub(crate) fn new(name: &str) -> Workbench {
        Workbench::with_options(name, Options::default())
    }

    /// A world whose service is not quite the default one.
    pub(crate) fn with_options(name: &str, options: Options) -> Workbench {
        let terraform = terraform();
        let folder = folder::of_this_run().join(name);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                panic!("{} cannot be emptied: {error}", folder.display())
            }
            _ => fs::create_dir_all(&folder).expect("the target folder can be written to"),
        }

        let emulator = Emulator::start(options).expect("there is a free port");
        let settings = folder.join("terraform.rc");
        let environment = [
            ("PATH", path()),
            ("HOME", folder.display().to_string()),
            ("TF_CLI_CONFIG_FILE", settings.display().to_string()),
            ("TF_CLI_ARGS", "-no-color".to_owned()),
            ("TF_IN_AUTOMATION", "1".to_owned()), // no advice about the next command
            ("TF_INPUT", "0".to_owned()),
            ("CHECKPOINT_DISABLE", "1".to_owned()), // no look for a newer version
            ("DATABRICKS_HOST", emulator.url()),
            ("DATABRICKS_TOKEN", emulator.token().to_owned()),
        ];
        let bench = Workbench {
            emulator,
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            folder,
            terraform,
            runs: AtomicUsize::new(0),
        };
        let provider = Path::new(PROVIDER).parent().expect("a program is in a directory");
        bench.override_provider(provider);
        bench
    }

    /// Makes Terraform take the provider from this directory.
    fn override_provider(&self, folder: &Path) {
        let folder = Json::from(folder.display().to_string()); // quoted as HCL quotes
        self.write(
            "terraform.rc",
            &format!(
                "provider_installation {{\n  \
                   dev_overrides {{\n    \"lakebase/lakebase\" = {folder}\n  }}\n\
                 }}\n"
            ),
        );
    }

    /// Makes every provider note its process, so that [`Running::kill_providers`] finds it.
    pub(crate) fn track_providers(&self) {
        let script = format!(
            "#!/bin/sh\necho $$ >> \"${{0%/*}}/{PROCESSES}\"\nexec {} \"$@\"\n",
            quoted(Path::new(PROVIDER))
        );
        let name = Path::new(PROVIDER).file_name().expect("a program has a name");
        let program = self.path("tracked").join(name);
        fs::create_dir_all(self.path("tracked")).expect("the test's folder can be written to");
        let mut file = fs::OpenOptions::new();
        let file = file.write(true).create(true).truncate(true).mode(0o755).open(&program);
        let written = file.and_then(|mut file| file.write_all(script.as_bytes()));
        written.expect("the test's folder can be written to");
        self.override_provider(&self.path("tracked"));
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        let parent = path.parent().expect("a file is in a folder");
        fs::create_dir_all(parent).expect("the test's folder can be written to");
        fs::write(path, text).expect("the test's folder can be written to");
    }

    /// Where a file of the folder is, for other programs.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// What is in a file of the folder.
    #[track_caller]
    pub(crate) fn read(&self, file: &str) -> String {
        let text = fs::read_to_string(self.folder.join(file));
        text.unwrap_or_else(|error| panic!("{file} cannot be read: {error}"))
    }

    /// Removes a file of the folder.
    #[track_caller]
    pub(crate) fn remove(&self, file: &str) {
        fs::remove_file(self.folder.join(file)).expect("the file can be removed");
    }

    /// The version of Terraform, major and minor: for what not every supported one can do.
    pub(crate) fn terraform_version(&self) -> (u32, u32) {
        let answer = self.terraform(&["version", "-json"]).succeeded().json();
        let version = answer["terraform_version"].as_str().unwrap_or_default();
        let mut parts = version.split('.').map(|part| part.parse().expect("a version has numbers"));
        let mut part = || parts.next().expect("a version has three parts");
        (part(), part())
    }

    /// Makes this the whole configuration: `main.tf`, with the provider required.
    pub(crate) fn configure(&self, hcl: &str) {
        self.configure_in("", hcl);
    }

    /// The same in a folder below: another state, for a Terraform with `-chdir`.
    pub(crate) fn configure_in(&self, folder: &str, hcl: &str) {
        const REQUIRED: &str = "terraform {\n  required_providers {\n    \
            lakebase = { source = \"lakebase/lakebase\" }\n  }\n}\n\n";
        self.write(&format!("{folder}main.tf"), &format!("{REQUIRED}{hcl}"));
    }

    /// Runs Terraform to its end, however it ends.
    pub(crate) fn terraform(&self, arguments: &[&str]) -> Run {
        self.spawn(arguments).wait()
    }

    /// Starts Terraform and returns while it runs.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(&self.terraform);
        command.args(arguments);
        self.start(command, &format!("terraform {}", arguments.join(" ")))
    }

    /// Runs lines of shell to their end, as CI services do: the first that fails ends them, and
    /// `terraform` is the one of these tests.
    pub(crate) fn bash(&self, script: &str) -> Run {
        let mut command = Command::new("bash");
        let terraform = format!("terraform() {{ {} \"$@\"; }}", quoted(&self.terraform));
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c"]);
        command.arg(format!("{terraform}\n{script}"));
        self.start(command, "bash").wait()
    }

    fn start(&self, mut command: Command, name: &str) -> Running {
        let number = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        command.current_dir(&self.folder).env_clear().envs(&self.environment).stdin(Stdio::null());
        let short = name.trim_start_matches("terraform ").replace(' ', "-");
        let transcript = format!("transcripts/{number:02}-{short}.txt");
        self.write(&transcript, "");
        let processes = self.folder.join("tracked").join(PROCESSES);
        Running::start(command, name, self.folder.join(transcript), processes)
    }

    /// Blocks until the requests are as wanted, or the command has ended.
    pub(crate) fn wait_for(
        &self,
        running: &Running,
        mut condition: impl FnMut(&[Recorded]) -> bool,
    ) {
        let url = self.emulator.url();
        // Any request makes the emulator look at the condition again. Without an emulator, nobody
        // waits anymore.
        running.at_its_end(move || drop(request(&url, "GET /_emulator/requests", "", "")));
        self.emulator.wait_for(|requests| running.has_ended() || condition(requests));
    }

    /// Sends a request as somebody else would: a method and a path, and a body.
    pub(crate) fn request(&self, line: &str, body: &str) {
        let answered = request(&self.emulator.url(), line, self.emulator.token(), body);
        answered.expect("the emulator answers");
    }

    /// The body of the answer to a request to the emulator.
    pub(crate) fn ask(&self, line: &str, body: &Json) -> Json {
        let url = self.emulator.url();
        let answered = request(&url, line, self.emulator.token(), &body.to_string());
        let answer = answered.expect("the emulator answers");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).expect("answers are JSON")
    }

    /// Plans, and succeeds.
    #[track_caller]
    pub(crate) fn plan(&self) -> Run {
        self.terraform(&["plan"]).succeeded()
    }

    /// Plans, and fails.
    #[track_caller]
    pub(crate) fn plan_fails(&self) -> Run {
        self.terraform(&["plan"]).failed()
    }

    /// Validates, however that ends.
    pub(crate) fn validate(&self) -> Run {
        self.terraform(&["validate"])
    }

    /// Applies, and succeeds, and leaves nothing to plan.
    #[track_caller]
    pub(crate) fn apply(&self) -> Run {
        let run = self.terraform(&["apply", "-auto-approve"]).succeeded();
        self.expect_empty_plan();
        run
    }

    /// Applies, and fails.
    #[track_caller]
    pub(crate) fn apply_fails(&self) -> Run {
        self.terraform(&["apply", "-auto-approve"]).failed()
    }

    /// Destroys, and succeeds.
    #[track_caller]
    pub(crate) fn destroy(&self) -> Run {
        self.terraform(&["destroy", "-auto-approve"]).succeeded()
    }

    /// Plans, and finds nothing to do.
    #[track_caller]
    pub(crate) fn expect_empty_plan(&self) {
        let run = self.terraform(&["plan", "-detailed-exitcode"]);
        assert!(run.status == Some(0), "The plan is not empty.\n{run}");
    }

    /// Forgets the requests so far, so that only later ones count.
    pub(crate) fn forget_requests(&self) {
        self.emulator.forget_requests();
    }

    /// The update masks that were sent, in order.
    pub(crate) fn masks(&self) -> Vec<String> {
        let is_mask = |(name, _): &&(String, String)| name == "update_mask";
        let masks = self.emulator.mutations().into_iter();
        masks
            .filter_map(|request| {
                request.query.iter().find(is_mask).map(|(_, value)| value.clone())
            })
            .collect()
    }

    /// Compares the requests that meant to change something: a line with method, path and query, a
    /// line with the body. What differs between two runs stands in brackets.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "reads well with `expect!` at the call")]
    pub(crate) fn expect_mutations(&self, expected: Expect) {
        expected.assert_eq(&self.masked(&readable(&self.emulator.mutations())));
    }

    /// The same, where Terraform makes changes that do not depend on each other: sorted by path.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "reads well with `expect!` at the call")]
    pub(crate) fn expect_mutations_in_any_order(&self, expected: Expect) {
        let mut mutations = self.emulator.mutations();
        mutations.sort_by(|one, other| (&one.path, &one.query).cmp(&(&other.path, &other.query)));
        expected.assert_eq(&self.masked(&readable(&mutations)));
    }

    /// The text with brackets for what differs between two runs: this test's own places, ids, times.
    pub(crate) fn masked(&self, text: &str) -> String {
        let folder = self.folder.display().to_string();
        masks::masked(&text.replace(&self.emulator.url(), "[HOST]").replace(&folder, "[FOLDER]"))
    }

    /// The state, as `terraform show -json` tells it.
    #[track_caller]
    pub(crate) fn state(&self) -> Json {
        self.terraform(&["show", "-json"]).succeeded().json()
    }

    /// One output of the root module.
    #[track_caller]
    pub(crate) fn output(&self, name: &str) -> Json {
        self.terraform(&["output", "-json", name]).succeeded().json()
    }

    /// Every file that the test has produced so far and what is in it: configuration, state, plans,
    /// logs, and all that Terraform ever printed. For tests that look for what must not be there.
    pub(crate) fn everything_left_behind(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the test's folder can be read") {
                let entry = entry.expect("the test's folder can be read");
                let kind = entry.file_type().expect("the test's folder can be read");
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let content = fs::read(entry.path()).expect("the test's folder can be read");
                    let name = entry.path().strip_prefix(&self.folder).map(Path::to_path_buf);
                    files.insert(name.expect("it is in the folder"), content);
                }
            }
        }
        files
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("The requests of this test:\n{}", readable(&self.emulator.requests()));
            eprintln!("Its folder, with a transcript of every command: {}", self.folder.display());
        } else {
            // Losing the race against a provider that is about to end leaves a folder, no wrong.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Sends a request and waits for its answer.
fn request(url: &str, line: &str, token: &str, body: &str) -> io::Result<String> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    io::read_to_string(stream)
}

/// A line for each request, with method, path and query, and a line for its body.
fn readable(requests: &[Recorded]) -> String {
    let mut text = String::new();
    for request in requests {
        let query: Vec<_> =
            request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let question = if query.is_empty() { "" } else { "?" };
        let query = query.join("&");
        writeln!(text, "{} {}{question}{query}", request.method, request.path)
            .expect("a string takes all");
        if !request.body.is_null() {
            writeln!(text, "  {}", request.body).expect("a string takes all");
        }
    }
    text
}

/// The one place that chooses a Terraform: what `LAKEBASE_TERRAFORM` names (relative to the root of
/// the repository), or the oldest one that is supported.
fn terraform() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the tests' room for the environment")]
    let chosen = env::var_os("LAKEBASE_TERRAFORM");
    let chosen = chosen.unwrap_or_else(|| ".tools/terraform-1.11.4/terraform".into());
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(chosen);
    assert!(
        program.exists(),
        "There is no Terraform at {}. `make tools` puts the ones that the tests use into .tools; \
         another one is chosen with the environment variable LAKEBASE_TERRAFORM.",
        program.display(),
    );
    program
}

/// A path as a word of a shell script.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Where Terraform and its provisioners find programs: the only thing taken from our environment.
fn path() -> String {
    #[expect(clippy::disallowed_methods, reason = "the tests' room for the environment")]
    env::var("PATH").expect("PATH is set")
}
