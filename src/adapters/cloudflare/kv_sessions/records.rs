//! What stands in KV: the keys, and each record's form. `docs/storage.md` shows each in each state.

use crate::domain::account::UserId;
use crate::domain::error::StoreError;
use crate::domain::session::{
    ActiveSession, Client, ClientFingerprint, EndReason, Methods, Place, Proof, Record, SessionId,
    Use,
};
use edgegate_token::json::Json;

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

pub(super) fn stale_key(user: UserId) -> String {
    format!("stale:{user}")
}

/// The value of `session:<user>:<session>` for a record.
pub(super) fn from_record(record: &Record) -> String {
    let used = match record.used {
        None => r#""used":null,"at":null,"by":null"#.to_owned(),
        Some(used) => format!(
            r#""used":{},"at":{},"by":"{:08x}""#,
            used.counter,
            used.first_at,
            u32::from_be_bytes(ClientFingerprint::to_bytes(used.by))
        ),
    };
    match record.proof {
        None => format!("{{{used}}}"),
        Some(proof) => format!(
            r#"{{{used},"auth_time":{},"amr":{}}}"#,
            proof.auth_time,
            proof.methods.to_bits()
        ),
    }
}

/// The record in a value.
pub(super) fn to_record(text: &str) -> Result<Record, StoreError> {
    let read = || {
        let json = Json::read(text.as_bytes()).ok()?;
        let number = |name| json.get(name)?.as_u64();
        let used = match json.get("used")? {
            Json::Null => None,
            _ => Some(Use {
                counter: u32::try_from(number("used")?).ok()?,
                first_at: number("at")?,
                by: ClientFingerprint::from_bytes(
                    u32::from_str_radix(json.get("by")?.as_str()?, 16)
                        .ok()?
                        .to_be_bytes(),
                ),
            }),
        };
        // Records from before proofs have neither member.
        let proof = match (json.get("auth_time"), json.get("amr")) {
            (None, None) => None,
            (Some(auth_time), Some(methods)) => Some(Proof {
                auth_time: auth_time.as_u64()?,
                methods: Methods::from_bits(methods.as_u64()?.try_into().ok()?),
            }),
            _ => return None,
        };
        Some(Record { used, proof })
    };
    read().ok_or_else(|| malformed("session"))
}

/// The metadata of `session:<user>:<session>`, by which a list of keys alone shows the sessions. KV takes 1,024 bytes;
/// `a_record_fits` holds it.
pub(super) fn metadata(epoch: u32, client: &Client, now: u64) -> String {
    Json::object([
        ("epoch", u64::from(epoch).into()),
        ("seen", now.into()),
        ("user_agent", client.user_agent().into()),
        ("network", client.network().into()),
        ("country", client.place().country.as_deref().into()),
        ("city", client.place().city.as_deref().into()),
    ])
    .to_text()
}

/// The epoch and the session in a key's metadata.
pub(super) fn to_active(id: SessionId, metadata: &str) -> Result<(u64, ActiveSession), StoreError> {
    let read = || {
        let metadata = Json::read(metadata.as_bytes()).ok()?;
        let text = |name| metadata.get(name).and_then(Json::as_str);
        let number = |name| metadata.get(name).and_then(Json::as_u64);
        let session = ActiveSession {
            id,
            last_used_at: number("seen")?,
            user_agent: text("user_agent")?.to_owned(),
            network: text("network")?.to_owned(),
            place: Place::new(text("country"), text("city")),
        };
        Some((number("epoch")?, session))
    };
    read().ok_or_else(|| malformed("session"))
}

/// The value of `ended:<user>:<session>`.
pub(super) fn from_end(reason: EndReason, now: u64) -> String {
    format!(r#"{{"reason":"{}","at":{now}}}"#, reason.as_str())
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
                by: Some(ClientFingerprint([0, 1, 2, 255])),
            }),
            Some(Use {
                counter: 0,
                first_at: 1_767_225_700,
                by: None,
            }),
        ] {
            for proof in [None, Some(Proof::by_password(1_767_225_701))] {
                let record = Record { used, proof };
                assert_eq!(to_record(&from_record(&record)).unwrap(), record);
            }
        }
        // Records that were written before there were proofs.
        let old = r#"{"used":7,"at":1767225700,"by":"000102ff"}"#;
        let record = to_record(old).unwrap();
        assert_eq!((record.used.unwrap().counter, record.proof), (7, None));
        for text in [
            "",
            "{}x",
            "[]",
            r#"{"used":1}"#,
            r#"{"used":-1,"at":1,"by":"0"}"#,
            r#"{"used":1,"at":1,"by":"0","auth_time":1}"#,
            r#"{"used":1,"at":1,"by":"0","amr":1}"#,
            r#"{"used":1,"at":1,"by":"0","auth_time":-1,"amr":1}"#,
            r#"{"used":1,"at":1,"by":"0","auth_time":1,"amr":256}"#,
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
        .at(Place::new(Some("DE"), Some(&"\u{20000}".repeat(1000))));
        let metadata = metadata(u32::MAX, &client, 1 << 53);
        let length = metadata.len();
        assert!(length <= 1024, "{length}");
        let id = SessionId::new(1, &[1; 10]);
        let (epoch, active) = to_active(id, &metadata).unwrap();
        assert_eq!(epoch, u64::from(u32::MAX));
        assert_eq!(active, ActiveSession::now(id, &client, 1 << 53));
        assert!(to_active(id, "null").is_err());
    }
}
