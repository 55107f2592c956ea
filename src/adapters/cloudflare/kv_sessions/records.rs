//! What stands in KV: the keys, and each record's form. `docs/storage.md` shows each in each state.

use serde::{Deserialize, Serialize};

use crate::domain::account::UserId;
use crate::domain::error::StoreError;
use crate::domain::session::{
    ActiveSession, Client, ClientFingerprint, EndReason, Place, Record, SessionId, Use,
};

pub(super) fn session_prefix(user: UserId) -> String {
    format!("session:{user}:")
}

pub(super) fn session_key(user: UserId, session: SessionId) -> String {
    format!("session:{user}:{session}")
}

pub(super) fn ended_key(user: UserId, session: SessionId) -> String {
    format!("ended:{user}:{session}")
}

pub(super) fn stale_key(user: UserId) -> String {
    format!("stale:{user}")
}

/// `session:<user>:<session>`.
#[derive(Serialize, Deserialize)]
struct StoredRecord {
    used: Option<u32>,
    at: Option<u64>,
    by: Option<String>,
}

/// The value for a record.
pub(super) fn from_record(record: &Record) -> Result<String, StoreError> {
    to_json(&StoredRecord {
        used: record.used.map(|used| used.counter),
        at: record.used.map(|used| used.first_at),
        by: record
            .used
            .map(|used| format!("{:08x}", u32::from_be_bytes(used.by.0))),
    })
}

/// The record in a value.
pub(super) fn to_record(text: &str) -> Result<Record, StoreError> {
    let stored: StoredRecord = serde_json::from_str(text).map_err(|_| malformed("session"))?;
    let used = match (stored.used, stored.at, stored.by) {
        (None, None, None) => None,
        (Some(counter), Some(first_at), Some(by)) => Some(Use {
            counter,
            first_at,
            by: ClientFingerprint(
                u32::from_str_radix(&by, 16)
                    .map_err(|_| malformed("session"))?
                    .to_be_bytes(),
            ),
        }),
        _ => return Err(malformed("session")),
    };
    Ok(Record { used })
}

/// The metadata of `session:<user>:<session>`, by which a list of keys alone shows the sessions. KV takes 1,024 bytes;
/// `a_record_fits` holds it.
#[derive(Serialize, Deserialize)]
pub(super) struct Metadata {
    pub(super) epoch: u32,
    seen: u64,
    user_agent: String,
    network: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
}

impl Metadata {
    pub(super) fn new(epoch: u32, client: &Client, now: u64) -> Self {
        let Place { country, city } = client.place().clone();
        Self {
            epoch,
            seen: now,
            user_agent: client.user_agent().to_owned(),
            network: client.network(),
            country,
            city,
        }
    }

    pub(super) fn to_json(&self) -> Result<serde_json::Value, StoreError> {
        serde_json::to_value(self).map_err(|_| malformed("new"))
    }

    pub(super) fn into_active(self, id: SessionId) -> ActiveSession {
        ActiveSession {
            id,
            last_used_at: self.seen,
            user_agent: self.user_agent,
            network: self.network,
            place: Place {
                country: self.country,
                city: self.city,
            },
        }
    }
}

/// `ended:<user>:<session>`.
#[derive(Serialize)]
struct StoredEnd {
    reason: &'static str,
    at: u64,
}

/// The value for an ending.
pub(super) fn from_end(reason: EndReason, now: u64) -> Result<String, StoreError> {
    to_json(&StoredEnd {
        reason: reason.as_str(),
        at: now,
    })
}

fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| malformed("new"))
}

pub(super) fn malformed(record: &str) -> StoreError {
    StoreError::new("sessions", format!("a malformed {record} record"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was() {
        for used in [
            None,
            Some(Use {
                counter: u32::MAX,
                first_at: 1_767_225_700,
                by: ClientFingerprint([0, 1, 2, 255]),
            }),
        ] {
            let record = Record { used };
            assert_eq!(to_record(&from_record(&record).unwrap()).unwrap(), record);
        }
        for text in [
            "",
            "{}x",
            "[]",
            r#"{"used":1}"#,
            r#"{"used":-1,"at":1,"by":"0"}"#,
        ] {
            assert!(to_record(text).is_err(), "{text}");
        }
    }

    /// The longest that a client can make them.
    #[test]
    fn a_record_fits() {
        let client = Client::new(
            Some("2001:db8:ffff:ff00:ffff:ffff:ffff:ffff"),
            Some(&"\"".repeat(1000)),
        )
        .at(Place::new(Some("DE"), Some(&"\u{1F600}".repeat(1000))));
        let metadata = Metadata::new(u32::MAX, &client, 1 << 53).to_json().unwrap();
        assert!(
            metadata.to_string().len() <= 1024,
            "{}",
            metadata.to_string().len()
        );
    }
}
