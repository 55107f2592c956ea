use proptest::prelude::*;

use super::super::samples::{
    API, CALLBACK, CHALLENGE, ISSUER, NOW, asked, asked_by, client, listed, query, rules, scopes,
    unregistered,
};
use super::*;

fn page(result: Result<AuthorizationRequest, RequestFault>) -> Option<PageFault> {
    match result {
        Err(RequestFault::Page(fault)) => Some(fault),
        _ => None,
    }
}

fn redirected(result: Result<AuthorizationRequest, RequestFault>) -> Option<ErrorRedirect> {
    match result {
        Err(RequestFault::Redirect(redirect)) => Some(*redirect),
        _ => None,
    }
}

#[test]
fn a_complete_request() {
    let request = asked(&[
        ("resource", Some("https://api.example.com/")),
        ("scope", Some("orders:read openid unknown")),
        ("prompt", Some("login consent")),
        ("max_age", Some("0")),
        ("login_hint", Some("ada@example.com")),
        ("ui_locales", Some("de en")),
        ("acr_values", Some("aal1")),
        ("response_mode", Some("query")),
        ("other", Some("ignored")),
    ])
    .unwrap();
    assert_eq!(request.client_id, client().id);
    assert_eq!(request.redirect_uri.as_str(), CALLBACK);
    assert_eq!(request.state.as_deref(), Some("s"));
    assert_eq!(request.scopes, scopes("openid orders:read"));
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(
        request.resource.unwrap().as_str(),
        API,
        "as it is registered"
    );
    assert!(request.prompts.login && request.prompts.consent && !request.prompts.none);
    assert_eq!(request.max_age, Some(0));
    assert_eq!(request.asked_at, NOW);
}

#[test]
fn what_gets_a_page() {
    let other = "https://evil.example/callback";
    for (changes, fault) in [
        (&[("client_id", None)][..], PageFault::ClientIdMissing),
        (&[("client_id", Some(""))], PageFault::ClientIdMissing),
        (&[("client_id", Some("a b"))], PageFault::ClientUnknown),
        (&[("client_id", Some("other"))], PageFault::ClientUnknown),
        (
            &[("client_id", Some("app")), ("client_id", Some("app"))],
            PageFault::ClientIdRepeated,
        ),
        (&[("redirect_uri", None)], PageFault::RedirectUriMissing),
        (
            &[("redirect_uri", Some(other))],
            PageFault::RedirectUriUnknown,
        ),
        (
            &[
                ("redirect_uri", Some(CALLBACK)),
                ("redirect_uri", Some(other)),
            ],
            PageFault::RedirectUriRepeated,
        ),
        // If a request has a second fault, which alone would be answered with a redirect, the
        // answer is still a page.
        (
            &[("redirect_uri", Some(other)), ("request", Some("x"))],
            PageFault::RedirectUriUnknown,
        ),
    ] {
        let read = parse_request(&query(changes));
        let result = read
            .map_err(RequestFault::from)
            .and_then(|read| read.for_client(&client(), &rules(&listed()), NOW));
        assert_eq!(page(result), Some(fault), "{changes:?}");
    }
    let disabled = AppClient {
        disabled_at: Some(NOW),
        ..client()
    };
    assert_eq!(
        page(asked_by(&disabled, &[])),
        Some(PageFault::ClientUnknown)
    );
    let long = query(&[("other", Some(&"x".repeat(8192)))]);
    assert_eq!(parse_request(&long).err(), Some(PageFault::TooLong));
}

#[test]
fn a_query_of_the_largest_size_is_read() {
    let start = format!("{}&other=", query(&[]));
    let padded = |bytes: usize| format!("{start}{}", "x".repeat(bytes - start.len()));
    assert!(parse_request(&padded(AUTHORIZATION_QUERY_MAX_BYTES)).is_ok());
    let refused = parse_request(&padded(AUTHORIZATION_QUERY_MAX_BYTES + 1));
    assert_eq!(refused.err(), Some(PageFault::TooLong));
}

