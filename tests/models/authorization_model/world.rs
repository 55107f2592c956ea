//! The service, made of the crate's own functions. Their results are cached, because a search calls
//! them with the same arguments many times.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use edgegate::domain::account::{EmailAddress, UserId};
use edgegate::domain::authorization::{
    AppClient, AppTicket, AppTickets, ClientId, ClientSecret, ClientSecretHash, ClientType, Code,
    CodeId, Codes, ExchangeRefusal, Exchanging, Grant, GrantId, RedirectUri, RequestFault,
    Resource, Scope, ServerRules, SignedOn, Step, Verifier, Visit, judge_exchange, judge_standing,
    next_step, parse_request,
};
use edgegate::domain::policy::CODE_TTL;
use edgegate::domain::session::{Proof, RefreshTicket, RefreshTokens, SessionId, Standing};
use edgegate::domain::ticket::TicketSecrets;
use edgegate_token::{Audience, Claims, Expected, KeySet, issue, verify};
use sha2::{Digest as _, Sha256};

use crate::state::{App, Ask, For, Issued, Party};

const NOW: u64 = 1_764_000_000;
/// The length of a tick (a step of time), in seconds.
pub const TICK: u64 = 30;
const ISSUER: &str = "https://auth.example.com";
const AUDIENCE: &str = "https://own.example.com";
const API: &str = "https://api.example.com";
const CLIENT_ID: &str = "edgegate";
const KEYS: &str =
    r#"{"keys":[{"kty":"oct","kid":"test","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]}"#;

/// Redirect URIs that a request may name. The first belongs to the web app, the second to the app
/// without a secret, and the third to the thief's app. The others are registered for no app. If the
/// service redirected to one of them, the thief would receive the answer.
pub const URIS: [&str; 9] = [
    "https://web.example.com/callback",
    "https://spa.example.com/callback",
    "https://evil.example.net/callback",
    "https://web.example.com.evil.example.net/callback",
    "https://web.example.com@evil.example.net/callback",
    "https://web.example.com/callback/../open?to=https://evil.example.net",
    "https://web.example.com/callback.evil",
    "https://web.example.com:4443/callback",
    "http://web.example.com/callback",
];

/// The party that receives an answer that is redirected to this URI.
pub fn receiver(uri: u8) -> Party {
    match uri {
        0 => Party::Web,
        1 => Party::Spa,
        _ => Party::Thief,
    }
}

/// Bugs that the checker must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bug {
    /// The service does not check the verifier.
    NoVerifier,
    /// The service does not check that the code was issued to the client.
    NoClient,
    /// The service does not check that the refresh token was issued to the client.
    NoClientAtRenewal,
    /// A redirect URI matches if it begins with the scheme and host of a registered URI.
    MatchesPrefix,
    /// The account's routes check only the token's `aud` claim.
    AudienceAlone,
    /// An app may request a token for the resource `AUDIENCE`.
    AccountIsAResource,
    /// Both of the previous bugs.
    AudienceAloneAndAccountIsAResource,
    /// The service checks whether the code was exchanged earlier before it checks the verifier.
    ReplayBeforeVerifier,
    /// A Workers KV location remembers which codes were exchanged. (Without the bug, the user's
    /// object does.)
    RememberedByLocation,
    /// The service exchanges a code without checking whether the user's single sign-on has ended.
    NoSignOn,
}

/// The result of an authorization request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The service shows a page and does not redirect.
    Page,
    /// The service redirects to this URI with an error.
    Error(u8),
    /// The service redirects to this URI with a code.
    Code(u8),
}

type Memo<K, V> = Mutex<HashMap<K, V>>;
/// A key of the cache: the authorization request and the age of its code, then the client, the
/// redirect URI and the verifier's party of the token request.
type TokenRequest = (Ask, u8, App, u8, Party);

