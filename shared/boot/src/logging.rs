//! Log lines on standard output, as Lambda's logging controls want them.

use lambda_runtime::tracing::subscriber;
use lambda_runtime::tracing::subscriber::filter::LevelFilter;

/// Level and form of the log lines.
pub(crate) struct Logging {
    /// Name of the least level: `DEBUG`, `INFO`, `WARN` …. `INFO` if it is absent or unknown.
    pub(crate) level: Option<String>,
    /// True for JSON, false for text.
    pub(crate) json: bool,
}

/// Starts to log. The runtime's own set-up can also filter by expressions, whose engine every function would carry.
pub(crate) fn start(logging: &Logging) {
    let level = logging.level.as_deref().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let lines = subscriber::fmt().with_target(false).without_time().with_max_level(level);
    if logging.json { lines.json().init() } else { lines.init() }
}
