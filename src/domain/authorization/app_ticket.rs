//! The refresh token of an app. Like a browser's refresh token, it contains a [`RefreshTicket`]. In
//! addition, it contains what the user granted to the app.
//!
//! Each kind of ticket has its own purpose, and each purpose has its own keys. So an app's refresh
//! token is never accepted as the refresh token of a browser, and never stored in the browser's
//! cookie.

use super::client::{ClientHash, ClientId};
use super::exchange::{ExchangeRefusal, is_same_resource};
use super::grant::GrantId;
use super::resource::Resource;
use super::scope::Scopes;
use super::ticket_body::{Reader, Writer};
use crate::domain::policy::APP_TICKET_MAX_BYTES;
use crate::domain::secret::Secret;
use crate::domain::session::{RefreshTicket, SessionId};
use crate::domain::ticket::{Purpose, TicketKeys, TicketSecrets};

/// The content of an app's refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTicket {
    /// The user, the session, the epoch, the number of the token, the time when the session ends at
    /// the latest, and the proof of identity.
    pub core: RefreshTicket,
    /// The app that got the token.
    pub client: ClientHash,
    /// The id of the sign-on (the login that the apps in one browser share) through which the user
    /// entered the app. When a log-out ends the sign-on, the app's session ends too. `None` if the
    /// app has the scope `offline_access`: its session continues after a log-out.
    pub sign_on: Option<SessionId>,
    /// The id of the grant: the record of what the user granted to the app. When the user withdraws
    /// the grant, the session ends.
    pub grant: GrantId,
    /// The app's scopes. If the app asks for fewer scopes when it renews its tokens, the new access
    /// token has only the scopes that it asked for, but the new refresh token still has all scopes.
    pub scopes: Scopes,
    /// The API for which the app gets tokens.
    pub resource: Option<Resource>,
}

impl AppTicket {
    /// The content of the token that replaces this token at the next renewal. Its number is higher
    /// by one. `None` if this token has the highest possible number.
    #[must_use]
    pub fn successor(&self) -> Option<Self> {
        Some(Self {
            core: self.core.successor()?,
            ..self.clone()
        })
    }

    /// Checks a request to renew tokens. The check reads no storage. The caller has authenticated
    /// the client. The ticket must belong to this client. If the request names a resource, it must
    /// be the resource of the ticket (RFC 8707 section 2.2).
    ///
    /// # Errors
    /// - [`ExchangeRefusal::Client`]: when the ticket belongs to another client. In this case the
    ///   client gets the error `invalid_grant`.
    /// - [`ExchangeRefusal::Resource`]: when the request names another resource.
    pub fn judge(&self, client: &ClientId, resource: Option<&str>) -> Result<(), ExchangeRefusal> {
        if self.client != client.hash() {
            return Err(ExchangeRefusal::Client);
        }
        if is_same_resource(resource, self.resource.as_ref()) {
            Ok(())
        } else {
            Err(ExchangeRefusal::Resource)
        }
    }

    /// The scopes of the access token that a renewal gives. `asked` are the scopes in the `scope`
    /// parameter of the renewal. The access token gets the scopes that are in `asked` and also in
    /// the ticket. If the parameter is absent, the access token gets all scopes of the ticket (RFC
    /// 6749 section 6).
    #[must_use]
    pub fn narrowed(&self, asked: Option<&Scopes>) -> Scopes {
        asked.map_or_else(|| self.scopes.clone(), |asked| self.scopes.in_both(asked))
    }
}

/// Seals and opens the refresh tokens of apps for one deployment. `Debug` prints `_`.
#[derive(Clone, Debug)]
pub struct AppTickets(TicketKeys);

impl AppTickets {
    /// The first characters of each refresh token of an app.
    pub const PREFIX: &'static str = "ega_";

