//! A run of Terraform that has not ended: for interrupts, crashes and what happens meanwhile.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};

use super::Run;

/// A Terraform at work. Dropped before its end, it is killed.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdout: Arc<Stream>,
    stderr: Arc<Stream>,
    readers: Vec<JoinHandle<()>>,
    transcript: PathBuf,
    processes: PathBuf,
}

impl Running {
    /// Starts the command in a process group of its own, as a terminal would.
    pub(super) fn start(
        mut command: Command,
        name: &str,
        transcript: PathBuf,
        processes: PathBuf,
    ) -> Running {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().expect("the command starts");
        let (stdout, stderr) = (Arc::<Stream>::default(), Arc::<Stream>::default());
        let readers = vec![
            stdout.follow(child.stdout.take().expect("stdout is piped")),
            stderr.follow(child.stderr.take().expect("stderr is piped")),
        ];
        let command = name.to_owned();
        Running { command, child, stdout, stderr, readers, transcript, processes }
    }

    /// Blocks until Terraform has printed the text on stdout.
    #[track_caller]
    pub(crate) fn wait_for_output(&self, text: &str) {
        let printed = self.stdout.printed.lock().expect("no reader panics");
        let waiting = |printed: &mut Printed| !printed.ended && !printed.text.contains(text);
        let printed = self.stdout.more.wait_while(printed, waiting).expect("no reader panics");
        let printed = printed.text.clone(); // and lets the reader go on, should this panic
        let command = &self.command;
        assert!(printed.contains(text), "`{command}` ended without printing {text:?}:\n{printed}");
    }

    /// Whether the command has closed its output.
    pub(crate) fn has_ended(&self) -> bool {
        self.stdout.printed.lock().expect("no reader panics").ended
    }

    /// Does something when the command has closed its output, in a thread.
    pub(crate) fn at_its_end(&self, action: impl FnOnce() + Send + 'static) {
        let stdout = Arc::clone(&self.stdout);
        thread::spawn(move || {
            let printed = stdout.printed.lock().expect("no reader panics");
            let ended = stdout.more.wait_while(printed, |printed| !printed.ended);
            drop(ended.expect("no reader panics"));
            action();
        });
    }

    /// Ctrl-C: the interrupt goes to Terraform and, as in a terminal, to the provider as well.
    pub(crate) fn interrupt(&self) {
        let sent = kill_process_group(Pid::from_child(&self.child), Signal::INT);
        sent.expect("the interrupt can be sent");
    }

    /// Ends the providers of this Terraform without a warning: a crash. They must be tracked, see
    /// [`Workbench::track_providers`](super::Workbench::track_providers).
    pub(crate) fn kill_providers(&self) {
        let group = Pid::from_child(&self.child);
        let noted = fs::read_to_string(&self.processes).expect("the providers are tracked");
        let processes = noted.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?));
        // The number of a provider that has ended may be another program's by now. That program is
        // not in Terraform's process group.
        for process in processes.filter(|process| getpgid(Some(*process)) == Ok(group)) {
            // It fails where the provider has just ended by itself.
            let _ = kill_process(process, Signal::KILL);
        }
    }

    /// Ends Terraform, and it alone, without a warning: a crash.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("Terraform can be killed");
    }

    /// Blocks until the end.
    pub(crate) fn wait(mut self) -> Run {
        let status = self.child.wait().expect("Terraform can be waited for");
        for reader in self.readers.drain(..) {
            reader.join().expect("no reader panics");
        }
        let run = Run {
            command: self.command.clone(),
            status: status.code(),
            stdout: self.stdout.take(),
            stderr: self.stderr.take(),
        };
        fs::write(&self.transcript, format!("{run}\n")).expect("the folder can be written to");
        run
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It fails where Terraform has ended already, which is the usual case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of the two streams of a running program.
#[derive(Default)]
struct Stream {
    printed: Mutex<Printed>,
    more: Condvar,
}

#[derive(Default)]
struct Printed {
    text: String,
    ended: bool,
}

impl Stream {
    /// Reads to the end, line by line, in a thread.
    fn follow(self: &Arc<Stream>, source: impl Read + Send + 'static) -> JoinHandle<()> {
        let stream = Arc::clone(self);
        thread::spawn(move || {
            let mut source = BufReader::new(source);
            let mut line = Vec::new();
            while source.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                let mut printed = stream.printed.lock().expect("no reader panics");
                printed.text.push_str(&String::from_utf8_lossy(&line));
                stream.more.notify_all();
                line.clear();
            }
            stream.printed.lock().expect("no reader panics").ended = true;
            stream.more.notify_all();
        })
    }

    fn take(&self) -> String {
        std::mem::take(&mut self.printed.lock().expect("no reader panics").text)
    }
}
