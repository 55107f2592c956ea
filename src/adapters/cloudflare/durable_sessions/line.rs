//! A line of fields between tabs.

use std::fmt::{self, Write};
use std::str::FromStr;

/// A line that grows by fields.
pub(super) struct Line(pub(super) String);

impl Line {
    pub(super) fn new(first: &str) -> Self {
        Self(first.to_owned())
    }

    pub(super) fn field(&mut self, value: impl fmt::Display) -> &mut Self {
        // Writing to a String does not fail.
        let _ = write!(self.0, "\t{value}");
        self
    }

    pub(super) fn optional(&mut self, value: Option<impl fmt::Display>) -> &mut Self {
        match value {
            Some(value) => self.field(value),
            None => self.field(""),
        }
    }
}

/// What is left of a line, field by field; an absent field is empty.
pub(super) struct Fields<'a>(pub(super) &'a str);

impl<'a> Fields<'a> {
    pub(super) fn text(&mut self) -> &'a str {
        let (field, rest) = self.0.split_once('\t').unwrap_or((self.0, ""));
        self.0 = rest;
        field
    }

    pub(super) fn number<T: FromStr>(&mut self) -> Option<T> {
        self.text().parse().ok()
    }

    /// Outside `None` for a malformed field, inside for an empty one.
    #[allow(clippy::option_option, reason = "both are meant")]
    pub(super) fn optional<T: FromStr>(&mut self) -> Option<Option<T>> {
        match self.text() {
            "" => Some(None),
            text => text.parse().ok().map(Some),
        }
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.text() {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }

    /// All that is left, tabs among it.
    pub(super) fn rest(&self) -> &'a str {
        self.0
    }
}
