//! How an authorization code is exchanged for tokens. The checks are made in the following order,
//! which must not change:
//!
//! 1. The code's MAC is checked by [`Codes::open`](super::Codes::open).
//! 2. The client authenticates. A confidential client uses its secret. A public client has no
//!    secret.
//! 3. [`judge_exchange`] checks the time, the client, the redirect URI, the verifier and the
//!    resource.
//! 4. [`judge_standing`] checks the user's database row. The caller also checks that the grant was
//!    not withdrawn.
//! 5. The user's Durable Object is asked whether the code was exchanged before and whether the
//!    sign-on has ended. [`conclude_exchange`] evaluates the object's answer.
//!
//! If one of the first four checks fails, no session ends. Otherwise a stranger who saw a code
//! could end sessions. If a check fails, the app gets the error `invalid_grant`. There are two
//! exceptions: the app gets `invalid_target` if the resource differs, and `invalid_client` if the
//! app's authentication fails.
//!
//! A session ends in one case only: if all other checks succeed, but the code was exchanged before.
//! Then the session that began with the first exchange ends (RFC 9700 section 4.5). Whoever
//! presents both the code and its verifier is either the app or somebody who stole them from the
//! app.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::client::{ClientId, short_hash};
use super::code::Code;
use super::resource::Resource;
use crate::domain::policy::{VERIFIER_MAX_CHARS, VERIFIER_MIN_CHARS};
use crate::domain::secret::Secret;
use crate::domain::session::{SessionId, Standing};

/// A `code_verifier` (RFC 7636 section 4.1): 43 to 128 letters, digits or `-._~`. `Debug` prints
/// `_`.
#[derive(Clone, Debug)]
pub struct Verifier(Secret);

impl Verifier {
    /// Reads a verifier. `None` if its length or one of its characters is not allowed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        let is_verifier = (VERIFIER_MIN_CHARS..=VERIFIER_MAX_CHARS).contains(&text.len())
            && text.bytes().all(is_unreserved);
        is_verifier.then(|| Self(Secret::new(text.to_owned())))
    }

    /// Whether the verifier's SHA-256 is equal to the challenge (RFC 7636 section 4.6). The
    /// comparison takes constant time.
    #[must_use]
    pub fn answers(&self, challenge: &[u8; 32]) -> bool {
        let hash: [u8; 32] = Sha256::digest(self.0.expose()).into();
        bool::from(hash.ct_eq(challenge))
    }
}

/// What an app sends to exchange a code for tokens. The type does not implement `Debug`, because
/// the verifier is a secret.
#[derive(Clone, Copy)]
pub struct Exchanging<'a> {
    /// The client. The caller has authenticated it.
    pub client: &'a ClientId,
    /// The parameter `redirect_uri`.
    pub redirect_uri: Option<&'a str>,
    /// The parameter `code_verifier`.
    pub verifier: Option<&'a str>,
    /// The parameter `resource`. It must be the same as in the authorization request, or absent
    /// (RFC 8707 section 2.2).
    pub resource: Option<&'a str>,
}

/// Why a code is not exchanged for tokens. This reason is written to the log. The app does not
/// learn it: it gets `invalid_target` for [`ExchangeRefusal::Resource`], and `invalid_grant` for
/// all other reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExchangeRefusal {
    /// This deployment did not issue the code.
    Code,
    Expired,
    /// The code was issued to another client.
    Client,
    /// The redirect URI is missing, or differs from the redirect URI of the authorization request.
    RedirectUri,
    /// The verifier is missing, malformed, or does not match the challenge.
    Verifier,
    /// The resource differs from the resource of the authorization request.
    Resource,
    /// The sign-on (the login through which the user entered the app) has ended, for instance
    /// because the user has logged out.
    SignedOff,
    /// All sessions of the user were ended after the code was issued.
    OtherEpoch,
    /// The user is disabled or deleted.
    NoUser,
    /// The code was exchanged before. The session that began with the first exchange is ended.
    Replayed,
}

impl ExchangeRefusal {
    /// A stable name for the reason, in `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Expired => "code_expired",
            Self::Client => "code_of_another_client",
            Self::RedirectUri => "code_redirect_uri",
            Self::Verifier => "code_verifier",
            Self::Resource => "code_resource",
            Self::SignedOff => "signed_off",
            Self::OtherEpoch => "other_epoch",
            Self::NoUser => "no_user",
            Self::Replayed => "code_replayed",
        }
    }
}

