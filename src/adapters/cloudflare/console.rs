//! The console, where Workers Logs reads.

use crate::domain::log_line::LogLine;

/// Writes a line by its level: `error`, `warn`, or anything else for information.
pub fn log(level: &str, line: &str) {
    match level {
        "error" => worker::console_error!("{line}"),
        "warn" => worker::console_warn!("{line}"),
        _ => worker::console_log!("{line}"),
    }
}

/// Writes that something which no answer tells of has failed.
pub fn log_failure(event: &str, reason: &str) {
    let mut line = LogLine::new("error", event);
    line.text("reason", reason);
    log("error", &line.end());
}
