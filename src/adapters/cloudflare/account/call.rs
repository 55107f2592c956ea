//! What a Worker asks an account's object, and what it answers: JSON.
//!
//! During a deployment a Worker of one version may ask an object of another: a call whose members change gets a new name.

use std::mem::take;

use zeroize::Zeroizing;

use crate::domain::account::{HashError, KnownId, Password, PasswordHash, TriedBy, Verification};
use crate::domain::error::StoreError;
use crate::ports::{Attempt, Checked, Hashed};
use edgegate_token::json::{Json, Members};

/// A call.
#[derive(Debug)]
pub(super) enum Call {
    /// As [`check`](crate::ports::PasswordGuard::check). Answers what became of it.
    Check(Tried),
    /// As [`hash`](crate::ports::PasswordGuard::hash). Answers the hash.
    Hash { password: Password, salt: [u8; 16] },
}

/// An [`Attempt`] with all that it refers to, and its time.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) by: Option<TriedBy>,
    password: Password,
    hash: Option<PasswordHash>,
    decoy_salt: [u8; 16],
    in_vain: bool,
    pub(super) now: u64,
}

impl Tried {
    pub(super) fn attempt(&self) -> Attempt<'_> {
        Attempt {
            by: self.by,
            password: &self.password,
            hash: self.hash.as_ref(),
            decoy_salt: self.decoy_salt,
            in_vain: self.in_vain,
        }
    }
}

/// The text of a call to check.
pub(super) fn check(attempt: &Attempt<'_>, now: u64) -> Zeroizing<String> {
    let by = match attempt.by {
        None => Json::Null,
        Some(TriedBy::Stranger) => "".into(),
        Some(TriedBy::Known(id)) => id.to_text().into(),
    };
    written([
        ("do", "check".into()),
        ("by", by),
        ("password", password(attempt.password)),
        ("hash", attempt.hash.map(PasswordHash::as_str).into()),
        ("salt", salt(&attempt.decoy_salt)),
        ("in_vain", attempt.in_vain.into()),
        ("now", now.into()),
    ])
}

/// The text of a call to hash.
pub(super) fn hash(typed: &Password, fresh: &[u8; 16]) -> Zeroizing<String> {
    written([
        ("do", "hash".into()),
        ("password", password(typed)),
        ("salt", salt(fresh)),
    ])
}

fn written<const N: usize>(members: [(&str, Json); N]) -> Zeroizing<String> {
    let call = Zeroizing::new(Json::object(members));
    Zeroizing::new(call.to_text())
}

fn password(password: &Password) -> Json {
    // It is a text's bytes.
    String::from_utf8_lossy(password.as_bytes())
        .into_owned()
        .into()
}

fn salt(salt: &[u8; 16]) -> Json {
    KnownId(*salt).to_text().into()
}

impl Call {
    /// `None` for what is not a call.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Ok(Json::Object(mut members)) = Json::read(text.as_bytes()) else {
            return None;
        };
        let named = members.remove("do")?;
        let password = Zeroizing::new(string(&mut members, "password")?);
        let password = Password::for_login(&password).ok()?;
        let KnownId(salt) = KnownId::parse(&string(&mut members, "salt")?)?;
        match named.as_str()? {
            "check" => Some(Self::Check(Tried {
                by: match members.remove("by")? {
                    Json::Null => None,
                    by if by.as_str() == Some("") => Some(TriedBy::Stranger),
                    by => Some(TriedBy::Known(KnownId::parse(by.as_str()?)?)),
                },
                password,
                hash: match members.remove("hash")? {
                    Json::Null => None,
                    Json::String(hash) => Some(PasswordHash::new(hash)),
                    _ => return None,
                },
                decoy_salt: salt,
                in_vain: members.remove("in_vain")?.as_bool()?,
                now: members.remove("now")?.as_u64()?,
            })),
            "hash" => Some(Self::Hash { password, salt }),
            _ => None,
        }
    }
}

fn string(members: &mut Members, name: &str) -> Option<String> {
    match members.remove(name) {
        Some(Json::String(ref mut text)) => Some(take(text)),
        _ => None,
    }
}

const MATCHES: &str = "matches";
const OUTDATED: &str = "matches an outdated hash";
const DIFFERS: &str = "differs";
const UNUSABLE: &str = "unusable";
const DELAYED: &str = "delayed ";
const FAILED: &str = "failed";
const HASH: &str = "hash ";

/// That the client has to wait so many seconds.
pub(super) fn from_delay(seconds: u32) -> String {
    [DELAYED, &seconds.to_string()].concat()
}

fn to_delay(answer: &str) -> Option<u32> {
    answer.strip_prefix(DELAYED)?.parse().ok()
}

/// What became of an attempt, as an answer.
pub(super) fn from_checked(checked: Checked) -> String {
    match checked {
        Checked::Compared(Verification::Matches { rehash: false }) => MATCHES.to_owned(),
        Checked::Compared(Verification::Matches { rehash: true }) => OUTDATED.to_owned(),
        Checked::Compared(Verification::Differs) => DIFFERS.to_owned(),
        Checked::Unusable => UNUSABLE.to_owned(),
        Checked::Delayed(seconds) => from_delay(seconds),
    }
}