#[test]
fn each_page_names_its_parameter() {
    for (fault, reason, named) in [
        (PageFault::TooLong, "query_too_long", "8 KB"),
        (
            PageFault::ClientIdMissing,
            "client_id_missing",
            "client_id is missing",
        ),
        (
            PageFault::ClientIdRepeated,
            "client_id_repeated",
            "client_id is there more than once",
        ),
        (PageFault::ClientUnknown, "client_unknown", "client_id"),
        (
            PageFault::RedirectUriMissing,
            "redirect_uri_missing",
            "redirect_uri is missing",
        ),
        (
            PageFault::RedirectUriRepeated,
            "redirect_uri_repeated",
            "redirect_uri is there more than once",
        ),
        (
            PageFault::RedirectUriUnknown,
            "redirect_uri_unknown",
            "not registered this redirect_uri",
        ),
    ] {
        assert_eq!(fault.reason(), reason);
        assert!(fault.description().contains(named), "{reason}");
    }
}

/// The names of the errors come from RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6
/// and RFC 8707 section 2.
#[test]
fn errors_have_the_names_of_the_standards() {
    assert_eq!(
        OAuthError::ALL.map(OAuthError::as_str),
        [
            "invalid_request",
            "unauthorized_client",
            "access_denied",
            "unsupported_response_type",
            "invalid_scope",
            "invalid_target",
            "server_error",
            "temporarily_unavailable",
            "interaction_required",
            "login_required",
            "consent_required",
            "request_not_supported",
            "request_uri_not_supported",
            "registration_not_supported",
        ]
    );
}

#[test]
fn what_gets_a_redirect_with_state_and_iss() {
    use OAuthError as E;
    let long_state = "x".repeat(2049);
    let long_nonce = "x".repeat(257);
    let long_hint = "x".repeat(255);
    let long_locales = "x".repeat(201);
    let long_scope = "x ".repeat(257);
    let twice = |name: &'static str| vec![(name, Some("a")), (name, Some("b"))];
    for (changes, error) in [
        (vec![("request", Some("x"))], E::RequestNotSupported),
        (vec![("request_uri", Some("x"))], E::RequestUriNotSupported),
        (
            vec![("registration", Some("{}"))],
            E::RegistrationNotSupported,
        ),
        (vec![("response_type", None)], E::InvalidRequest),
        (
            vec![("response_type", Some("token"))],
            E::UnsupportedResponseType,
        ),
        (
            vec![("response_type", Some("code id_token"))],
            E::UnsupportedResponseType,
        ),
        (vec![("response_mode", Some("fragment"))], E::InvalidRequest),
        (vec![("code_challenge", None)], E::InvalidRequest),
        (vec![("code_challenge_method", None)], E::InvalidRequest),
        (
            vec![("code_challenge_method", Some("plain"))],
            E::InvalidRequest,
        ),
        (
            vec![("code_challenge_method", Some("s256"))],
            E::InvalidRequest,
        ),
        (vec![("code_challenge", Some("short"))], E::InvalidRequest),
        // This challenge is valid base64url, but it has only three bytes.
        (vec![("code_challenge", Some("AAAA"))], E::InvalidRequest),
        (
            vec![("code_challenge", Some(&format!("{CHALLENGE}=")))],
            E::InvalidRequest,
        ),
        (
            vec![("code_challenge", Some(&CHALLENGE.replace("cM", "cN")))],
            E::InvalidRequest,
        ),
        (vec![("state", Some(&long_state))], E::InvalidRequest),
        (vec![("state", Some("a\nb"))], E::InvalidRequest),
        (vec![("nonce", Some(&long_nonce))], E::InvalidRequest),
        (vec![("login_hint", Some(&long_hint))], E::InvalidRequest),
        (vec![("ui_locales", Some(&long_locales))], E::InvalidRequest),
        (vec![("acr_values", Some(&long_locales))], E::InvalidRequest),
        (vec![("prompt", Some("none login"))], E::InvalidRequest),
        (vec![("prompt", Some("create"))], E::InvalidRequest),
        (vec![("max_age", Some("-1"))], E::InvalidRequest),
        (vec![("max_age", Some("1h"))], E::InvalidRequest),
        (vec![("max_age", Some("1.5"))], E::InvalidRequest),
        (vec![("max_age", Some("\u{0661}"))], E::InvalidRequest),
        (vec![("scope", Some("a\"b"))], E::InvalidScope),
        (vec![("scope", Some(&long_scope))], E::InvalidScope),
        (
            vec![("resource", Some("https://other.example"))],
            E::InvalidTarget,
        ),
        (vec![("resource", Some("no uri"))], E::InvalidTarget),
        (vec![("resource", Some(ISSUER))], E::InvalidTarget),
        (
            vec![("resource", Some(API)), ("resource", Some(API))],
            E::InvalidTarget,
        ),
        (twice("state"), E::InvalidRequest),
        (twice("nonce"), E::InvalidRequest),
        (twice("scope"), E::InvalidRequest),
        (twice("prompt"), E::InvalidRequest),
        (twice("max_age"), E::InvalidRequest),
        (twice("code_challenge"), E::InvalidRequest),
        (twice("code_challenge_method"), E::InvalidRequest),
        (twice("response_type"), E::InvalidRequest),
        (twice("response_mode"), E::InvalidRequest),
        (twice("login_hint"), E::InvalidRequest),
        (twice("ui_locales"), E::InvalidRequest),
        (twice("acr_values"), E::InvalidRequest),
        (twice("request"), E::RequestNotSupported),
    ] {
        let redirect = redirected(asked(&changes));
        let redirect = redirect.unwrap_or_else(|| panic!("{changes:?}"));
        assert_eq!(
            redirect.error, error,
            "{changes:?}: {}",
            redirect.description
        );
        assert_eq!(redirect.to.as_str(), CALLBACK);
        let is_about_state = changes.iter().any(|(name, _)| *name == "state");
        let state = (!is_about_state).then_some("s");
        assert_eq!(redirect.state.as_deref(), state, "{changes:?}");
        let url = redirect.url(ISSUER);
        assert!(
            url.ends_with("&iss=https%3A%2F%2Fauth.example.com"),
            "{url}"
        );
        assert!(url.contains(&format!("?error={error}&")), "{url}");
        assert_eq!(url.contains("&state=s&"), !is_about_state, "{url}");
        // RFC 6749 section 4.1.2.1 allows only these characters in `error_description`.
        assert!(
            redirect
                .description
                .bytes()
                .all(|b| { (b == b' ' || b.is_ascii_graphic()) && b != b'"' && b != b'\\' })
        );
    }
}

