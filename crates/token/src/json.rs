//! A strict reader of JSON. It does not read the values of fractions. All code reads JSON with this
//! module: if two parsers were used and understood the same text differently, that would be a
//! security hole.
//!
//! This module uses serde_json to parse and to write JSON. It does not use serde_json's type
//! `Value`, because `Value` keeps only the last of two members with the same name. No derived
//! implementation of `Deserialize` reads the text, because it would ignore duplicates among unknown
//! members. `Value` and derived implementations that read the text would also make the Worker 24 KB
//! larger (gzipped).

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, Serializer};
use zeroize::Zeroize;

use crate::limits::JSON_MAX_DEPTH;

/// A JSON value. It can contain a secret, so `Debug` does not print it.
///
/// ```
/// use edgegate_token::json::{Fault, Json};
///
/// let value = Json::read(br#"{"roles":["user"],"ver":3}"#).map_err(|unread| unread.fault)?;
/// assert_eq!(value.get("ver").and_then(Json::as_u64), Some(3));
///
/// let refused = Json::read(br#"{"sub":"ada","sub":"root"}"#).unwrap_err();
/// assert_eq!(refused.fault, Fault::DuplicateMember);
/// # Ok::<(), Fault>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number from 0 to 2^64 - 1, without a fraction or an exponent.
    Integer(u64),
    /// Any other number. Its value is not stored, because no rule accepts such a number. So this
    /// value can't be written as JSON again.
    OtherNumber,
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Members),
}

/// The members of an object, sorted by name. Each name occurs once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Members(Vec<(String, Json)>);

/// Why a text was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The text is not UTF-8.
    NotUtf8,
    /// The text begins with a byte order mark.
    ByteOrderMark,
    /// The text is not JSON, or contains more than one value.
    Syntax,
    /// The text is JSON, but not an object.
    NotAnObject,
    /// An object has two members with the same name.
    DuplicateMember,
    /// Arrays and objects are nested too deeply.
    TooDeep,
}

/// Why a text was rejected, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The first fault.
    pub fault: Fault,
    /// The line and the column of the fault, counted from 1, if they are known.
    pub at: Option<(usize, usize)>,
}

impl Json {
    /// Reads one value. The text must be UTF-8 without a byte order mark, and nothing may follow
    /// the value. At any depth, no object may have two members whose names are equal after escapes
    /// are decoded (RFC 7515 section 4, RFC 7519 section 4). Values may be nested at most
    /// [`JSON_MAX_DEPTH`] deep.
    ///
    /// # Errors
    /// The first fault.
    pub fn read(bytes: &[u8]) -> Result<Self, Unread> {
        let unread = |fault| Unread { fault, at: None };
        let text = core::str::from_utf8(bytes).map_err(|_| unread(Fault::NotUtf8))?;
        if text.starts_with('\u{feff}') {
            return Err(unread(Fault::ByteOrderMark));
        }
        let fault = Cell::new(Fault::Syntax);
        let mut parser = serde_json::Deserializer::from_str(text);
        let strict = Strict {
            depth: 0,
            fault: &fault,
        };
        strict
            .deserialize(&mut parser)
            .and_then(|value| parser.end().map(|()| value))
            .map_err(|error| Unread {
                fault: fault.get(),
                at: Some((error.line(), error.column())),
            })
    }

    /// An object with these members. If a name occurs twice, the last member with this name is
    /// kept.
    #[must_use]
    pub fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        let mut object = Members::default();
        for (name, value) in members {
            object.set(name, value);
        }
        Self::Object(object)
    }

    /// Writes the value as JSON. The text is empty if the value contains [`Json::OtherNumber`].
    #[must_use]
    pub fn to_text(&self) -> String {
        // Writing fails only for `OtherNumber`. This crate never writes a value that contains it.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The member with this name, if this is an object that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// The string, if this value is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if this value is an integer.
    #[must_use]
    pub const fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The boolean, if this value is a boolean.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The items, if this value is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The strings, if this value is an array that contains only strings.
    #[must_use]
    pub fn into_texts(self) -> Option<Vec<String>> {
        let Self::Array(items) = self else {
            return None;
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            let Self::String(text) = item else {
                return None;
            };
            texts.push(text);
        }
        Some(texts)
    }
}

/// Like [`Json::read`], but accepts only an object.
///
/// # Errors
/// The first fault.
pub fn read_object(bytes: &[u8]) -> Result<Members, Fault> {
    match Json::read(bytes) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(_) => Err(Fault::NotAnObject),
        Err(unread) => Err(unread.fault),
    }
}

impl Members {
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(known, _)| known.as_str().cmp(name))
    }

    /// The value of the member with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        let place = self.place(name).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// Whether there is a member with this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// Removes the member with this name and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let place = self.place(name).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Sets the value of the member with this name. If there is no such member, adds it.
    pub fn set(&mut self, name: &str, value: Json) {
        match self.place(name) {
            Ok(place) => {
                if let Some(member) = self.0.get_mut(place) {
                    member.1 = value;
                }
            }
            Err(place) => self.0.insert(place, (name.to_owned(), value)),
        }
    }

    /// The names of all members, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl IntoIterator for Members {
    type Item = (String, Json);
    type IntoIter = alloc::vec::IntoIter<(String, Json)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json")
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Members")
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Self>> FromIterator<T> for Json {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_u64(*value),
            Self::OtherNumber => Err(ser::Error::custom("a number of unknown value")),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(Members(members)) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

impl Zeroize for Json {
    fn zeroize(&mut self) {
        match self {
            Self::String(text) => text.zeroize(),
            Self::Array(items) => items.iter_mut().for_each(Zeroize::zeroize),
            Self::Object(members) => members.zeroize(),
            Self::Null | Self::Bool(_) | Self::Integer(_) | Self::OtherNumber => {}
        }
    }
}

impl Zeroize for Members {
    fn zeroize(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| value.zeroize());
    }
}

#[derive(Clone, Copy)]
struct Strict<'f> {
    depth: usize,
    /// The reader stores the fault here, because serde's errors can contain only text.
    fault: &'f Cell<Fault>,
}

impl Strict<'_> {
    fn refuse<E: Error>(self, fault: Fault) -> E {
        self.fault.set(fault);
        E::custom("refused")
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= JSON_MAX_DEPTH {
            return Err(self.refuse(Fault::TooDeep));
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
        let mut members = Members::default();
        while let Some(name) = access.next_key::<String>()? {
            let Err(place) = members.place(&name) else {
                return Err(self.refuse(Fault::DuplicateMember));
            };
            let value = access.next_value_seed(inner)?;
            members.0.insert(place, (name, value));
        }
        Ok(Json::Object(members))
    }
}