/// The service with the settings of the model.
pub struct World {
    pub bug: Option<Bug>,
    codes: Codes,
    tickets: AppTickets,
    refresh_tokens: RefreshTokens,
    keys: KeySet,
    secret: (ClientSecret, ClientSecretHash),
    asked: Memo<(Ask, bool), Asked>,
    judged: Memo<TokenRequest, Result<(), ExchangeRefusal>>,
    renewed: Memo<(App, App), bool>,
    acting: Memo<(App, For), bool>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

/// Returns the remembered result for this key, or computes and remembers it.
fn once<K: Eq + Hash, V: Copy>(memo: &Memo<K, V>, key: K, compute: impl FnOnce() -> V) -> V {
    if let Some(known) = memo.lock().unwrap().get(&key) {
        return *known;
    }
    let computed = compute();
    memo.lock().unwrap().insert(key, computed);
    computed
}

fn verifier(of: Party) -> String {
    format!("{of:?}").to_lowercase().repeat(15)
}

fn challenge(of: Party) -> [u8; 32] {
    Sha256::digest(verifier(of)).into()
}

fn user() -> UserId {
    UserId::new(NOW * 1000, &[7; 10])
}

fn session(number: u8) -> SessionId {
    SessionId::new(NOW * 1000, &[number; 10])
}

impl World {
    pub fn new(bug: Option<Bug>) -> Self {
        let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        Self {
            bug,
            codes: Codes::new(&secrets, ISSUER),
            tickets: AppTickets::new(&secrets, ISSUER),
            refresh_tokens: RefreshTokens::new(&secrets, ISSUER),
            keys: KeySet::from_private_jwks(KEYS).unwrap(),
            secret: ClientSecret::generate(&[9; 32]),
            asked: Memo::default(),
            judged: Memo::default(),
            renewed: Memo::default(),
            acting: Memo::default(),
        }
    }

    fn has(&self, bug: Bug) -> bool {
        let both = self.bug == Some(Bug::AudienceAloneAndAccountIsAResource)
            && matches!(bug, Bug::AudienceAlone | Bug::AccountIsAResource);
        self.bug == Some(bug) || both
    }

    fn id(app: App) -> ClientId {
        ClientId::parse(&format!("{app:?}")).unwrap()
    }

    fn client(&self, app: App) -> AppClient {
        let uri = match app {
            App::Web => URIS[0],
            App::Spa => URIS[1],
            App::Evil => URIS[2],
        };
        let mut resources = vec![Resource::parse(API).unwrap()];
        if self.has(Bug::AccountIsAResource) {
            resources.push(Resource::parse(AUDIENCE).unwrap());
        }
        AppClient {
            id: Self::id(app),
            name: format!("{app:?}"),
            kind: match app {
                App::Web => ClientType::Confidential,
                App::Spa | App::Evil => ClientType::Public,
            },
            first_party: app == App::Web,
            redirect_uris: vec![RedirectUri::register(uri).unwrap()],
            post_logout_redirect_uris: Vec::new(),
            resources,
            scopes: vec![Scope::parse("orders:read").unwrap()],
            id_token_alg: None,
            disabled_at: None,
            created_at: NOW,
            version: 1,
        }
    }

    /// The result of an authorization request. `signed_in` is false after the log-out. If a page
    /// asks the user for consent, the user consents.
    pub fn ask(&self, ask: Ask, signed_in: bool) -> Asked {
        once(&self.asked, (ask, signed_in), || {
            self.compute_ask(ask, signed_in)
        })
    }