/// Checks what the app has presented together with a code. The check reads no storage.
///
/// # Errors
/// The refusal of the first check that fails.
pub fn judge_exchange(
    code: &Code,
    presented: &Exchanging<'_>,
    now: u64,
) -> Result<(), ExchangeRefusal> {
    use ExchangeRefusal as Refusal;
    if !code.is_alive(now) {
        return Err(Refusal::Expired);
    }
    if code.client != presented.client.hash() {
        return Err(Refusal::Client);
    }
    if presented.redirect_uri.map(short_hash) != Some(code.redirect_uri) {
        return Err(Refusal::RedirectUri);
    }
    let verifier = presented.verifier.and_then(Verifier::parse);
    if !verifier.is_some_and(|verifier| verifier.answers(&code.challenge)) {
        return Err(Refusal::Verifier);
    }
    if !is_same_resource(presented.resource, code.resource.as_ref()) {
        return Err(Refusal::Resource);
    }
    Ok(())
}

/// Whether a token request names no resource, or the resource that was granted.
pub(super) fn is_same_resource(presented: Option<&str>, granted: Option<&Resource>) -> bool {
    presented.is_none_or(|text| {
        let resource = Resource::parse(text).ok();
        resource.is_some() && resource.as_ref() == granted
    })
}

/// Checks the user's database row. `standing` is `None` if there is no row.
///
/// # Errors
/// - [`ExchangeRefusal::NoUser`]: when the user is deleted or disabled.
/// - [`ExchangeRefusal::OtherEpoch`]: when all sessions of the user were ended after the code was
///   issued.
pub fn judge_standing(code: &Code, standing: Option<Standing>) -> Result<(), ExchangeRefusal> {
    match standing {
        Some(standing) if standing.disabled => Err(ExchangeRefusal::NoUser),
        None => Err(ExchangeRefusal::NoUser),
        Some(standing) if standing.epoch != code.epoch => Err(ExchangeRefusal::OtherEpoch),
        Some(_) => Ok(()),
    }
}

/// What the user's Durable Object answers when a code is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exchanged {
    /// The code was not exchanged before. From now on the object remembers the code and the id of
    /// the session that begins with this exchange.
    First,
    /// The code was exchanged before. This variant contains the session that began with the first
    /// exchange.
    Again(SessionId),
    /// The sign-on (the login through which the user entered the app) has ended. The code is not
    /// exchanged, and the object does not remember the code.
    SignedOff,
}

