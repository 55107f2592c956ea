//! One line of the log: a JSON object that no value in it can break.

use serde::{Serialize, Serializer};

/// A log line under construction. Its members are strings and integers, in the order in which they
/// are added.
#[derive(Clone, Debug)]
pub struct LogLine(Vec<(&'static str, Value)>);

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Number(u64),
}

impl LogLine {
    /// Starts a line with its `level` (`info`, `warn` or `error`) and its `event`.
    #[must_use]
    pub fn new(level: &str, event: &str) -> Self {
        let mut line = Self(Vec::new());
        line.text("level", level);
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
        let mut line = LogLine::new("warn", "request");
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
}
