//! Logs: one line for each thing that somebody may have to act on, to standard error, where systemd's journal reads it.

use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` is not read: no environment variable changes what is told.
pub fn start(verbose: bool) {
    let filter = if verbose {
        "samekey_provider=debug,info"
    } else {
        "samekey_provider=info,warn"
    };
    let started = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
