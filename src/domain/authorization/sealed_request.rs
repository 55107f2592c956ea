//! Authorization requests that wait until the user has signed in, clicked or consented. While a
//! request waits, the pages in the browser hold it, for at most an hour. It is sealed with a MAC,
//! so that nobody can change it.

use super::client::ClientId;
use super::redirect_uri::RedirectUri;
use super::request::{AuthorizationRequest, Prompts, SeenProof};
use super::resource::Resource;
use super::scope::Scopes;
use super::ticket_body::{Reader, Writer};
use crate::domain::account::UserId;
use crate::domain::policy::{FUTURE_SKEW_SECONDS, SEALED_REQUEST_MAX_BYTES, SEALED_REQUEST_TTL};
use crate::domain::secret::Secret;
use crate::domain::session::SessionId;
use crate::domain::ticket::{Purpose, TicketKeys, TicketSecrets};

/// Seals and opens the requests of one deployment. `Debug` prints `_`.
#[derive(Clone, Debug)]
pub struct SealedRequests(TicketKeys);

impl SealedRequests {
    /// Derives the keys of sealed requests from the deployment's ticket secrets and its issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::AuthorizationRequest, issuer))
    }

    /// The request as the pages get it: `egq_`, followed by base64url. It can be opened until an
    /// hour after the request's `asked_at`.
    #[must_use]
    pub fn seal(&self, request: &AuthorizationRequest) -> Secret {
        let mut body = Writer::default();
        body.number(request.asked_at)
            .bytes(&request.code_challenge)
            .bytes(&[request.prompts.to_bits()])
            .option(request.max_age, |body, age| {
                body.number(age);
            })
            .option(request.expected, |body, user| {
                body.bytes(user.as_bytes());
            })
            .option(request.seen, |body, seen| {
                body.bytes(seen.session.as_bytes()).number(seen.auth_time);
            })
            .text(request.client_id.as_str())
            .text(request.redirect_uri.as_str())
            .text(&request.scopes.to_string());
        for text in [
            request.state.as_deref(),
            request.nonce.as_deref(),
            request.resource.as_ref().map(Resource::as_str),
            request.login_hint.as_deref(),
            request.ui_locales.as_deref(),
        ] {
            body.optional_text(text);
        }
        Secret::new(self.0.seal(&body.finish()))
    }

    /// The content of a sealed request. `None` unless this deployment sealed the request and the
    /// request arrived less than an hour ago. The caller must check that the request's client still
    /// exists, and that the client still has the redirect URI.
    #[must_use]
    pub fn open(&self, text: &str, now: u64) -> Option<AuthorizationRequest> {
        let body = self.0.open_up_to(text, SEALED_REQUEST_MAX_BYTES)?;
        read(&body).filter(|request| {
            now < request.asked_at.saturating_add(SEALED_REQUEST_TTL)
                && request.asked_at <= now.saturating_add(FUTURE_SKEW_SECONDS)
        })
    }
}