#[test]
fn the_longest_values_are_accepted() {
    let state = "x".repeat(2048);
    let nonce = "x".repeat(256);
    let request = asked(&[
        ("state", Some(&state)),
        ("nonce", Some(&nonce)),
        ("max_age", Some("999999999")),
    ])
    .unwrap();
    assert_eq!(request.state, Some(state));
    assert_eq!(request.max_age, Some(999_999_999));
}

/// The standard sets no upper limit for `max_age`. A number that is too large is read as the
/// largest one, which has the same effect, because no user's proof of identity is that old.
#[test]
fn no_number_of_seconds_is_too_large() {
    for (text, seconds) in [
        ("4294967296", 4_294_967_296),
        ("0009007199254740991", 9_007_199_254_740_991),
        ("18446744073709551616", u64::MAX),
        ("99999999999999999999999999999999", u64::MAX),
    ] {
        let request = asked(&[("max_age", Some(text))]).unwrap();
        assert_eq!(request.max_age, Some(seconds), "{text}");
    }
}

#[test]
fn a_scope_of_an_api_needs_its_resource_and_must_be_the_clients() {
    for (scope, resource, expected) in [
        (
            Some("openid profile email offline_access"),
            None,
            "openid profile email offline_access",
        ),
        (Some("openid orders:read"), None, "openid"),
        (Some("openid orders:read"), Some(API), "openid orders:read"),
        // The client may have the scope `admin`, but the API in `RESOURCES` does not list it.
        (Some("admin"), Some(API), ""),
        (Some("tools"), Some(API), ""),
        (Some("unknown"), None, ""),
        (None, None, ""),
        (None, Some(API), "orders:read orders:write"),
    ] {
        let request = asked(&[("scope", scope), ("resource", resource)]).unwrap();
        assert_eq!(request.scopes, scopes(expected), "{scope:?} {resource:?}");
    }
    // If `RESOURCES` has no entry for the API, the client's own list of scopes applies.
    let read = parse_request(&query(&[("scope", None), ("resource", Some(API))])).unwrap();
    let request = read.for_client(&client(), &rules(&[]), NOW).unwrap();
    assert_eq!(request.scopes, scopes("orders:read orders:write admin"));
}