    fn compute_ask(&self, ask: Ask, signed_in: bool) -> Asked {
        use base64ct::{Base64UrlUnpadded, Encoding as _};
        let mut client = self.client(ask.app);
        let presented = URIS[usize::from(ask.uri)];
        let prefix = client.redirect_uris[0]
            .as_str()
            .trim_end_matches("/callback");
        if self.has(Bug::MatchesPrefix)
            && presented.starts_with(prefix)
            && let Ok(uri) = RedirectUri::register(presented)
        {
            client.redirect_uris.push(uri);
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([
            ("client_id", client.id.as_str()),
            ("redirect_uri", presented),
            ("response_type", "code"),
            ("state", "state"),
            ("scope", "openid orders:read"),
            ("code_challenge_method", "S256"),
            (
                "code_challenge",
                &Base64UrlUnpadded::encode_string(&challenge(ask.challenge_of)),
            ),
        ]);
        match ask.resource {
            For::Nothing => {}
            For::TheApi => drop(query.append_pair("resource", API)),
            For::TheAccount => drop(query.append_pair("resource", AUDIENCE)),
        }
        let rules = ServerRules {
            issuer: ISSUER,
            audience: if self.has(Bug::AccountIsAResource) {
                "none"
            } else {
                AUDIENCE
            },
            resources: &[],
            issuer_is_loopback: false,
        };
        let place = |uri: &str| {
            let place = URIS.iter().position(|known| *known == uri).unwrap();
            u8::try_from(place).unwrap()
        };
        let read = parse_request(&query.finish()).map_err(RequestFault::from);
        let request = match read.and_then(|read| read.for_client(&client, &rules, NOW)) {
            Ok(request) => request,
            Err(RequestFault::Page(_)) => return Asked::Page,
            Err(RequestFault::Redirect(redirect)) => {
                assert!(redirect.url(ISSUER).starts_with(redirect.to.as_str()));
                return Asked::Error(place(redirect.to.as_str()));
            }
        };
        let signed_on = signed_in.then(|| SignedOn {
            user: user(),
            email: EmailAddress::parse("ada@example.com").unwrap(),
            session: session(1),
            sign_on: session(2),
            epoch: 0,
            proof: Proof::by_password(NOW - 100),
        });
        let grant = Grant {
            id: GrantId::new(1, &[1; 10]),
            user: user(),
            client: client.id.clone(),
            scopes: request.scopes.clone(),
            resource: request.resource.clone(),
            given_at: NOW,
            withdrawn_at: None,
        };
        let given = (ask.app != App::Evil).then_some(&grant);
        let step = |visit| {
            next_step(
                &request,
                &client,
                signed_on.as_ref(),
                given,
                visit,
                &rules,
                NOW,
            )
        };
        let step = match step(Visit::Arrived) {
            Step::Consent | Step::Continue => step(Visit::Allowed),
            step => step,
        };
        match step {
            Step::Code => {
                assert!(
                    request
                        .answer("code", ISSUER)
                        .starts_with(request.redirect_uri.as_str())
                );
                Asked::Code(place(request.redirect_uri.as_str()))
            }
            _ => Asked::Page,
        }
    }

    /// Whether this app has registered the URI.
    pub fn is_registered(app: App, uri: u8) -> bool {
        receiver(uri).app() == app && uri < 3
    }

    /// Whether the client authenticates successfully. The web app authenticates with its secret.
    /// The other apps have no secret.
    pub fn authenticates(&self, by: Party, app: App) -> bool {
        let secret = if by == Party::Web {
            self.secret.0.expose()
        } else {
            "egc_guessed"
        };
        app != App::Web || self.secret.1.matches(secret)
    }

    /// Checks a token request as the service does before it asks the user's object. The result
    /// depends on the age of the code, so the age is part of the key.
    pub fn judge(
        &self,
        issued: &Issued,
        app: App,
        uri: u8,
        verifier_of: Party,
    ) -> Result<(), ExchangeRefusal> {
        let key = (issued.ask, issued.age, app, uri, verifier_of);
        once(&self.judged, key, || {
            self.compute_judgement(issued, app, uri, verifier_of)
        })
    }

    fn compute_judgement(
        &self,
        issued: &Issued,
        app: App,
        uri: u8,
        verifier_of: Party,
    ) -> Result<(), ExchangeRefusal> {
        let ask = issued.ask;
        let registered = RedirectUri::register(URIS[usize::from(ask.uri)]).unwrap();
        let (client, redirect_uri) = Code::bound_to(&Self::id(ask.app), &registered);
        let sealed = self.codes.seal(&Code {
            client,
            redirect_uri,
            challenge: challenge(ask.challenge_of),
            user: user(),
            epoch: 0,
            sign_on: session(2),
            session: session(1),
            proof: Proof::by_password(NOW - 100),
            nonce: None,
            scopes: Default::default(),
            resource: None,
            grant: GrantId::new(1, &[1; 10]),
            id: CodeId::new([1; 16]),
            expires_at: NOW + CODE_TTL,
        });
        let code = self
            .codes
            .open(sealed.expose())
            .ok_or(ExchangeRefusal::Code)?;
        let of_code = Self::id(ask.app);
        let client = Self::id(app);
        let verifier = verifier(verifier_of);
        assert!(Verifier::parse(&verifier).is_some());
        let presented = Exchanging {
            client: if self.has(Bug::NoClient) {
                &of_code
            } else {
                &client
            },
            redirect_uri: Some(URIS[usize::from(uri)]),
            verifier: Some(&verifier),
            resource: None,
        };
        match judge_exchange(&code, &presented, NOW + u64::from(issued.age) * TICK) {
            Err(ExchangeRefusal::Verifier) if self.has(Bug::NoVerifier) => {}
            judged => judged?,
        }
        let standing = Standing {
            epoch: 0,
            disabled: false,
        };
        judge_standing(&code, Some(standing))
    }

    /// Whether a client can renew a session with a refresh token that was issued to another client.
    pub fn renews(&self, ticket_of: App, presented_by: App) -> bool {
        once(&self.renewed, (ticket_of, presented_by), || {
            let ticket = AppTicket {
                core: self.core(),
                client: Self::id(ticket_of).hash(),
                sign_on: Some(session(2)),
                grant: GrantId::new(1, &[1; 10]),
                scopes: Default::default(),
                resource: None,
            };
            let sealed = self.tickets.seal(&ticket);
            assert!(self.refresh_tokens.open(sealed.expose()).is_none());
            let ticket = self.tickets.open(sealed.expose()).unwrap();
            let judged = ticket.judge(&Self::id(presented_by), None);
            judged.is_ok() || self.has(Bug::NoClientAtRenewal)
        })
    }

    fn core(&self) -> RefreshTicket {
        let text = format!(
            r#"{{"user":"{}","session":"{}","epoch":0,"counter":0,"expires_at":{},"proof":{{"auth_time":{NOW},"methods":1}}}}"#,
            user(),
            session(3),
            NOW + 100
        );
        edgegate::domain::json::decode(&text).unwrap()
    }

    /// Whether the routes of the account accept an access token of this app.
    pub fn acts_on_account(&self, app: App, resource: For) -> bool {
        once(&self.acting, (app, resource), || {
            let userinfo = format!("{ISSUER}/auth/userinfo");
            let aud: Audience = match resource {
                For::Nothing => [userinfo.as_str()].into_iter().collect(),
                For::TheApi => [API, &userinfo].into_iter().collect(),
                For::TheAccount => [AUDIENCE, &userinfo].into_iter().collect(),
            };
            let claims = Claims {
                iss: ISSUER.to_owned(),
                sub: user().to_string(),
                aud,
                client_id: Self::id(app).to_string(),
                exp: NOW + 600,
                iat: NOW,
                nbf: None,
                auth_time: Some(NOW),
                jti: "token".to_owned(),
                sid: session(3).to_string(),
                ver: 1,
                roles: Vec::new(),
                email: None,
                email_verified: false,
                scope: Some("openid".to_owned()),
                sign_on: Some(session(2).to_string()),
            };
            let token = issue(&self.keys, &claims).unwrap();
            let mut expected = Expected::new(ISSUER, AUDIENCE);
            if !self.has(Bug::AudienceAlone) {
                expected = expected.with_client_id(CLIENT_ID);
            }
            verify(&token, &self.keys, &expected, NOW).is_ok()
        })
    }
}