/// What became of an attempt, from the answer.
pub(super) fn to_checked(answer: &str) -> Option<Checked> {
    Some(match answer {
        MATCHES => Checked::Compared(Verification::Matches { rehash: false }),
        OUTDATED => Checked::Compared(Verification::Matches { rehash: true }),
        DIFFERS => Checked::Compared(Verification::Differs),
        UNUSABLE => Checked::Unusable,
        other => Checked::Delayed(to_delay(other)?),
    })
}

/// A hash, as an answer.
pub(super) fn from_hashed(hashed: Result<PasswordHash, HashError>) -> String {
    hashed.map_or_else(|_| FAILED.to_owned(), |hash| [HASH, hash.as_str()].concat())
}

/// The hash in an answer.
pub(super) fn to_hashed(answer: &str) -> Option<Hashed> {
    if let Some(hash) = answer.strip_prefix(HASH) {
        return Some(Hashed::Done(Ok(PasswordHash::new(hash.to_owned()))));
    }
    if answer == FAILED {
        return Some(Hashed::Done(Err(HashError::Failed)));
    }
    to_delay(answer).map(Hashed::Delayed)
}

pub(super) fn malformed() -> StoreError {
    StoreError::new("account_object", "a malformed message or record")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_to_check_arrives_as_it_was_sent() {
        let password = Password::for_login("a\t\"1\\\n\u{e9}\u{1f600}").unwrap();
        let hash = PasswordHash::new("$argon2id$".to_owned());
        for by in [
            None,
            Some(TriedBy::Stranger),
            Some(TriedBy::Known(KnownId([255; 16]))),
        ] {
            for hash in [None, Some(&hash)] {
                let sent = Attempt {
                    by,
                    password: &password,
                    hash,
                    decoy_salt: [9; 16],
                    in_vain: hash.is_none(),
                };
                let Some(Call::Check(arrived)) = Call::parse(&check(&sent, u64::MAX)) else {
                    panic!("no check");
                };
                let attempt = arrived.attempt();
                assert_eq!(
                    (
                        attempt.by,
                        attempt.hash,
                        attempt.decoy_salt,
                        attempt.in_vain
                    ),
                    (sent.by, sent.hash, sent.decoy_salt, sent.in_vain)
                );
                assert!(attempt.password == &password);
                assert_eq!(arrived.now, u64::MAX);
                assert!(!format!("{arrived:?}").contains("1f600"));
            }
        }
    }

    #[test]
    fn a_call_to_hash_arrives_as_it_was_sent() {
        let sent = Password::for_login("\u{1f600}").unwrap();
        let Some(Call::Hash { password, salt }) = Call::parse(&hash(&sent, &[7; 16])) else {
            panic!("no hash");
        };
        assert!(password == sent);
        assert_eq!(salt, [7; 16]);
    }

    #[test]
    fn every_answer_arrives_as_it_was_sent() {
        for checked in [
            Checked::Compared(Verification::Matches { rehash: false }),
            Checked::Compared(Verification::Matches { rehash: true }),
            Checked::Compared(Verification::Differs),
            Checked::Unusable,
            Checked::Delayed(86_400),
        ] {
            assert_eq!(to_checked(&from_checked(checked)), Some(checked));
        }
        let hash = PasswordHash::new("$argon2id$v=19$".to_owned());
        for hashed in [Ok(hash), Err(HashError::Failed)] {
            assert_eq!(
                to_hashed(&from_hashed(hashed.clone())),
                Some(Hashed::Done(hashed))
            );
        }
        assert_eq!(to_hashed(&from_delay(1)), Some(Hashed::Delayed(1)));
        // Least of all a yes.
        for answer in ["", "match", "delayed", "delayed -1", "delayed 1 ", "hash"] {
            assert_eq!(to_checked(answer), None, "{answer}");
            assert_eq!(to_hashed(answer), None, "{answer}");
        }
    }

    #[test]
    fn what_is_not_a_call_is_an_error() {
        let long = hash_call(&"p".repeat(129));
        for text in [
            "",
            "{}",
            r#"{"do":"drop","password":"p","salt":"07070707070707070707070707070707"}"#,
            r#"{"do":"hash","password":"p","salt":"07"}"#,
            r#"{"do":"hash","password":1,"salt":"07070707070707070707070707070707"}"#,
            r#"{"do":"check","password":"p","salt":"07070707070707070707070707070707"}"#,
            &long,
        ] {
            assert!(Call::parse(text).is_none(), "{text}");
        }
        assert!(Call::parse(&hash_call("p")).is_some());
    }

    fn hash_call(password: &str) -> String {
        format!(
            r#"{{"do":"hash","password":"{password}","salt":"07070707070707070707070707070707"}}"#
        )
    }
}