#[test]
fn an_unregistered_client_gets_what_resources_has() {
    let mcp = Some("https://mcp.example.com/mcp");
    for (scope, resource, expected) in [
        (
            Some("openid profile email tools offline_access"),
            mcp,
            "tools offline_access",
        ),
        (None, mcp, "tools"),
        (Some("orders:read"), mcp, ""),
        (Some("orders:read admin"), Some(API), "orders:read"),
    ] {
        let changes = [("scope", scope), ("resource", resource)];
        let request = asked_by(&unregistered(), &changes).unwrap();
        assert_eq!(request.scopes, scopes(expected), "{scope:?} {resource:?}");
    }
    for resource in [None, Some("https://other.example")] {
        let refused = asked_by(&unregistered(), &[("resource", resource)]);
        let refused = redirected(refused).unwrap();
        assert_eq!(refused.error, OAuthError::InvalidTarget);
    }
}

#[test]
fn a_request_that_waited_is_judged_again() {
    let listed = listed();
    let request = || {
        asked(&[
            ("resource", Some(API)),
            ("scope", Some("openid orders:read orders:write")),
        ])
        .unwrap()
    };
    let again = |client: &AppClient| request().judged_again(client, &rules(&listed));
    assert_eq!(again(&client()).unwrap(), request());
    let narrower = AppClient {
        scopes: client().scopes.into_iter().take(1).collect(),
        ..client()
    };
    assert_eq!(
        again(&narrower).unwrap().scopes,
        scopes("openid orders:read")
    );
    let disabled = AppClient {
        disabled_at: Some(NOW),
        ..client()
    };
    assert_eq!(page(again(&disabled)), Some(PageFault::ClientUnknown));
    assert_eq!(page(again(&unregistered())), Some(PageFault::ClientUnknown));
    let moved = AppClient {
        redirect_uris: client().redirect_uris.into_iter().skip(1).collect(),
        ..client()
    };
    assert_eq!(page(again(&moved)), Some(PageFault::RedirectUriUnknown));
    let without_api = AppClient {
        resources: Vec::new(),
        ..client()
    };
    let refused = redirected(again(&without_api)).unwrap();
    assert_eq!(refused.error, OAuthError::InvalidTarget);
}

#[test]
fn an_answer_keeps_the_port_and_names_the_issuer() {
    let changes = [("redirect_uri", Some("http://127.0.0.1:4711/callback"))];
    let request = asked(&changes).unwrap();
    assert_eq!(
        request.answer("egk_x", ISSUER),
        "http://127.0.0.1:4711/callback?code=egk_x&state=s&iss=https%3A%2F%2Fauth.example.com"
    );
}

#[test]
fn no_request_prints_what_is_personal() {
    let request = asked(&[
        ("state", Some("pa55state")),
        ("nonce", Some("pa55nonce")),
        ("login_hint", Some("pa55@example.com")),
    ]);
    let printed = format!("{request:?}");
    assert!(printed.contains(CALLBACK) && !printed.contains("pa55"));
    let unresolved = parse_request(&query(&[("state", Some("pa55"))])).unwrap();
    let printed = format!("{unresolved:?}");
    assert!(printed.contains("client_id") && !printed.contains("pa55"));
    let refused = asked(&[("state", Some("pa55")), ("request", Some("x"))]);
    let printed = format!("{refused:?}");
    assert!(printed.contains("RequestNotSupported") && !printed.contains("pa55"));
}

