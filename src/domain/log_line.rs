//! One line of the log: a JSON object that no value in it can break.

use edgegate_token::json::quoted;

/// A log line under construction. Its members are strings and integers, in the order in which they
/// are added.
#[derive(Clone, Debug)]
pub struct LogLine(String);

impl LogLine {
    /// Starts a line with its `level` (`info`, `warn` or `error`) and its `event`.
    #[must_use]
    pub fn new(level: &str, event: &str) -> Self {
        let mut line = Self("{".to_owned());
        line.text("level", level);
        line.text("event", event);
        line
    }

    /// Adds a string, unless it is empty.
    pub fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.member(name, &quoted(text));
        }
    }

    /// Adds an integer.
    pub fn number(&mut self, name: &str, number: u64) {
        self.member(name, &number.to_string());
    }

    fn member(&mut self, name: &str, json: &str) {
        let comma = if self.0.len() > 1 { ",\"" } else { "\"" };
        for part in [comma, name, "\":", json] {
            self.0.push_str(part);
        }
    }

    /// The finished line.
    #[must_use]
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgegate_token::json::Json;

    #[test]
    fn a_line_is_one_object_whatever_stands_in_it() {
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
