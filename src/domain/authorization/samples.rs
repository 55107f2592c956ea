//! Sample values for the unit tests of this module.

use sha2::{Digest, Sha256};

use super::client::{AppClient, ClientId, ClientType};
use super::grant::GrantId;
use super::redirect_uri::RedirectUri;
use super::refusal::RequestFault;
use super::request::{AuthorizationRequest, ServerRules, parse_request};
use super::resource::{ProtectedResource, Resource};
use super::scope::{Scope, Scopes};
use super::{Code, CodeId, SignedOn};
use crate::domain::account::{EmailAddress, LinkNonce, Name, PasswordHash, Roles, User, UserId};
use crate::domain::policy::CODE_TTL;
use crate::domain::session::{Proof, RefreshTicket, SessionId};
use crate::domain::ticket::TicketSecrets;

pub(super) const NOW: u64 = 1_764_000_000;
pub(super) const ISSUER: &str = "https://auth.example.com";
pub(super) const API: &str = "https://api.example.com";
pub(super) const CALLBACK: &str = "https://app.example.com/callback";
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The challenge of [`VERIFIER`] (RFC 7636 appendix B).
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) fn secrets() -> TicketSecrets {
    TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
}

pub(super) fn user() -> User {
    User {
        id: UserId::new(NOW * 1000, &[7; 10]),
        email: EmailAddress::parse("Ada@example.com").unwrap(),
        password_hash: PasswordHash::new("$argon2id$one".to_owned()),
        first_name: Some(Name::parse("Ada").unwrap()),
        last_name: Some(Name::parse("Lovelace").unwrap()),
        roles: Roles::user(),
        email_verified_at: Some(NOW),
        disabled_at: None,
        session_epoch: 3,
        version: 5,
        link_generation: 0,
        link_nonce: LinkNonce::new(&[9; 16]),
        external_id: None,
        created_at: NOW,
        updated_at: NOW + 1,
    }
}

pub(super) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub(super) fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).unwrap()
}

/// A registered app that does not belong to the operator of the service (not first party).
pub(super) fn client() -> AppClient {
    let uri = |text| RedirectUri::register(text).unwrap();
    AppClient {
        id: ClientId::parse("app").unwrap(),
        name: "App".to_owned(),
        kind: ClientType::Public,
        first_party: false,
        redirect_uris: vec![
            uri(CALLBACK),
            uri("http://127.0.0.1/callback"),
            uri("com.example.app:/callback"),
        ],
        post_logout_redirect_uris: vec![uri("https://app.example.com/")],
        resources: vec![Resource::parse(API).unwrap()],
        scopes: vec![scope("orders:read"), scope("orders:write"), scope("admin")],
        id_token_alg: None,
        disabled_at: None,
        created_at: NOW,
        version: 1,
    }
}

/// A client that is described by the document at its URL.
pub(super) fn unregistered() -> AppClient {
    AppClient {
        id: ClientId::parse("https://client.example.net/metadata.json").unwrap(),
        resources: Vec::new(),
        scopes: Vec::new(),
        ..client()
    }
}

pub(super) fn listed() -> Vec<ProtectedResource> {
    vec![
        ProtectedResource {
            uri: Resource::parse(API).unwrap(),
            name: "Orders".to_owned(),
            scopes: vec![scope("orders:read"), scope("orders:write")],
        },
        ProtectedResource {
            uri: Resource::parse("https://mcp.example.com/mcp").unwrap(),
            name: "Tools".to_owned(),
            scopes: vec![scope("tools")],
        },
    ]
}

pub(super) fn rules(resources: &[ProtectedResource]) -> ServerRules<'_> {
    ServerRules {
        issuer: ISSUER,
        audience: "edgegate",
        resources,
        issuer_is_loopback: false,
    }
}

/// The query of a complete request with these `changes`: each is the name of a parameter and its
/// new value. With `None` as the value, the parameter is left out.
pub(super) fn query(changes: &[(&str, Option<&str>)]) -> String {
    let complete = [
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("state", "s"),
        ("scope", "openid profile"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in complete {
        if !is_changed(name) {
            query.append_pair(name, value);
        }
    }
    for (name, value) in changes {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.finish()
}

/// Makes a complete request of [`client`] with these `changes` (see [`query`]), and returns the
/// request after its checks, or the fault that the checks found.
pub(super) fn asked(
    changes: &[(&str, Option<&str>)],
) -> Result<AuthorizationRequest, RequestFault> {
    asked_by(&client(), changes)
}

pub(super) fn asked_by(
    client: &AppClient,
    changes: &[(&str, Option<&str>)],
) -> Result<AuthorizationRequest, RequestFault> {
    let mut all = changes.to_vec();
    if !changes.iter().any(|(name, _)| *name == "client_id") {
        all.push(("client_id", Some(client.id.as_str())));
    }
    parse_request(&query(&all))?.for_client(client, &rules(&listed()), NOW)
}

pub(super) fn signed_on() -> SignedOn {
    SignedOn {
        user: user().id,
        email: user().email,
        session: SessionId::new(NOW * 1000, &[1; 10]),
        sign_on: SessionId::new(NOW * 1000, &[2; 10]),
        epoch: 3,
        proof: Proof::by_password(NOW - 100),
    }
}

/// A refresh ticket of the session of this signed-in user.
pub(super) fn core(signed_on: &SignedOn) -> RefreshTicket {
    let mut body = Vec::new();
    body.extend_from_slice(signed_on.user.as_bytes());
    body.extend_from_slice(signed_on.session.as_bytes());
    body.extend_from_slice(&signed_on.epoch.to_be_bytes());
    body.extend_from_slice(&0u32.to_be_bytes());
    body.extend_from_slice(&(NOW + 100).to_be_bytes());
    body.extend_from_slice(&signed_on.proof.auth_time.to_be_bytes());
    body.push(signed_on.proof.methods.to_bits());
    RefreshTicket::from_bytes(&body.try_into().unwrap()).unwrap()
}

/// The authorization code with which the complete request, without changes, is answered.
pub(super) fn code() -> Code {
    let request = asked(&[]).unwrap();
    let signed_on = signed_on();
    let (client, redirect_uri) = Code::bound_to(&request.client_id, &request.redirect_uri);
    Code {
        client,
        redirect_uri,
        challenge: Sha256::digest(VERIFIER).into(),
        user: signed_on.user,
        epoch: signed_on.epoch,
        sign_on: signed_on.sign_on,
        session: signed_on.session,
        proof: signed_on.proof,
        nonce: request.nonce,
        scopes: request.scopes,
        resource: request.resource,
        grant: GrantId::new(NOW * 1000, &[3; 10]),
        id: CodeId::new([4; 16]),
        expires_at: NOW + CODE_TTL,
    }
}

/// The text with one bit of one character flipped. The tests use it to alter sealed texts. If `bit`
/// is 5, a letter changes between upper and lower case.
pub(super) fn flipped(text: &str, at: usize, bit: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % bytes.len();
    bytes[at] ^= 1 << bit;
    String::from_utf8(bytes).unwrap()
}