fn read(body: &[u8]) -> Option<AuthorizationRequest> {
    let mut body = Reader::new(body);
    let asked_at = body.number()?;
    let code_challenge = body.array()?;
    let prompts = Prompts::from_bits(body.byte()?);
    let max_age = body.option(Reader::number)?;
    let expected = match body.option(Reader::array)? {
        Some(bytes) => Some(UserId::from_bytes(bytes)?),
        None => None,
    };
    let seen = body.option(|body| {
        Some(SeenProof {
            session: SessionId::from_bytes(body.array()?)?,
            auth_time: body.number()?,
        })
    })?;
    let client_id = ClientId::parse(body.text()?)?;
    let redirect_uri = RedirectUri::from_ticket(body.text()?);
    let scopes = Scopes::parse(body.text()?).ok()?;
    let mut optional = || body.optional_text().map(|text| text.map(str::to_owned));
    let (state, nonce) = (optional()?, optional()?);
    let resource = match optional()? {
        Some(text) => Some(Resource::parse(&text).ok()?),
        None => None,
    };
    let (login_hint, ui_locales) = (optional()?, optional()?);
    body.end()?;
    Some(AuthorizationRequest {
        client_id,
        redirect_uri,
        state,
        scopes,
        nonce,
        resource,
        code_challenge,
        prompts,
        max_age,
        login_hint,
        ui_locales,
        expected,
        asked_at,
        seen,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{ISSUER, NOW, asked, flipped, secrets};
    use super::*;

    fn sealed() -> SealedRequests {
        SealedRequests::new(&secrets(), ISSUER)
    }

    #[test]
    fn a_request_waits_for_an_hour() {
        let request = asked(&[("login_hint", Some("ada@example.com"))]).unwrap();
        let text = sealed().seal(&request);
        assert!(text.expose().starts_with("egq_"));
        assert_eq!(
            sealed().open(text.expose(), NOW + 3599).as_ref(),
            Some(&request)
        );
        assert_eq!(sealed().open(text.expose(), NOW + 3600), None);
        assert_eq!(sealed().open(text.expose(), NOW - 60), Some(request));
        assert_eq!(
            sealed().open(text.expose(), NOW - 61),
            None,
            "a clock that went back"
        );
        let other = SealedRequests::new(&secrets(), "https://other.example");
        assert_eq!(other.open(text.expose(), NOW), None);
    }

    #[test]
    fn the_longest_request_can_wait() {
        let uri = format!("http://127.0.0.1/{}", "a".repeat(487));
        let mut client = super::super::samples::client();
        client.redirect_uris = vec![RedirectUri::register(&uri).unwrap()];
        client.id = ClientId::parse(&"c".repeat(512)).unwrap();
        let resource = format!("https://api.example.com/{}", "a".repeat(488));
        client.resources = vec![Resource::parse(&resource).unwrap()];
        let text = |length| "x".repeat(length);
        let mut request = super::super::samples::asked_by(
            &client,
            &[
                (
                    "redirect_uri",
                    Some(&uri.replace("127.0.0.1", "127.0.0.1:8080")),
                ),
                ("state", Some(&text(2048))),
                ("nonce", Some(&text(256))),
                ("login_hint", Some(&text(254))),
                ("ui_locales", Some(&text(200))),
                ("resource", Some(&resource)),
            ],
        )
        .unwrap();
        request.expected = Some(super::super::samples::user().id);
        request.seen = Some(super::super::samples::signed_on().seen());
        let sealed_text = sealed().seal(&request);
        assert_eq!(sealed().open(sealed_text.expose(), NOW), Some(request));
    }

    proptest! {
        #[test]
        fn a_request_comes_back_as_it_was(
            state in proptest::option::of("\\PC{1,40}"),
            nonce in proptest::option::of("[!-~]{1,40}"),
            max_age in proptest::option::of(0u64..100_000),
            prompt in proptest::sample::select(vec!["none", "login", "consent login", "select_account"]),
            seen in proptest::option::of((0u64..1 << 47, any::<u64>())),
            at in 0usize..600,
            bit in 0u8..7,
        ) {
            let state = state.filter(|text| !text.contains('\u{fffd}'));
            let max_age = max_age.map(|age| age.to_string());
            let mut request = asked(&[
                ("state", state.as_deref()),
                ("nonce", nonce.as_deref()),
                ("max_age", max_age.as_deref()),
                ("prompt", Some(prompt)),
            ])
            .unwrap();
            request.seen = seen.map(|(ms, auth_time)| SeenProof {
                session: SessionId::new(ms, &[7; 10]),
                auth_time,
            });
            let text = sealed().seal(&request);
            prop_assert_eq!(sealed().open(text.expose(), NOW), Some(request));
            prop_assert_eq!(sealed().open(&flipped(text.expose(), at, bit), NOW), None);
        }

        #[test]
        fn no_text_makes_a_request(text in ".*") {
            prop_assert_eq!(sealed().open(&text, NOW), None);
            let prefixed = format!("egq_{text}");
            prop_assert_eq!(sealed().open(&prefixed, NOW), None);
        }
    }
}
