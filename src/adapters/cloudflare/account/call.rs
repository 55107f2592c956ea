//! The calls that a Worker makes to the Durable Object of an account.
//!
//! With each call the Worker also says who makes the call and when. These two values are enough for
//! the object to decide in which line the call waits. The object parses the call itself only when
//! its turn has come.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::account::{Attempt, KnownId, Password, PasswordHash, TriedBy};

/// Who makes a call. This decides in which line the call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Somebody who enters a password to be checked. An attempt with `None` is never delayed and
    /// never counted.
    Tries(Option<TriedBy>),
    /// Somebody who has chosen a new password.
    Chooses,
}

impl Arrival {
    pub(super) fn encode(self) -> String {
        match self {
            Self::Tries(None) => "uncounted".to_owned(),
            Self::Tries(Some(TriedBy::Stranger)) => "stranger".to_owned(),
            Self::Tries(Some(TriedBy::Known(id))) => id.to_text(),
            Self::Chooses => "chooses".to_owned(),
        }
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        Some(match text {
            "uncounted" => Self::Tries(None),
            "stranger" => Self::Tries(Some(TriedBy::Stranger)),
            "chooses" => Self::Chooses,
            id => Self::Tries(Some(TriedBy::Known(KnownId::parse(id)?))),
        })
    }
}

/// A call.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Call<'a> {
    /// Does what [`check`](crate::ports::PasswordGuard::check) does, and answers with its result.
    Check {
        password: Cow<'a, str>,
        hash: Option<Cow<'a, str>>,
        decoy_salt: [u8; 16],
        in_vain: bool,
    },
    /// Does what [`hash`](crate::ports::PasswordGuard::hash) does, and answers with its result.
    Hash {
        password: Cow<'a, str>,
        salt: [u8; 16],
    },
    /// Does what [`forget`](crate::ports::PasswordGuard::forget) does, and answers when it is done.
    Forget,
}

impl<'a> Call<'a> {
    pub(super) fn check(attempt: &Attempt<'a>) -> Self {
        Self::Check {
            password: attempt.password.as_typed().into(),
            hash: attempt.hash.map(|hash| hash.as_str().into()),
            decoy_salt: attempt.decoy_salt,
            in_vain: attempt.in_vain,
        }
    }

    pub(super) fn hash(password: &'a Password, salt: &[u8; 16]) -> Self {
        Self::Hash {
            password: String::from_utf8_lossy(password.as_bytes()),
            salt: *salt,
        }
    }
}

/// The password in a call, or `None` if it is too long. The call's own copy is wiped from memory.
pub(super) fn password(text: Cow<'_, str>) -> Option<Password> {
    let text = Zeroizing::new(text.into_owned());
    Password::for_login(&text).ok()
}

/// The hash in a call.
pub(super) fn stored_hash(text: Option<Cow<'_, str>>) -> Option<PasswordHash> {
    text.map(|text| PasswordHash::new(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::domain::account::{Comparison, HashError, Verification};
    use crate::domain::json;
    use crate::ports::Guarded;

    fn sent<T: Serialize, A: DeserializeOwned>(value: &T) -> A {
        json::decode(&json::encode(value)).unwrap()
    }

    #[test]
    fn a_call_to_check_arrives_as_it_was_sent() {
        let typed = Password::for_login("a\t\"1\\\n\u{e9}\u{1f600}\u{a0}").unwrap();
        let stored = PasswordHash::new("$argon2id$".to_owned());
        for stored in [None, Some(&stored)] {
            for in_vain in [false, true] {
                let attempt = Attempt {
                    by: None,
                    password: &typed,
                    hash: stored,
                    decoy_salt: [9; 16],
                    in_vain,
                };
                let arrived: Call<'static> = sent(&Call::check(&attempt));
                let Call::Check {
                    password: text,
                    hash,
                    decoy_salt,
                    in_vain: is_in_vain,
                } = arrived
                else {
                    panic!("not a check");
                };
                let read = password(text).unwrap();
                assert!(read == typed && read.as_typed() == typed.as_typed());
                assert_eq!(stored_hash(hash).as_ref(), stored);
                assert_eq!((decoy_salt, is_in_vain), ([9; 16], in_vain));
            }
        }
    }

    #[test]
    fn a_call_to_hash_arrives_as_it_was_sent() {
        let typed = Password::for_login("\u{1f600}").unwrap();
        let Call::Hash {
            password: text,
            salt,
        } = sent(&Call::hash(&typed, &[7; 16]))
        else {
            panic!("not a hash");
        };
        assert!(password(text).unwrap() == typed);
        assert_eq!(salt, [7; 16]);
    }

    #[test]
    fn a_call_to_forget_arrives_as_it_was_sent() {
        assert!(matches!(sent(&Call::Forget), Call::Forget));
        let done = Guarded::Done(());
        assert_eq!(sent::<_, Guarded<()>>(&done), done);
    }

    #[test]
    fn an_arrival_is_decoded_as_it_was_sent() {
        for arrival in [
            Arrival::Tries(None),
            Arrival::Tries(Some(TriedBy::Stranger)),
            Arrival::Tries(Some(TriedBy::Known(KnownId([255; 16])))),
            Arrival::Chooses,
        ] {
            assert_eq!(Arrival::decode(&arrival.encode()), Some(arrival));
        }
        for text in ["", "known", "Stranger", "07"] {
            assert_eq!(Arrival::decode(text), None, "{text}");
        }
    }

    #[test]
    fn every_answer_arrives_as_it_was_sent() {
        for comparison in [
            Ok(Verification::Matches { rehash: false }),
            Ok(Verification::Matches { rehash: true }),
            Ok(Verification::Differs),
            Err(HashError::Malformed),
            Err(HashError::TooCostly),
            Err(HashError::UnknownPepper),
            Err(HashError::Failed),
        ] {
            let answer = Guarded::Done(comparison);
            assert_eq!(sent::<_, Guarded<Comparison>>(&answer), answer);
        }
        let delayed: Guarded<Comparison> = Guarded::Delayed(86_400);
        assert_eq!(sent::<_, Guarded<Comparison>>(&delayed), delayed);
        // None of these texts is a valid answer. Above all, none of them may be read as "the
        // password matches".
        for text in [
            "",
            "null",
            "matches",
            r#"{"done":{"Ok":"Matches"}}"#,
            r#"{"done":{}}"#,
            r#"{"delayed":-1}"#,
            r#"{"delayed":4294967296}"#,
        ] {
            assert_eq!(json::decode::<Guarded<Comparison>>(text), None, "{text}");
        }
    }

    #[test]
    fn an_invalid_call_is_an_error() {
        for text in [
            "",
            "{}",
            r#"{"drop":{"password":"p"}}"#,
            r#"{"hash":{"password":"p","salt":[7]}}"#,
            r#"{"hash":{"password":1,"salt":[7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7]}}"#,
            r#"{"check":{"password":"p","hash":null,"in_vain":false}}"#,
            // A call in the format of an earlier version of the service.
            r#"{"do":"hash","password":"p","salt":"07070707070707070707070707070707"}"#,
        ] {
            assert!(json::decode::<Call<'static>>(text).is_none(), "{text}");
        }
        assert!(password("p".repeat(129).into()).is_none());
    }
}
