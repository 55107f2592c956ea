//! Ids: UUIDv7 (RFC 9562 section 5.7), in one spelling: lower case, with hyphens.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use uuid::Uuid;

/// A new id from the time in milliseconds since 1970 and ten random bytes.
pub(super) fn new(now_ms: u64, random: &[u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(now_ms, random).into_uuid()
}

/// The id in this text; `None` for any other spelling or version.
pub(super) fn parse(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let mut spelt = Uuid::encode_buffer();
    let spelt = id.hyphenated().encode_lower(&mut spelt);
    (id.get_version_num() == 7 && spelt == text).then_some(id)
}

/// Writes an id as its text, for `#[serde(with)]`.
pub(super) fn serialize<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&id.hyphenated())
}

/// Reads what [`serialize`] wrote.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom("not an id"))
}

/// The id in these bytes; `None` for any other version.
pub(super) fn from_bytes(bytes: [u8; 16]) -> Option<Uuid> {
    let id = Uuid::from_bytes(bytes);
    (id.get_version_num() == 7).then_some(id)
}
