//! Strict JSON: what a lax parser forgives is refused, because two parsers that differ are a hole.

use crate::domain::policy::JSON_MAX_DEPTH;
use core::cell::Cell;
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use zeroize::Zeroize;

/// The members of an object, by their unescaped names.
pub(super) type Members = BTreeMap<String, Json>;

/// A value. Numbers that are no `u64` keep nothing but that they are one: no rule accepts them.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Integer(u64),
    OtherNumber,
    String(String),
    Array(Vec<Json>),
    Object(Members),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonFault {
    NotUtf8,
    ByteOrderMark,
    Syntax,
    NotAnObject,
    DuplicateMember,
    TooDeep,
}

/// Reads one object: UTF-8 without a byte order mark, nothing behind it, no member twice at any depth (escapes resolved
/// first; RFC 7515 section 4, RFC 7519 section 4), bounded depth.
pub(super) fn read_object(bytes: &[u8]) -> Result<Members, JsonFault> {
    let text = core::str::from_utf8(bytes).map_err(|_| JsonFault::NotUtf8)?;
    if text.starts_with('\u{feff}') {
        return Err(JsonFault::ByteOrderMark);
    }
    let fault = Cell::new(JsonFault::Syntax);
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Strict {
        depth: 0,
        fault: &fault,
    }
    .deserialize(&mut parser)
    .and_then(|value| parser.end().map(|()| value))
    .map_err(|_| fault.get())?;
    match value {
        Json::Object(members) => Ok(members),
        _ => Err(JsonFault::NotAnObject),
    }
}

impl Zeroize for Json {
    fn zeroize(&mut self) {
        match self {
            Self::String(text) => text.zeroize(),
            Self::Array(items) => items.iter_mut().for_each(Zeroize::zeroize),
            Self::Object(members) => members.values_mut().for_each(Zeroize::zeroize),
            Self::Null | Self::Bool(_) | Self::Integer(_) | Self::OtherNumber => {}
        }
    }
}

#[derive(Clone, Copy)]
struct Strict<'f> {
    depth: usize,
    /// serde's errors carry text only: the reason goes round them.
    fault: &'f Cell<JsonFault>,
}

impl Strict<'_> {
    fn refuse<E: Error>(self, fault: JsonFault) -> E {
        self.fault.set(fault);
        E::custom("refused")
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= JSON_MAX_DEPTH {
            return Err(self.refuse(JsonFault::TooDeep));
        }
        Ok(Self {
            depth: self.depth.saturating_add(1),
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("json")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(u64::try_from(value).map_or(Json::OtherNumber, Json::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::OtherNumber)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut members = Members::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(self.refuse(JsonFault::DuplicateMember));
            }
            let value = access.next_value_seed(inner)?;
            members.insert(name, value);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> JsonFault {
        read_object(text.as_bytes()).err().unwrap()
    }

    #[test]
    fn duplicates_are_refused_at_every_depth_and_through_escapes() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"x":{"a":1,"a":1}}"#,
            r#"{"x":[{"y":[{"a":1,"\u0061":2}]}]}"#,
        ] {
            assert_eq!(fault(text), JsonFault::DuplicateMember, "{text}");
        }
    }

    #[test]
    fn only_one_plain_object_is_read() {
        for text in [
            "",
            "{",
            "{} x",
            "{}{}",
            "{\"a\":01}",
            "{\"a\":NaN}",
            "{a:1}",
            "{/**/}",
            "{\"a\":1,}",
            "{\"a\":1e999}",
        ] {
            assert_eq!(fault(text), JsonFault::Syntax, "{text}");
        }
        for text in ["[]", "null", "1", "\"{}\"", "true"] {
            assert_eq!(fault(text), JsonFault::NotAnObject, "{text}");
        }
        assert_eq!(fault("\u{feff}{}"), JsonFault::ByteOrderMark);
        assert_eq!(fault(r#"{"a":"\ud800"}"#), JsonFault::Syntax);
        assert_eq!(
            read_object(b"{\"a\":\"\xff\"}").err().unwrap(),
            JsonFault::NotUtf8
        );
        assert!(read_object(b" { } ").unwrap().is_empty());
    }

    #[test]
    fn depth_is_bounded_on_both_sides_of_the_limit() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n - 1), "]".repeat(n - 1));
        assert!(read_object(nested(JSON_MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(fault(&nested(JSON_MAX_DEPTH + 1)), JsonFault::TooDeep);
        assert_eq!(fault(&nested(2000)), JsonFault::TooDeep);
    }

    #[test]
    fn only_plain_non_negative_integers_are_integers() {
        let members =
            read_object(br#"{"a":7,"b":-1,"c":1.0,"d":1e3,"e":18446744073709551616,"f":-0}"#)
                .unwrap();
        assert!(members["a"] == Json::Integer(7));
        for name in ["b", "c", "d", "e", "f"] {
            assert!(members[name] == Json::OtherNumber, "{name}");
        }
    }
}
