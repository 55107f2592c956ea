//! Reads the texts that strangers can send to the authorization endpoints: authorization requests,
//! redirect URIs, metadata documents of apps, and tickets. Each input is read as each of these
//! kinds of text.

use std::sync::OnceLock;

use edgegate::domain::authorization::{
    AppClient, AppTickets, ClientId, ClientType, Codes, MetadataDocument, MetadataUrl,
    ProtectedResource, RedirectKind, RedirectUri, RequestFault, Resource, Scope, SealedRequests,
    ServerRules, SignOnTickets, parse_request,
};
use edgegate::domain::session::RefreshTokens;
use edgegate::domain::ticket::TicketSecrets;

use super::ticket::{SECRET, seal};

const ISSUER: &str = "https://auth.example";
const API: &str = "https://api.example.com";
const DOCUMENT: &str = "https://client.example.net/metadata.json";
const NOW: u64 = 1_764_000_000;
/// For each purpose of a ticket, the prefix of its text and the label of its key.
const PURPOSES: [(&str, &str); 4] = [
    ("egs_", "sign-on"),
    ("egq_", "authorization request"),
    ("egk_", "authorization code"),
    ("ega_", "app refresh"),
];

struct World {
    sign_ons: SignOnTickets,
    requests: SealedRequests,
    codes: Codes,
    tickets: AppTickets,
    refresh_tokens: RefreshTokens,
    client: AppClient,
    resources: Vec<ProtectedResource>,
    document: MetadataUrl,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let secrets = TicketSecrets::parse(SECRET).unwrap();
        let uri = |text| RedirectUri::register(text).unwrap();
        World {
            sign_ons: SignOnTickets::new(&secrets, ISSUER),
            requests: SealedRequests::new(&secrets, ISSUER),
            codes: Codes::new(&secrets, ISSUER),
            tickets: AppTickets::new(&secrets, ISSUER),
            refresh_tokens: RefreshTokens::new(&secrets, ISSUER),
            client: AppClient {
                id: ClientId::parse("app").unwrap(),
                name: "App".to_owned(),
                kind: ClientType::Public,
                first_party: false,
                redirect_uris: vec![
                    uri("https://app.example.com/callback"),
                    uri("http://127.0.0.1/callback"),
                ],
                post_logout_redirect_uris: Vec::new(),
                resources: vec![Resource::parse(API).unwrap()],
                scopes: vec![Scope::parse("orders:read").unwrap()],
                id_token_alg: None,
                disabled_at: None,
                created_at: NOW,
                version: 1,
            },
            resources: vec![ProtectedResource {
                uri: Resource::parse(API).unwrap(),
                name: "Orders".to_owned(),
                scopes: vec![Scope::parse("orders:read").unwrap()],
            }],
            document: MetadataUrl::parse(&ClientId::parse(DOCUMENT).unwrap(), ISSUER).unwrap(),
        }
    })
}

/// For each purpose, whether the text is accepted as a ticket for it. An accepted ticket is sealed
/// (encoded with a MAC) and opened again, which must give the same ticket.
fn opens(text: &str) -> [bool; 4] {
    let world = world();
    let sign_on = world
        .sign_ons
        .open(text, 0, u64::MAX)
        .is_some_and(|sign_on| {
            let sealed = world.sign_ons.seal(sign_on);
            assert_eq!(
                world.sign_ons.open(sealed.expose(), 0, u64::MAX),
                Some(sign_on)
            );
            true
        });
    let request = world.requests.open(text, NOW).is_some_and(|request| {
        let sealed = world.requests.seal(&request);
        assert_eq!(world.requests.open(sealed.expose(), NOW), Some(request));
        true
    });
    let code = world.codes.open(text).is_some_and(|code| {
        let sealed = world.codes.seal(&code);
        assert!(sealed.expose().len() < 2_000);
        assert_eq!(world.codes.open(sealed.expose()), Some(code));
        true
    });
    let ticket = world.tickets.open(text).is_some_and(|ticket| {
        let sealed = world.tickets.seal(&ticket);
        assert_eq!(world.tickets.open(sealed.expose()), Some(ticket));
        true
    });
    [sign_on, request, code, ticket]
}

fn judge_request(query: &str) {
    let world = world();
    let rules = ServerRules {
        issuer: ISSUER,
        audience: "edgegate",
        resources: &world.resources,
        issuer_is_loopback: false,
    };
    let is_registered = |uri: &RedirectUri| world.client.redirect_uri(uri.as_str()).is_some();
    let Ok(read) = parse_request(query) else {
        return;
    };
    match read.for_client(&world.client, &rules, NOW) {
        Err(RequestFault::Page(_)) => {}
        Err(RequestFault::Redirect(refused)) => {
            assert!(is_registered(&refused.to));
            assert!(refused.url(ISSUER).starts_with(refused.to.as_str()));
        }
        Ok(request) => {
            assert!(is_registered(&request.redirect_uri));
            let is_the_apis =
                |scope: &Scope| request.resource.is_some() && scope.as_str() == "orders:read";
            assert!(
                request
                    .scopes
                    .iter()
                    .all(|scope| scope.is_of_the_account() || is_the_apis(scope))
            );
            let sealed = world.requests.seal(&request);
            let opened = world.requests.open(sealed.expose(), NOW).unwrap();
            assert_eq!(opened, request);
            assert_eq!(opened.judged_again(&world.client, &rules), Ok(request));
        }
    }
}

pub fn run(input: &[u8]) {
    let world = world();
    if let Ok(client) = MetadataDocument::parse(input, &world.document, NOW) {
        assert_eq!(client.id.as_str(), DOCUMENT);
        assert!(!client.first_party && client.kind == ClientType::Public);
        assert!(
            client
                .redirect_uris
                .iter()
                .all(|uri| uri.matches(uri.as_str()))
        );
    }
    if let Some(text) = super::text(input) {
        judge_request(text);
        let complete = "client_id=app&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&\
                        response_type=code&code_challenge_method=S256&\
                        code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        judge_request(&format!("{complete}&{text}"));
        if let Ok(uri) = RedirectUri::register(text) {
            assert!(uri.matches(text));
            assert!(uri.with_parameters(&[("iss", ISSUER)]).starts_with(text));
        }
        for registered in &world.client.redirect_uris {
            if let Some(matched) = registered.matched(text) {
                assert_eq!(matched.host(), registered.host());
                let is_same = matched == *registered;
                assert!(is_same || matched.kind() == RedirectKind::Loopback);
            }
        }
        assert_eq!(opens(text), [false; 4], "nobody seals a ticket by chance");
    }
    for (purpose, (prefix, label)) in PURPOSES.into_iter().enumerate() {
        for format in [1, 2] {
            let sealed = seal(format, input, prefix, label);
            assert!(world.refresh_tokens.open(&sealed).is_none());
            for (other, open) in opens(&sealed).into_iter().enumerate() {
                assert!(!open || (other == purpose && format == 1), "{label}");
            }
        }
    }
}
