//! One line of the log: a JSON object. No value can break the line into two, because JSON escapes
//! line breaks.

use serde::{Serialize, Serializer};

/// Who must read a line of this level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nobody has to read the line. It is logged so that operators can search for it.
    Info,
    /// The operator should read the line when there is time.
    Warn,
    /// The operator must read the line at once, because nobody else can repair the problem.
    Error,
}

impl Level {
    /// The level of the line of a request that was answered with this HTTP status.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            500.. => Self::Error,
            400.. => Self::Warn,
            _ => Self::Info,
        }
    }

    /// The name of the level in the log line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A log line under construction. Its members are strings and integers, in the order in which they
/// are added.
#[derive(Clone, Debug)]
pub struct LogLine(Vec<(&'static str, Value)>);

/// A problem that gets a log line of its own, because no other log line (of a request, of a mail,
/// or of an event in the audit log) reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Mails could not be sent and wait for the operator. The value is the number of these mails.
    DeadLetters(u64),
    /// The cron could not retry the mails that are stored in the database.
    KeptMails,
    /// The cron could not delete the remaining data of a deleted account.
    Departures,
    /// The cron could not delete the old records of addresses that became free.
    FreedAddresses,
    /// The cron could not delete expired operator tickets.
    OperatorTickets,
    /// The cron could not delete grants that were withdrawn long ago.
    WithdrawnGrants,
    /// The cron could not make the users' Durable Objects discard their copies of changed rows.
    RowChanges,
    /// A setting is wrong. The Worker noticed it while it handled the queue or the cron.
    Misconfigured,
    /// A variable has nearly the name of a setting, and is ignored.
    MisspeltSetting,
    /// A rate-limit binding is missing although `LIMITS` is on, so this limit has no effect.
    LimiterMissing,
    /// A rate-limit binding failed. The request that the binding should have counted was accepted.
    LimiterFailed,
    /// Some work that the Worker does after it has sent the response has failed.
    Background,
    /// A data point could not be written to Workers Analytics Engine.
    AnalyticsFailed,
}

impl Trouble {
    /// Each kind of problem, once.
    pub const ALL: [Self; 13] = [
        Self::DeadLetters(1),
        Self::KeptMails,
        Self::Departures,
        Self::FreedAddresses,
        Self::OperatorTickets,
        Self::WithdrawnGrants,
        Self::RowChanges,
        Self::Misconfigured,
        Self::MisspeltSetting,
        Self::LimiterMissing,
        Self::LimiterFailed,
        Self::Background,
        Self::AnalyticsFailed,
    ];

    /// The member `event` of the problem's log line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeadLetters(_) => "dead_letters",
            Self::KeptMails => "kept_mails",
            Self::Departures => "departures",
            Self::FreedAddresses => "freed_addresses",
            Self::OperatorTickets => "operator_tickets",
            Self::WithdrawnGrants => "withdrawn_grants",
            Self::RowChanges => "row_changes",
            Self::Misconfigured => "misconfigured",
            Self::MisspeltSetting => "misspelt_setting",
            Self::LimiterMissing => "limiter_missing",
            Self::LimiterFailed => "limiter_failed",
            Self::Background => "background",
            Self::AnalyticsFailed => "analytics_failed",
        }
    }

    /// The level of the problem's log line.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::DeadLetters(_)
            | Self::KeptMails
            | Self::Departures
            | Self::FreedAddresses
            | Self::OperatorTickets
            | Self::WithdrawnGrants
            | Self::RowChanges
            | Self::Misconfigured
            | Self::LimiterMissing => Level::Error,
            // The Worker continues with the default value of the setting.
            Self::MisspeltSetting => Level::Warn,
            // These are problems of the platform. If such a problem lasts, a later request logs it
            // again.
            Self::LimiterFailed | Self::Background | Self::AnalyticsFailed => Level::Warn,
        }
    }

    /// The problem's log line. It contains `reason`, unless `reason` is empty.
    #[must_use]
    pub fn to_json(self, reason: &str) -> String {
        let mut line = LogLine::new(self.level(), self.name());
        if let Self::DeadLetters(count) = self {
            line.number("count", count);
        }
        line.text("reason", reason);
        line.end()
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Number(u64),
}

impl LogLine {
    /// Begins a line with the members `level` and `event`.
    #[must_use]
    pub fn new(level: Level, event: &str) -> Self {
        let mut line = Self(Vec::new());
        line.text("level", level.as_str());
        line.text("event", event);
        line
    }

    /// Adds a string, unless it is empty.
    pub fn text(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.0.push((name, Value::Text(text.to_owned())));
        }
    }

    /// Adds an integer.
    pub fn number(&mut self, name: &'static str, number: u64) {
        self.0.push((name, Value::Number(number)));
    }

    /// The finished line.
    #[must_use]
    pub fn end(self) -> String {
        // Strings and integers can always be written as JSON.
        serde_json::to_string(&self).unwrap_or_default()
    }
}

impl Serialize for LogLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgegate_token::json::Json;

    #[test]
    fn a_line_is_one_json_object_whatever_its_values_are() {
        let evil = "\"},{\"level\":\"info\"\r\n\u{2028}\0";
        let mut line = LogLine::new(Level::Warn, "request");
        line.number("status", 404);
        line.text("path", evil);
        line.text("nothing", "");
        let line = line.end();
        assert!(!line.contains(['\r', '\n', '\0']));
        assert!(line.starts_with(r#"{"level":"warn","event":"request","status":404,"path":""#));
        let read = Json::read(line.as_bytes()).unwrap();
        assert_eq!(read.get("path").unwrap().as_str(), Some(evil));
        assert!(read.get("nothing").is_none());
    }

    #[test]
    fn the_line_of_a_trouble_has_its_level_its_count_and_its_reason() {
        assert_eq!(
            Trouble::DeadLetters(3).to_json(""),
            r#"{"level":"error","event":"dead_letters","count":3}"#
        );
        assert_eq!(
            Trouble::Background.to_json("no network"),
            r#"{"level":"warn","event":"background","reason":"no network"}"#
        );
    }
}
