//! The program `lakebase-emulator`: options in, lines for a client's environment out, then
//! it serves until it is interrupted.

mod command_line;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use lakebase_emulator::{Emulator, Identity, Recorded};
use lexopt::Parser;

use command_line::{Command, Launch, command};

fn main() -> ExitCode {
    let outcome = match command(Parser::from_env(), env::vars_os()) {
        Ok(Command::Print(text)) => print(&text),
        Ok(Command::Serve(launch)) => serve(*launch),
        Err(error) => {
            complain(&format!("{error}. See lakebase-emulator --help."));
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("Could not run the emulator: {error}."));
            ExitCode::FAILURE
        }
    }
}

fn serve(launch: Launch) -> io::Result<()> {
    let Launch { mut options, env_file, seed, verbose, unknown } = launch;
    for variable in unknown {
        complain(&format!("Warning: {variable} is not an option; see lakebase-emulator --help."));
    }
    options.protect();
    let env_file = env_file.as_deref().map(EnvironmentFile::prepare).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        // Before the first line is out: its reader may interrupt at once.
        let mut interrupted = interruption()?;
        let emulator = match &seed {
            None => Emulator::start(options)?,
            Some(file) => {
                let state = fs::read(file).map_err(|error| named(file, &error))?;
                let started = Emulator::start_with_state(options, &state);
                started.map_err(|error| named(file, &error))?
            }
        };
        if verbose {
            emulator.on_request(log);
        }
        let certificate = emulator.certificate();
        let certificate = certificate.map(|file| format!("PGSSLROOTCERT={}\n", file.display()));
        let environment = format!(
            "DATABRICKS_HOST={}\nDATABRICKS_TOKEN={}\n{}",
            emulator.url(),
            emulator.token(),
            certificate.unwrap_or_default(),
        );
        if let Some(file) = &env_file {
            file.write(&environment)?;
        }
        print(&format!(
            "{environment}# instead of the token: DATABRICKS_CLIENT_ID={} DATABRICKS_CLIENT_SECRET={}\n\
             # the page for people: {}/#token={}\n",
            emulator.client_id(),
            emulator.client_secret(),
            emulator.url(),
            emulator.token(),
        ))?;
        for Identity { user_name, token, client_id, client_secret } in emulator.identities() {
            print(&format!(
                "# as {user_name}: DATABRICKS_TOKEN={token}, or DATABRICKS_CLIENT_ID={client_id} \
                 DATABRICKS_CLIENT_SECRET={client_secret}\n"
            ))?;
        }
        interrupted.wait().await;
        Ok(())
    })
}

/// One line for a request, without its body: `… PATCH /api/…?update_mask=spec.x 409 ABORTED`.
fn log(request: &Recorded) {
    let Recorded { time, method, path, query, status, error_code, .. } = request;
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let line = format!("{time} {method} {path}{mark}{} {status}", query.join("&"));
    let code = error_code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
    // A path or a query may hold anything.
    complain(&format!("{}{code}", line.escape_debug()));
}

/// A file that is there, whole, while the emulator serves.
struct EnvironmentFile<'a>(&'a Path);

impl EnvironmentFile<'_> {
    /// Removes a file of an earlier run, so that its presence means "ready".
    fn prepare(path: &Path) -> io::Result<EnvironmentFile<'_>> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(named(path, &error)),
            _ => Ok(EnvironmentFile(path)),
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut unfinished = self.0.as_os_str().to_owned();
        unfinished.push(".new");
        let unfinished = Path::new(&unfinished);
        let mut file = fs::OpenOptions::new();
        file.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600); // it holds the token
        let written = file.open(unfinished).and_then(|mut file| file.write_all(text.as_bytes()));
        let written = written.and_then(|()| fs::rename(unfinished, self.0));
        written.map_err(|error| named(self.0, &error))
    }
}

impl Drop for EnvironmentFile<'_> {
    fn drop(&mut self) {
        // Somebody else may have removed it.
        let _ = fs::remove_file(self.0);
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(unix)]
struct Interruption {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
fn interruption() -> io::Result<Interruption> {
    use tokio::signal::unix::{SignalKind, signal};
    Ok(Interruption {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        hang_up: signal(SignalKind::hangup())?,
    })
}

#[cfg(unix)]
impl Interruption {
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Interruption(tokio::signal::windows::CtrlC);

#[cfg(windows)]
fn interruption() -> io::Result<Interruption> {
    tokio::signal::windows::ctrl_c().map(Interruption)
}

#[cfg(windows)]
impl Interruption {
    async fn wait(&mut self) {
        self.0.recv().await;
    }
}

/// Standard output is this program's product: scripts read its lines.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A complaint that cannot be written has no one to read it.
fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
