//! Ctrl-C and SIGTERM.

use crate::exit::Exit;
use tokio::signal::unix::{SignalKind, signal};

/// Completes at Ctrl-C or SIGTERM. From this call on they no longer end the process by themselves, whether it is awaited yet or not.
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async {
        match signals {
            (Ok(mut interrupt), Ok(mut terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            // Without handlers the signals end the process by themselves.
            _ => std::future::pending().await,
        }
    }
}

/// From now on Ctrl-C ends the process at once.
pub(crate) fn exit_on_next_interrupt() {
    tokio::spawn(async {
        interrupted().await;
        std::process::exit(Exit::Interrupted as i32);
    });
}
