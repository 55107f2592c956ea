//! What is stored in KV: the keys, and the form of each record. `docs/storage.md` shows each record
//! in each state.

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::account::UserId;
use crate::domain::authorization::ClientHash;
use crate::domain::error::StoreError;
use crate::domain::json;
use crate::domain::session::{
    ActiveSession, Client, ClientFingerprint, EndReason, Holder, Methods, Place, Proof, Record,
    SessionId, Use,
};

pub(super) fn session_prefix(user: UserId) -> String {
    format!("session:{user}:")
}

pub(super) fn ended_prefix(user: UserId) -> String {
    format!("ended:{user}:")
}

pub(super) fn session_key(user: UserId, session: SessionId) -> String {
    format!("session:{user}:{session}")
}

pub(super) fn ended_key(user: UserId, session: SessionId) -> String {
    format!("ended:{user}:{session}")
}

pub(super) fn signed_off_prefix(user: UserId) -> String {
    format!("signed_off:{user}:")
}

pub(super) fn signed_off_key(user: UserId, sign_on: SessionId) -> String {
    format!("signed_off:{user}:{sign_on}")
}

pub(super) fn stale_key(user: UserId) -> String {
    format!("stale:{user}")
}

/// The value of `session:<user>:<session>`.
#[derive(Serialize, Deserialize)]
struct SessionValue {
    /// This field must be present, although its value can be null. A text without this field is not
    /// a record.
    #[serde(deserialize_with = "required")]
    used: Option<u32>,
    at: Option<u64>,
    /// The fingerprint of the client that used the ticket, in eight hexadecimal digits.
    by: Option<String>,
    /// When and (in `amr`) how the user last proved who they are. Records that were written before
    /// these fields existed have neither of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<u8>,
    /// The app that holds the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<ClientHash>,
    /// For a browser's session, the single sign-on that the session continues. For an app's
    /// session, the single sign-on whose end also ends the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_on: Option<SessionId>,
}

fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Option::deserialize(deserializer)
}

pub(super) fn encode_record(record: &Record, holder: &Holder) -> String {
    let by = |used: Use| u32::from_be_bytes(ClientFingerprint::to_bytes(used.by));
    json::encode(&SessionValue {
        used: record.used.map(|used| used.counter),
        at: record.used.map(|used| used.first_at),
        by: record.used.map(|used| format!("{:08x}", by(used))),
        auth_time: record.proof.map(|proof| proof.auth_time),
        amr: record.proof.map(|proof| proof.methods.to_bits()),
        app: holder.client(),
        sign_on: holder.sign_on(),
    })
}

/// Reads who holds the session from the value of `session:<user>:<session>`.
pub(super) fn decode_holder(text: &str) -> Result<Holder, StoreError> {
    let value: SessionValue = json::decode(text).ok_or_else(|| malformed("session"))?;
    Ok(Holder::new(value.app, value.sign_on))
}

pub(super) fn decode_record(text: &str) -> Result<Record, StoreError> {
    let value: SessionValue = json::decode(text).ok_or_else(|| malformed("session"))?;
    let used = match (value.used, value.at, value.by) {
        (None, _, _) => None,
        (Some(counter), Some(first_at), Some(by)) => {
            let by = u32::from_str_radix(&by, 16).map_err(|_| malformed("session"))?;
            Some(Use {
                counter,
                first_at,
                by: ClientFingerprint::from_bytes(by.to_be_bytes()),
            })
        }
        _ => return Err(malformed("session")),
    };
    let proof = match (value.auth_time, value.amr) {
        (None, None) => None,
        (Some(auth_time), Some(methods)) => Some(Proof {
            auth_time,
            methods: Methods::from_bits(methods),
        }),
        _ => return Err(malformed("session")),
    };
    Ok(Record { used, proof })
}

/// The metadata of `session:<user>:<session>`. A list of keys contains it, so sessions can be
/// listed without reading their values. KV stores at most 1,024 bytes of metadata. The test
/// `a_record_fits` checks that the metadata is never longer.
#[derive(Serialize, Deserialize)]
struct SessionMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<ClientHash>,
    city: Option<String>,
    country: Option<String>,
    epoch: u64,
    network: String,
    seen: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_on: Option<SessionId>,
    user_agent: String,
}

/// A session in a list of keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) epoch: u64,
    pub(super) session: ActiveSession,
}

pub(super) fn encode_metadata(epoch: u32, holder: &Holder, client: &Client, now: u64) -> String {
    let Place { country, city } = client.place().clone();
    json::encode(&SessionMetadata {
        app: holder.client(),
        city,
        country,
        epoch: epoch.into(),
        network: client.network(),
        seen: now,
        sign_on: holder.sign_on(),
        user_agent: client.user_agent().to_owned(),
    })
}

