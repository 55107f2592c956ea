//! The console, which Workers Logs reads.

use crate::domain::log_line::{Level, Trouble};

/// Writes a line at its level.
pub fn log(level: Level, line: &str) {
    match level {
        Level::Error => worker::console_error!("{line}"),
        Level::Warn => worker::console_warn!("{line}"),
        Level::Info => worker::console_log!("{line}"),
    }
}

/// Logs a problem that neither an answer nor an event of the audit log reports.
pub fn log_trouble(trouble: Trouble, reason: &str) {
    log(trouble.level(), &trouble.to_json(reason));
}