/// Evaluates the answer of the user's Durable Object. `Ok` means that the new session may begin.
///
/// # Errors
/// - [`ExchangeRefusal::Replayed`], together with the session that must be ended: when the code was
///   exchanged before.
/// - [`ExchangeRefusal::SignedOff`]: when the sign-on has ended.
pub const fn conclude_exchange(
    exchanged: Exchanged,
) -> Result<(), (ExchangeRefusal, Option<SessionId>)> {
    match exchanged {
        Exchanged::First => Ok(()),
        Exchanged::Again(session) => Err((ExchangeRefusal::Replayed, Some(session))),
        Exchanged::SignedOff => Err((ExchangeRefusal::SignedOff, None)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{API, CALLBACK, CHALLENGE, NOW, VERIFIER, client, code};
    use super::*;
    use ExchangeRefusal as Refusal;

    fn presented(client: &ClientId) -> Exchanging<'_> {
        Exchanging {
            client,
            redirect_uri: Some(CALLBACK),
            verifier: Some(VERIFIER),
            resource: None,
        }
    }

    #[test]
    fn the_example_of_rfc_7636() {
        use base64ct::{Base64UrlUnpadded, Encoding};
        let mut challenge = [0; 32];
        Base64UrlUnpadded::decode(CHALLENGE, &mut challenge).unwrap();
        assert!(Verifier::parse(VERIFIER).unwrap().answers(&challenge));
        assert_eq!(code().challenge, challenge);
    }

    #[test]
    fn the_first_fault_in_order() {
        let (id, other) = (client().id, ClientId::parse("other").unwrap());
        let good = presented(&id);
        let wrong = &VERIFIER.replace('d', "e");
        let code = code();
        for (presented, now, refusal) in [
            (good, NOW, None),
            (good, NOW + 60, Some(Refusal::Expired)),
            (
                Exchanging {
                    client: &other,
                    ..good
                },
                NOW + 60,
                Some(Refusal::Expired),
            ),
            (
                Exchanging {
                    client: &other,
                    redirect_uri: None,
                    verifier: None,
                    resource: None,
                },
                NOW,
                Some(Refusal::Client),
            ),
            (
                Exchanging {
                    redirect_uri: None,
                    verifier: None,
                    ..good
                },
                NOW,
                Some(Refusal::RedirectUri),
            ),
            (
                Exchanging {
                    redirect_uri: Some("https://app.example.com/callback/"),
                    ..good
                },
                NOW,
                Some(Refusal::RedirectUri),
            ),
            (
                Exchanging {
                    verifier: None,
                    resource: Some(API),
                    ..good
                },
                NOW,
                Some(Refusal::Verifier),
            ),
            (
                Exchanging {
                    verifier: Some(wrong),
                    ..good
                },
                NOW,
                Some(Refusal::Verifier),
            ),
            (
                Exchanging {
                    verifier: Some(CHALLENGE),
                    ..good
                },
                NOW,
                Some(Refusal::Verifier),
            ),
            (
                Exchanging {
                    verifier: Some(""),
                    ..good
                },
                NOW,
                Some(Refusal::Verifier),
            ),
            (
                Exchanging {
                    resource: Some(API),
                    ..good
                },
                NOW,
                Some(Refusal::Resource),
            ),
            (
                Exchanging {
                    resource: Some("no uri"),
                    ..good
                },
                NOW,
                Some(Refusal::Resource),
            ),
        ] {
            let judged = judge_exchange(&code, &presented, now).err();
            assert_eq!(judged, refusal, "{refusal:?}");
        }
    }

    #[test]
    fn the_resource_may_be_repeated_or_left_out() {
        let id = client().id;
        let code = Code {
            resource: Resource::parse(API).ok(),
            ..code()
        };
        for (resource, refusal) in [
            (None, None),
            (Some(API), None),
            (Some("https://api.example.com/"), None),
            (Some("https://api.example.com/v2"), Some(Refusal::Resource)),
        ] {
            let presented = Exchanging {
                resource,
                ..presented(&id)
            };
            assert_eq!(judge_exchange(&code, &presented, NOW).err(), refusal);
        }
    }

    #[test]
    fn the_row_and_the_object_have_the_last_word() {
        let standing = |epoch, disabled| Some(Standing { epoch, disabled });
        let code = code();
        for (row, refusal) in [
            (standing(3, false), None),
            (standing(4, false), Some(Refusal::OtherEpoch)),
            (standing(2, false), Some(Refusal::OtherEpoch)),
            (standing(3, true), Some(Refusal::NoUser)),
            (None, Some(Refusal::NoUser)),
        ] {
            assert_eq!(judge_standing(&code, row).err(), refusal, "{row:?}");
        }
        let session = code.session;
        assert_eq!(conclude_exchange(Exchanged::First), Ok(()));
        assert_eq!(
            conclude_exchange(Exchanged::Again(session)),
            Err((Refusal::Replayed, Some(session)))
        );
        assert_eq!(
            conclude_exchange(Exchanged::SignedOff),
            Err((Refusal::SignedOff, None))
        );
    }

    /// The log contains the reason why a code was not exchanged. The app gets only `invalid_grant`
    /// or `invalid_target`.
    #[test]
    fn each_refusal_has_a_reason_of_its_own() {
        let reasons = [
            (Refusal::Code, "code"),
            (Refusal::Expired, "code_expired"),
            (Refusal::Client, "code_of_another_client"),
            (Refusal::RedirectUri, "code_redirect_uri"),
            (Refusal::Verifier, "code_verifier"),
            (Refusal::Resource, "code_resource"),
            (Refusal::SignedOff, "signed_off"),
            (Refusal::OtherEpoch, "other_epoch"),
            (Refusal::NoUser, "no_user"),
            (Refusal::Replayed, "code_replayed"),
        ];
        for (refusal, reason) in reasons {
            assert_eq!(refusal.reason(), reason);
        }
    }

    proptest! {
        #[test]
        fn a_verifier_has_its_length_and_characters(text in "[A-Za-z0-9._~-]{0,140}") {
            let is_one = (43..=128).contains(&text.len());
            prop_assert_eq!(Verifier::parse(&text).is_some(), is_one);
            let with_plus = format!("{text}{VERIFIER}+");
            prop_assert!(Verifier::parse(&with_plus).is_none());
        }

        #[test]
        fn only_its_own_verifier_answers(text in "[A-Za-z0-9._~-]{43,128}") {
            let challenge: [u8; 32] = Sha256::digest(&text).into();
            prop_assert!(Verifier::parse(&text).unwrap().answers(&challenge));
            prop_assert!(!Verifier::parse(&text).unwrap().answers(&code().challenge));
        }
    }
}