#[test]
fn prompts_come_back_as_they_were() {
    for bits in 0..16 {
        assert_eq!(Prompts::from_bits(bits).to_bits(), bits);
    }
    for (text, expected) in [
        ("", Some(0)),
        ("none", Some(1)),
        ("login  consent", Some(6)),
        ("select_account login login", Some(10)),
        ("none consent", None),
        ("Login", None),
    ] {
        assert_eq!(
            Prompts::parse(text).map(Prompts::to_bits),
            expected,
            "{text}"
        );
    }
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("app".to_owned()),
        Just(CALLBACK.to_owned()),
        Just(CHALLENGE.to_owned()),
        Just("S256".to_owned()),
        Just("code".to_owned()),
        Just("openid orders:read".to_owned()),
        Just(API.to_owned()),
        Just("none".to_owned()),
        "\\PC{0,12}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => proptest::sample::select(KNOWN.to_vec()).prop_map(str::to_owned),
        1 => "[a-z_]{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_query_panics(text in "\\PC{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse_request(&text);
        let encoded: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
        let query = format!("client_id=app&redirect_uri={encoded}&state={encoded}&{text}");
        if let Ok(read) = parse_request(&query) {
            let _ = read.for_client(&client(), &rules(&listed()), NOW);
        }
    }

    /// If the client has not registered the redirect URI, the request is refused by a page. If the
    /// client has registered it, a refusal is a redirect to a registered URI. An accepted request
    /// has no scope that the client may not have.
    #[test]
    fn every_refusal_has_one_place(
        more in proptest::collection::vec((name(), value()), 0..6),
        of_unregistered: bool,
    ) {
        let client = if of_unregistered { unregistered() } else { client() };
        let changes: Vec<(&str, Option<&str>)> = more
            .iter()
            .map(|(name, value)| (name.as_str(), Some(value.as_str())))
            .collect();
        let values = |name: &str| -> Vec<&str> {
            let given = more.iter().filter(|(given, value)| given == name && !value.is_empty());
            given.map(|(_, value)| value.as_str()).collect()
        };
        let belongs = match (&values("client_id")[..], &values("redirect_uri")[..]) {
            ([], []) => true,
            ([id], []) => *id == client.id.as_str(),
            ([], [uri]) => client.redirect_uri(uri).is_some(),
            ([id], [uri]) => *id == client.id.as_str() && client.redirect_uri(uri).is_some(),
            _ => false,
        };
        // A parameter whose values are all empty is treated as absent.
        let is_absent = |name: &str| {
            more.iter().any(|(given, _)| given == name) && values(name).is_empty()
        };
        let belongs = belongs && !is_absent("redirect_uri")
            && (!is_absent("client_id"));
        match asked_by(&client, &changes) {
            Err(RequestFault::Page(_)) => prop_assert!(!belongs),
            Err(RequestFault::Redirect(redirect)) => {
                prop_assert!(belongs);
                prop_assert!(client.redirect_uri(redirect.to.as_str()).is_some());
                let url = redirect.url(ISSUER);
                prop_assert!(url.starts_with(redirect.to.as_str()));
                prop_assert!(url.contains("iss=") && !url.contains("code="));
            }
            Ok(request) => {
                prop_assert!(belongs);
                prop_assert!(client.redirect_uri(request.redirect_uri.as_str()).is_some());
                let scopes = values("scope");
                let default = more.iter().all(|(name, _)| name != "scope");
                let asked = if default { "openid profile" } else { scopes.first().copied().unwrap_or("") };
                let asked = Scopes::parse(asked).unwrap();
                if default || !scopes.is_empty() {
                    prop_assert!(asked.contains_all(&request.scopes), "never wider than asked");
                }
                for scope in request.scopes.iter() {
                    let listed = listed();
                    let is_the_apis = request.resource.as_ref().is_some_and(|resource| {
                        listed.iter().any(|one| one.uri == *resource && one.scopes.contains(scope))
                    });
                    prop_assert!(scope.is_of_the_account() || is_the_apis, "{scope}");
                }
                let again = request.clone().judged_again(&client, &rules(&listed()));
                prop_assert_eq!(again, Ok(request));
            }
        }
    }
}
