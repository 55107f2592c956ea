//! The tables in `docs/operations.md` list every log line that the service writes, with its level
//! and with what the operator has to do. They list no other lines.

use std::collections::BTreeSet;

use edgegate::domain::error::Code;
use edgegate::domain::log_line::{Level, Trouble};
use edgegate::domain::mail::{Delivery, NotDue};

/// A kind of log line: its event, and the part that distinguishes it from other lines with this
/// event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    event: String,
    /// The name of the part (`code`, `outcome`, `reason` or `detail`) and its value.
    part: Option<(&'static str, String)>,
    level: Level,
}

impl Line {
    fn new(event: &str, part: Option<(&'static str, &str)>, level: Level) -> Self {
        Self {
            event: event.to_owned(),
            part: part.map(|(name, value)| (name, value.to_owned())),
            level,
        }
    }

    /// The name of the line in the table of levels in `docs/operations.md`.
    fn short(&self) -> String {
        match &self.part {
            // All codes with a 4xx status have one name in the table.
            Some(("code", _)) if self.level == Level::Warn => "request: 4xx".to_owned(),
            None => self.event.clone(),
            Some((_, value)) => format!("{}: {value}", self.event),
        }
    }
}

fn requests() -> Vec<Line> {
    let of_code = |code: &Code| {
        let level = Level::of_status(code.status());
        Line::new("request", Some(("code", code.as_str())), level)
    };
    let mut lines: Vec<Line> = Code::ALL.iter().map(of_code).collect();
    lines.push(Line::new("request", None, Level::of_status(200)));
    lines
}

fn mails() -> Vec<Line> {
    let reason = String::new;
    [
        Delivery::Sent,
        Delivery::NotDue(NotDue::Expired),
        Delivery::EarlierLink,
        Delivery::Undeliverable(reason()),
        Delivery::Later {
            seconds: 1,
            reason: reason(),
        },
        Delivery::Waits { seconds: 1 },
        Delivery::GivenUp,
        Delivery::Dead { reason: reason() },
    ]
    .iter()
    .map(|delivery| Line::new("mail", Some(("outcome", delivery.name())), delivery.level()))
    .collect()
}

fn troubles() -> Vec<Line> {
    let of = |trouble: &Trouble| Line::new(trouble.name(), None, trouble.level());
    Trouble::ALL.iter().map(of).collect()
}

/// The log lines of the events that the scenarios of the audit log record. The reason or detail of
/// an event is included only if the level depends on it.
fn events() -> Vec<Line> {
    let seen = crate::audit_log::levels();
    let mut lines = BTreeSet::new();
    for ([name, reason, detail], level) in &seen {
        let part = match name.as_str() {
            "sign_in_failed" => Some(("reason", reason.as_str())),
            "password_check_failed" if !reason.is_empty() => Some(("reason", reason.as_str())),
            "vendor_unreachable" => Some(("detail", detail.as_str())),
            _ => None,
        };
        // A renewal has no line of its own, because its outcome is in the line of the request.
        if !name.starts_with("renew") {
            lines.insert(Line::new(name, part, *level));
        }
    }
    lines.into_iter().collect()
}

fn every_line() -> Vec<Line> {
    [requests(), mails(), troubles(), events()].concat()
}

fn operations() -> &'static str {
    include_str!("../../docs/operations.md")
}

fn section(heading: &str) -> &'static str {
    let (_, after) = operations().split_once(heading).expect(heading);
    after.split("\n## ").next().unwrap_or_default()
}

/// The texts between backticks in a Markdown text.
fn code_spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_table_of_levels_has_every_line() {
    for level in [Level::Error, Level::Warn, Level::Info] {
        let begin = format!("| `{}` |", level.as_str());
        let row = section("\n### Levels\n")
            .lines()
            .find(|line| line.starts_with(&begin))
            .unwrap();
        let documented: BTreeSet<&str> = code_spans(row).into_iter().skip(1).collect();
        let lines: BTreeSet<String> = every_line()
            .iter()
            .filter(|line| line.level == level)
            .map(Line::short)
            .collect();
        let lines: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
        let list = |lines: &BTreeSet<&str>| {
            let spans: Vec<String> = lines.iter().map(|line| format!("`{line}`")).collect();
            spans.join(", ")
        };
        assert_eq!(list(&documented), list(&lines), "{}", level.as_str());
    }
}

/// Reads a query of the table of symptoms, such as `event = "mail" and outcome = "dead"`.
fn query(text: &str) -> Option<Vec<(&str, &str)>> {
    let conditions = text.split(" and ").map(|condition| {
        let (name, value) = condition.split_once(" = ")?;
        Some((name, value.strip_prefix('"')?.strip_suffix('"')?))
    });
    conditions.collect()
}

fn queries(row: &str) -> Vec<Vec<(&str, &str)>> {
    let spans = code_spans(row).into_iter();
    let queries = spans.filter(|span| span.starts_with("event = "));
    queries
        .map(|span| query(span).unwrap_or_else(|| panic!("{span}")))
        .collect()
}

fn matches(line: &Line, query: &[(&str, &str)]) -> bool {
    query.iter().all(|(name, value)| match (*name, &line.part) {
        // A call by RPC writes the same kinds of lines as an HTTP request, under the event `rpc`.
        ("event", _) => line.event == *value || (line.event == "request" && *value == "rpc"),
        (name, Some((part, known))) => *part == name && known == value,
        (_, None) => false,
    })
}

#[test]
fn every_row_of_the_table_of_symptoms_names_a_line_and_every_error_has_a_row() {
    let table = section("\n## When something is wrong\n");
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with('|') && line.contains("`event = "))
        .collect();
    let lines = every_line();
    for row in &rows {
        for query in queries(row) {
            let found: Vec<&Line> = lines.iter().filter(|line| matches(line, &query)).collect();
            assert!(!found.is_empty(), "no line has {query:?}");
            let conditions: Vec<String> = query
                .iter()
                .map(|(name, value)| format!("{name} = \"{value}\""))
                .collect();
            let is_bold = row.contains(&format!("**`{}`**", conditions.join(" and ")));
            let is_error = found.iter().all(|line| line.level == Level::Error);
            assert_eq!(is_bold, is_error, "bold means error: {query:?}");
        }
        let action = row.split('|').nth(3).unwrap().trim();
        assert!(!action.is_empty(), "{row}");
    }
    for line in lines.iter().filter(|line| line.level == Level::Error) {
        let names = |row: &&&str| queries(row).iter().any(|query| matches(line, query));
        assert!(rows.iter().find(names).is_some(), "no row for {line:?}");
    }
}
