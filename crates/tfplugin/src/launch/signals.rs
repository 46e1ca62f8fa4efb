//! Signals. A terminal sends Ctrl-C to Terraform and to its providers alike; a provider that died
//! of it would lose what it just made. Terraform says itself when to stop.

use super::Failure;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};

/// The signals that would end the process, and from now on do not.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    hang_up: Signal,
    #[cfg(windows)]
    interrupt: CtrlC,
    #[cfg(windows)]
    terminate: CtrlBreak,
}

#[cfg(unix)]
impl Signals {
    /// Takes the signals over, until the process ends.
    pub(crate) fn install() -> Result<Self, Failure> {
        let take = |kind| signal(kind).map_err(failure);
        Ok(Self {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
            hang_up: take(SignalKind::hangup())?,
        })
    }

    /// Waits for a signal that is meant for this process alone, or for the end of its terminal.
    pub(crate) async fn terminated(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

#[cfg(windows)]
impl Signals {
    /// Takes the signals over, until the process ends.
    pub(crate) fn install() -> Result<Self, Failure> {
        let (interrupt, terminate) = (ctrl_c().map_err(failure)?, ctrl_break().map_err(failure)?);
        Ok(Self { interrupt, terminate })
    }

    /// Waits for Ctrl-Break.
    pub(crate) async fn terminated(&mut self) {
        self.terminate.recv().await;
    }
}

impl Signals {
    /// Waits for any of the signals.
    pub(crate) async fn any(&mut self) {
        let interrupt = async { self.interrupt.recv().await };
        #[cfg(unix)]
        tokio::select! {
            _ = interrupt => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
        #[cfg(windows)]
        tokio::select! {
            _ = interrupt => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failure(error: std::io::Error) -> Failure {
    format!("Signals could not be taken over: {error}.")
}
