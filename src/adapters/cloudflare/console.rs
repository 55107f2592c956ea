//! The console, which Workers Logs reads.

use crate::domain::log_line::LogLine;

/// Writes a line at its level: `error` or `warn`. Every other level is information.
pub fn log(level: &str, line: &str) {
    match level {
        "error" => worker::console_error!("{line}"),
        "warn" => worker::console_warn!("{line}"),
        _ => worker::console_log!("{line}"),
    }
}

/// Logs a failure that no answer reports.
pub fn log_failure(event: &str, reason: &str) {
    let mut line = LogLine::new("error", event);
    line.text("reason", reason);
    log("error", &line.end());
}
