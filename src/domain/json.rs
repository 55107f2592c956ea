//! Converts Rust values to and from JSON, with serde.
//!
//! [`decode`] uses the strict reader of [`edgegate_token::json`]. That reader rejects an object in
//! which a member appears twice. Its error messages quote no part of the text, because the text
//! could contain a password. The reader of serde_json would also make the Worker 20 KB larger,
//! because its error messages can contain fractional numbers, and the code that prints them is
//! large.

use std::fmt;

use edgegate_token::json::Json;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error, IntoDeserializer, Visitor};
use serde::{Serialize, forward_to_deserialize_any};

/// Writes a value as JSON.
#[must_use]
pub fn encode(value: &impl Serialize) -> String {
    // Writing JSON fails only for maps whose keys are not strings.
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads a value of the type `T` from a JSON text. `None` when the text is not JSON, or is not the
/// JSON form of this type.
#[must_use]
pub fn decode<T: DeserializeOwned>(text: &str) -> Option<T> {
    let json = Json::read(text.as_bytes()).ok()?;
    T::deserialize(Read(json)).ok()
}

/// JSON that was read, as a source for serde.
struct Read(Json);

/// The JSON is not of the expected form.
#[derive(Debug)]
struct Mismatch;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not of the expected form")
    }
}

impl std::error::Error for Mismatch {}

impl Error for Mismatch {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl IntoDeserializer<'_, Mismatch> for Read {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Read {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(value),
            Json::Integer(value) => visitor.visit_u64(value),
            Json::OtherNumber => Err(Mismatch),
            Json::String(text) => visitor.visit_string(text),
            Json::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Read));
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Json::Object(members) => {
                let members = members.into_iter().map(|(name, value)| (name, Read(value)));
                let mut members = MapDeserializer::new(members);
                let value = visitor.visit_map(&mut members)?;
                members.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Json::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    /// In JSON, an enum variant without content is a string. Any other variant is an object with
    /// one member.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.0 {
            Json::String(name) => visitor.visit_enum(name.into_deserializer()),
            Json::Object(members) => {
                let members = members.into_iter().map(|(name, value)| (name, Read(value)));
                let mut members = MapDeserializer::new(members);
                let value = visitor.visit_enum(MapAccessDeserializer::new(&mut members))?;
                members.end()?;
                Ok(value)
            }
            _ => Err(Mismatch),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        One(u32),
        Two(u64, Option<bool>),
        Named { text: String, rest: Vec<Kind> },
    }

    #[test]
    fn a_written_value_is_read_back() {
        let kinds = || vec![Kind::Plain, Kind::One(u32::MAX), Kind::Two(u64::MAX, None)];
        for kind in kinds().into_iter().chain([Kind::Named {
            text: "a\t\"\u{1f600}".to_owned(),
            rest: kinds(),
        }]) {
            let text = encode(&kind);
            assert_eq!(decode::<Kind>(&text).as_ref(), Some(&kind), "{text}");
        }
        let map: BTreeMap<String, (u8, Option<()>)> = [("a".to_owned(), (1, None))].into();
        assert_eq!(decode(&encode(&map)), Some(map));
        assert_eq!(decode::<()>("null"), Some(()));
    }

    #[test]
    fn texts_of_another_form_are_rejected() {
        for text in [
            "",
            "null",
            "{}",
            "[]",
            "1",
            "plain",
            r#""other""#,
            r#"{"plain":1}"#,
            r#"{"one":1,"two":1}"#,
            r#"{"one":1,"one":1}"#,
            r#"{"one":4294967296}"#,
            r#"{"one":-1}"#,
            r#"{"one":1.0}"#,
            r#"{"one":1e0}"#,
            r#"{"one":"1"}"#,
            r#"{"one":null}"#,
            r#"{"two":[1]}"#,
            r#"{"two":[1,null,1]}"#,
            r#"{"named":{"text":"a"}}"#,
            r#"{"named":{"text":"a","rest":[],"text":"b"}}"#,
            r#""plain" x"#,
        ] {
            assert_eq!(decode::<Kind>(text), None, "{text}");
        }
    }
}
