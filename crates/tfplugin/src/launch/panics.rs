//! What a panic says on stderr.
//!
//! Terraform shows a "plugin crashed" block for every line on stderr that begins with `panic: `.
//! That is right for a panic that ends the process, and wrong for one in a call: the call answers
//! with a diagnostic, and the process goes on. Every call runs as a task of the runtime, which
//! catches its panic; so a panic in a task is logged, and any other is announced as a crash.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;

/// Lets panics be told in Terraform's form.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let told = tell(panic);
        if tokio::task::try_id().is_some() {
            tracing::error!("a call panicked: {told}");
        } else {
            // Nobody reads: nothing more can be done.
            let _ = writeln!(std::io::stderr(), "panic: {told}");
        }
    }));
}

/// Message, place, and, where `RUST_BACKTRACE` asks for it, the way there.
fn tell(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("something that is not text");
    let place = panic.location().map(|it| format!("\n\nat {it}")).unwrap_or_default();
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => format!("{message}{place}\n{backtrace}"),
        _ => format!("{message}{place}"),
    }
}
