//! Ids. An id is a UUIDv7 (RFC 9562 section 5.7), and only one spelling is accepted: lower case,
//! with hyphens. Imported accounts keep their UUID, which can have another version.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use uuid::Uuid;

/// A new id from the time in milliseconds since 1970 and ten random bytes.
pub(super) fn new(now_ms: u64, random: &[u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(now_ms, random).into_uuid()
}

/// Reads an id from a text. `None` if the text has another spelling or the UUID another version.
pub(super) fn parse(text: &str) -> Option<Uuid> {
    parse_spelling(text).filter(|id| id.get_version_num() == 7)
}

fn parse_spelling(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let mut spelt = Uuid::encode_buffer();
    let spelt = id.hyphenated().encode_lower(&mut spelt);
    (spelt == text).then_some(id)
}

/// The same functions for UUIDs of every version that RFC 9562 defines.
pub(super) mod of_any_version {
    pub(in super::super) use super::serialize;
    use super::{Deserialize, Deserializer, Error, Uuid, parse_spelling};

    /// The id in this text. `None` for any other spelling.
    pub(in super::super) fn parse(text: &str) -> Option<Uuid> {
        parse_spelling(text).filter(is_defined)
    }

    /// The id in these bytes.
    pub(in super::super) fn from_bytes(bytes: [u8; 16]) -> Option<Uuid> {
        Some(Uuid::from_bytes(bytes)).filter(is_defined)
    }

    /// Reads an id that `serialize` wrote.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Uuid, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("not an id"))
    }

    fn is_defined(id: &Uuid) -> bool {
        (1..=8).contains(&id.get_version_num()) && id.get_variant() == uuid::Variant::RFC4122
    }
}

/// Writes an id as a text. This function is for `#[serde(with)]`.
pub(super) fn serialize<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&id.hyphenated())
}

/// Reads an id that [`serialize`] wrote.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom("not an id"))
}

/// The id with these bytes. `None` if the UUID has another version.
pub(super) fn from_bytes(bytes: [u8; 16]) -> Option<Uuid> {
    let id = Uuid::from_bytes(bytes);
    (id.get_version_num() == 7).then_some(id)
}