    /// Derives the keys of these tokens from the deployment's ticket secrets and its issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::AppRefresh, issuer))
    }

    /// The token as the app gets it: `ega_`, followed by base64url.
    #[must_use]
    pub fn seal(&self, ticket: &AppTicket) -> Secret {
        let body = Writer::default()
            .bytes(&ticket.core.to_bytes())
            .bytes(ticket.client.as_bytes())
            .option(ticket.sign_on, |body, sign_on| {
                body.bytes(sign_on.as_bytes());
            })
            .bytes(ticket.grant.as_bytes())
            .text(&ticket.scopes.to_string())
            .optional_text(ticket.resource.as_ref().map(Resource::as_str))
            .finish();
        Secret::new(self.0.seal(&body))
    }

    /// The content of the token. `None` unless this deployment sealed it. Reads no storage.
    #[must_use]
    pub fn open(&self, text: &str) -> Option<AppTicket> {
        let body = self.0.open_up_to(text, APP_TICKET_MAX_BYTES)?;
        let mut body = Reader::new(&body);
        let ticket = AppTicket {
            core: RefreshTicket::from_bytes(&body.array()?)?,
            client: ClientHash::from_bytes(body.array()?),
            sign_on: match body.option(Reader::array)? {
                Some(bytes) => Some(SessionId::from_bytes(bytes)?),
                None => None,
            },
            grant: GrantId::from_bytes(body.array()?)?,
            scopes: Scopes::parse(body.text()?).ok()?,
            resource: match body.optional_text()? {
                Some(text) => Some(Resource::parse(text).ok()?),
                None => None,
            },
        };
        body.end()?;
        Some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{ISSUER, client, core, flipped, scopes, secrets, signed_on};
    use super::*;
    use crate::domain::policy::SCOPES_MAX_BYTES;
    use crate::domain::session::RefreshTokens;

    fn tickets() -> AppTickets {
        AppTickets::new(&secrets(), ISSUER)
    }

    fn ticket() -> AppTicket {
        let signed_on = signed_on();
        AppTicket {
            core: core(&signed_on),
            client: client().id.hash(),
            sign_on: Some(signed_on.sign_on),
            grant: GrantId::new(1, &[5; 10]),
            scopes: scopes("openid orders:read"),
            resource: Resource::parse("https://api.example.com").ok(),
        }
    }

    proptest! {
        #[test]
        fn a_ticket_comes_back_as_it_was(
            counter: u32,
            outlives: bool,
            list in proptest::collection::vec("[a-z:]{1,20}", 0..8),
            path in proptest::option::of("[a-z]{1,30}"),
            at: usize,
            bit in 0u8..7,
        ) {
            let mut ticket = ticket();
            ticket.core.counter = counter;
            ticket.sign_on = ticket.sign_on.filter(|_| !outlives);
            ticket.scopes = scopes(&list.join(" "));
            ticket.resource = path.map(|path| {
                Resource::parse(&format!("https://api.example.com/{path}")).unwrap()
            });
            let text = tickets().seal(&ticket);
            prop_assert!(text.expose().starts_with("ega_"));
            prop_assert_eq!(tickets().open(text.expose()), Some(ticket.clone()));
            prop_assert_eq!(tickets().open(&flipped(text.expose(), at, bit)), None);
            let next = ticket.successor();
            prop_assert_eq!(next.is_none(), counter == u32::MAX);
            if let Some(mut next) = next {
                prop_assert_eq!(Some(next.core.counter), counter.checked_add(1));
                next.core.counter = counter;
                prop_assert_eq!(next, ticket);
            }
        }

        #[test]
        fn a_renewal_never_gets_more(asked in "[a-z :]{0,40}") {
            let ticket = ticket();
            let narrowed = ticket.narrowed(Some(&scopes(&asked)));
            prop_assert!(ticket.scopes.contains_all(&narrowed));
            prop_assert!(scopes(&asked).contains_all(&narrowed));
            prop_assert_eq!(ticket.narrowed(None), ticket.scopes);
        }

        #[test]
        fn no_text_makes_a_ticket(text in ".*") {
            prop_assert_eq!(tickets().open(&text), None);
            let prefixed = format!("ega_{text}");
            prop_assert_eq!(tickets().open(&prefixed), None);
        }
    }

    #[test]
    fn it_is_no_refresh_token_of_a_browser_and_the_other_way_round() {
        let refresh = RefreshTokens::new(&secrets(), ISSUER);
        let ours = tickets().seal(&ticket());
        let theirs = refresh.seal(ticket().core);
        assert_eq!(refresh.open(ours.expose()), None);
        assert_eq!(tickets().open(theirs.expose()), None);
        let renamed = ours.expose().replacen("ega_", "egr_", 1);
        assert_eq!(refresh.open(&renamed), None);
        let renamed = theirs.expose().replacen("egr_", "ega_", 1);
        assert_eq!(tickets().open(&renamed), None);
    }

    #[test]
    fn a_renewal_is_its_clients_and_for_its_resource() {
        use ExchangeRefusal as Refusal;
        let (own, other) = (client().id, ClientId::parse("other").unwrap());
        let api = "https://api.example.com/";
        for (client, resource, refusal) in [
            (&own, None, None),
            (&own, Some(api), None),
            (&own, Some("https://other.example"), Some(Refusal::Resource)),
            (&own, Some("no uri"), Some(Refusal::Resource)),
            (&other, None, Some(Refusal::Client)),
            (&other, Some("no uri"), Some(Refusal::Client)),
        ] {
            assert_eq!(
                ticket().judge(client, resource).err(),
                refusal,
                "{client} {resource:?}"
            );
        }
    }

    #[test]
    fn the_longest_ticket_opens() {
        let list: Vec<String> = (0..16).map(|number| format!("{number:031}")).collect();
        let uri = format!("https://api.example.com/{}", "a".repeat(488));
        let longest = AppTicket {
            scopes: scopes(&list.join(" ")),
            resource: Resource::parse(&uri).ok(),
            ..ticket()
        };
        assert!(longest.scopes.to_string().len() + 1 == SCOPES_MAX_BYTES);
        let text = tickets().seal(&longest);
        assert_eq!(tickets().open(text.expose()), Some(longest));
    }
}