/// The single sign-on whose end also ends the session. `None` for a browser's session.
pub(super) fn ending_sign_on(holder: &Holder) -> Option<SessionId> {
    match holder {
        Holder::Browser { .. } => None,
        Holder::App(app) => app.sign_on,
    }
}

/// Decodes the metadata of a key.
pub(super) fn decode_metadata(id: SessionId, metadata: &str) -> Result<Listed, StoreError> {
    let metadata: SessionMetadata = json::decode(metadata).ok_or_else(|| malformed("session"))?;
    let session = ActiveSession {
        id,
        last_used_at: metadata.seen,
        user_agent: metadata.user_agent,
        network: metadata.network,
        place: Place::new(metadata.country.as_deref(), metadata.city.as_deref()),
        app: metadata.app,
        sign_on: metadata.sign_on,
    };
    Ok(Listed {
        epoch: metadata.epoch,
        session,
    })
}

/// The value of `ended:<user>:<session>` and of `signed_off:<user>:<sign_on>`. The value is for
/// operators: the code only checks whether the key exists.
#[derive(Serialize)]
struct EndValue {
    reason: EndReason,
    at: u64,
}

pub(super) fn encode_end(reason: EndReason, now: u64) -> String {
    json::encode(&EndValue { reason, at: now })
}

pub(super) fn malformed(record: &str) -> StoreError {
    StoreError::new("sessions", format!("a malformed {record} record"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::authorization::ClientId;
    use crate::domain::session::AppBinding;

    fn client_hash() -> ClientHash {
        ClientId::parse("app").unwrap().hash()
    }

    fn holders() -> [Holder; 4] {
        let sign_on = Some(SessionId::new(2, &[2; 10]));
        let client = client_hash();
        [
            Holder::default(),
            Holder::Browser { sign_on },
            Holder::App(AppBinding {
                client,
                sign_on: None,
            }),
            Holder::App(AppBinding { client, sign_on }),
        ]
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        for used in [
            None,
            Some(Use {
                counter: u32::MAX,
                first_at: 1_767_225_700,
                by: Some(ClientFingerprint([0, 1, 2, 255])),
            }),
            Some(Use {
                counter: 0,
                first_at: 1_767_225_700,
                by: None,
            }),
        ] {
            for proof in [None, Some(Proof::by_password(1_767_225_701))] {
                for holder in holders() {
                    let record = Record { used, proof };
                    let text = encode_record(&record, &holder);
                    assert_eq!(decode_record(&text).unwrap(), record);
                    assert_eq!(decode_holder(&text).unwrap(), holder);
                }
            }
        }
        // A record that was written before records contained `auth_time` and `amr`.
        let old = r#"{"used":7,"at":1767225700,"by":"000102ff"}"#;
        let record = decode_record(old).unwrap();
        assert_eq!((record.used.unwrap().counter, record.proof), (7, None));
        assert_eq!(decode_holder(old).unwrap(), Holder::default());
        for text in [
            "",
            "{}",
            "{}x",
            "null",
            "[]",
            r#"{"used":1}"#,
            r#"{"used":-1,"at":1,"by":"0"}"#,
            r#"{"used":1,"at":1,"by":"0","auth_time":1}"#,
            r#"{"used":1,"at":1,"by":"0","amr":1}"#,
            r#"{"used":1,"at":1,"by":"0","auth_time":-1,"amr":1}"#,
            r#"{"used":1,"at":1,"by":"0","auth_time":1,"amr":256}"#,
        ] {
            assert!(decode_record(text).is_err(), "{text}");
        }
        for wrong in [r#""app":1"#, r#""sign_on":"1""#] {
            let text = [r#"{"used":null,"#, wrong, "}"].concat();
            assert!(decode_record(&text).is_err(), "{text}");
            assert!(decode_holder(&text).is_err(), "{text}");
        }
    }

    /// The test uses the longest values that a client's requests can produce.
    #[test]
    fn a_record_fits() {
        let client = Client::new(
            Some("2001:db8:ffff:ff00:ffff:ffff:ffff:ffff"),
            Some(&"\"".repeat(1000)),
        )
        .at(Place::new(Some("DE"), Some(&"\u{20000}".repeat(1000))));
        let id = SessionId::new(1, &[1; 10]);
        for holder in holders() {
            let metadata = encode_metadata(u32::MAX, &holder, &client, 1 << 53);
            let length = metadata.len();
            assert!(length <= 1024, "{length}");
            let listed = Listed {
                epoch: u64::from(u32::MAX),
                session: ActiveSession::now(id, &holder, &client, 1 << 53),
            };
            assert_eq!(decode_metadata(id, &metadata).unwrap(), listed);
        }
        assert!(decode_metadata(id, "null").is_err());
    }
}
