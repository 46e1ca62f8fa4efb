//! When the process ends: Terraform says so, or there is no Terraform any more.
//!
//! A provider must not outlive its Terraform, which may be killed without a word; it must not die
//! before it either, for then it loses what it just made.

use std::time::Duration;

use super::connections::{Connections, Count};
use super::services::Shutdown;
use super::signals::Signals;

/// How long Terraform may take to connect. It gives a provider as long to start.
const FIRST_CONNECTION: Duration = Duration::from_mins(1);

/// How long calls may go on after the connection was lost: they cannot report any more, but may be
/// between two requests that belong together.
const AFTER_CONNECTION: Duration = Duration::from_secs(3);

/// How long Terraform may take to hang up once it has wished the end; it does so at once.
const AFTER_SHUTDOWN: Duration = Duration::from_millis(100);

/// How often to look whether the parent process lives.
#[cfg(unix)]
const PARENT: Duration = Duration::from_secs(1);

/// Everything that can end the process.
pub(crate) struct Ending {
    pub(crate) signals: Signals,
    pub(crate) connections: Connections,
    pub(crate) shutdown: Shutdown,
}

impl Ending {
    /// Waits for the end.
    pub(crate) async fn wait(self) {
        let Self { mut signals, connections, mut shutdown } = self;
        tokio::select! {
            () = shutdown.wished() => {
                let hung_up = connections.until(|it| it.open == 0);
                // The answer leaves before the connection is closed; that is all there is to wait for.
                let _ = tokio::time::timeout(AFTER_SHUTDOWN, hung_up).await;
            }
            () = abandoned(&connections) => tracing::warn!("Terraform is gone"),
            () = parent_gone() => tracing::warn!("Terraform's process is gone"),
            () = dismissed(&mut signals, &connections) => tracing::info!("ended by a signal"),
        }
    }
}

/// Waits until Terraform has not connected in time, or has hung up and does not come back.
async fn abandoned(connections: &Connections) {
    loop {
        let Count { ever, .. } = connections.until(|it| it.open == 0).await;
        let patience = if ever == 0 { FIRST_CONNECTION } else { AFTER_CONNECTION };
        let came_back = connections.until(|it| it.ever > ever);
        if tokio::time::timeout(patience, came_back).await.is_err() {
            return;
        }
    }
}

/// Waits for a signal to end while there is no Terraform that would mind.
async fn dismissed(signals: &mut Signals, connections: &Connections) {
    loop {
        signals.terminated().await;
        if connections.count().open == 0 {
            return;
        }
        tracing::warn!("a signal to end was ignored: Terraform is connected");
    }
}

/// Waits until the parent is another: the one that started this process is gone.
///
/// The kernel's own notice of a parent's death is of no use here: it comes when the *thread* ends
/// that started this process, and Go moves work between threads.
#[cfg(unix)]
async fn parent_gone() {
    let parent = std::os::unix::process::parent_id();
    while std::os::unix::process::parent_id() == parent {
        crate::clock::pause(PARENT).await;
    }
}

/// Not to be seen here; a lost connection is.
#[cfg(windows)]
async fn parent_gone() {
    std::future::pending::<()>().await;
}
