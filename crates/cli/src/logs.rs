//! Logs: JSON lines for machines, text for a person at a terminal; always on standard error.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Logs a certificate that is not trusted as an error of this process. To us it is a finding: what a probe was sent to look for.
const NOT_OURS: &str = "rustls_platform_verifier=off";

/// Starts logging. `filter` is as in `log`; one that makes no sense is replaced by `warn`.
pub(crate) fn start(filter: &str) {
    let logs = tracing_subscriber::fmt().with_env_filter(read(filter)).with_writer(std::io::stderr);
    // A second start, as in tests, changes nothing.
    let _ = if std::io::stderr().is_terminal() { logs.compact().try_init() } else { logs.json().flatten_event(true).try_init() };
}

fn read(filter: &str) -> EnvFilter {
    // What was asked for comes last, so that it wins when it names the same.
    EnvFilter::try_new(format!("{NOT_OURS},{filter}")).unwrap_or_else(|_| EnvFilter::new(format!("{NOT_OURS},warn")))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_certificate_that_a_probe_finds_fault_with_is_no_error_of_ours_unless_somebody_wants_to_see_it() {
        assert_eq!(read("warn").to_string(), "rustls_platform_verifier=off,warn");
        assert_eq!(read("rustls_platform_verifier=debug").to_string(), "rustls_platform_verifier=debug");
        assert_eq!(read("=?").to_string(), "rustls_platform_verifier=off,warn");
    }
}
