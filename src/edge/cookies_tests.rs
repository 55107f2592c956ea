use super::*;
use crate::domain::session::SessionId;
use crate::edge::request::Navigation;

const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;

fn settings(issuer: &'static str) -> Settings {
    Settings::read(|name| {
        let text = match name {
            "ISSUER" => issuer,
            "SIGNING_KEYS" => KEYS,
            "TICKET_SECRET" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            _ => return None,
        };
        Some(text.to_owned())
    })
    .unwrap()
}

fn deployed() -> Settings {
    settings("https://auth.example.com")
}

fn request<'a>(cookie: &'a str, content_type: &'a str, from_allowed_origin: bool) -> Request<'a> {
    Request {
        cookie: Some(cookie).filter(|text| !text.is_empty()),
        content_type: Some(content_type),
        from_allowed_origin,
        ..Request::default()
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn only_the_exact_cookie_name_matches() {
    let settings = deployed();
    for (header, found) in [
        ("__Host-edgegate=a", Some("a")),
        ("x=1; __Host-edgegate=a; y=2", Some("a")),
        ("x=1;__Host-edgegate=a", Some("a")),
        ("__Host-edgegate=", Some("")),
        ("__Host-edgegate=a=b", Some("a=b")),
        (
            "__Host-edgegate=a, __Host-edgegate=b",
            Some("a, __Host-edgegate=b"),
        ),
        ("", None),
        ("edgegate=a", None),
        ("__host-edgegate=a", None),
        ("__HOST-EDGEGATE=a", None),
        ("__Host-edgegate =a", None),
        ("\u{a0}__Host-edgegate=a", None),
        ("x=1; \u{a0}__Host-edgegate=a", None),
        ("x=1; \u{c}__Host-edgegate=a", None),
        ("x=1; \u{85}__Host-edgegate=a", None),
        ("x=1;\t__Host-edgegate=a", None),
        ("x=1;  __Host-edgegate=a", None),
        ("x=1; =__Host-edgegate=a", None),
        ("__Host-edgegate", None),
        ("x__Host-edgegate=a", None),
        ("__Host-edgegate2=a", None),
        ("x=\"__Host-edgegate=a\"", None),
        ("%5F_Host-edgegate=a", None),
    ] {
        let request = request(header, JSON, true);
        assert_eq!(refresh_token_in(&settings, &request), Ok(found), "{header}");
    }
}

#[test]
fn a_cookie_that_is_there_twice_or_too_long_is_refused() {
    let long = ["x=", &"y".repeat(MAX_COOKIE_BYTES)].concat();
    for header in [
        "__Host-edgegate=a; __Host-edgegate=b",
        "__Host-edgegate=a; __Host-edgegate=a",
        "__Host-edgegate=a;x=1;__Host-edgegate=",
        &long,
    ] {
        let problem = refresh_token_in(&deployed(), &request(header, JSON, true)).unwrap_err();
        assert_eq!(problem.code, Code::InvalidRequest);
    }
    let full = ["x=", &"y".repeat(MAX_COOKIE_BYTES - 2)].concat();
    assert_eq!(
        refresh_token_in(&deployed(), &request(&full, JSON, true)),
        Ok(None)
    );
}

#[test]
fn cookie_names_and_attributes_depend_on_the_issuer() {
    let tokens = TokenPair {
        access_token: Secret::new("eyJ".to_owned()),
        expires_in: 600,
        refresh_token: Secret::new("egr_a".to_owned()),
        refresh_token_expires_in: 7_776_000,
        session: SessionId::new(0, &[0; 10]),
        sign_on: SessionId::new(0, &[0; 10]),
        sign_on_ticket: Secret::new("egs_a".to_owned()),
    };
    for (issuer, start, sso, begun) in [
        (
            "https://auth.example.com",
            "__Host-edgegate=",
            "__Host-edgegate-sso=",
            "; Path=/; Secure",
        ),
        (
            "https://localhost:8787",
            "__Host-edgegate=",
            "__Host-edgegate-sso=",
            "; Path=/; Secure",
        ),
        (
            "http://127.0.0.1:8787",
            "edgegate-8787=",
            "edgegate-sso-8787=",
            "; Path=/",
        ),
        (
            "http://127.0.0.1:8788",
            "edgegate-8788=",
            "edgegate-sso-8788=",
            "; Path=/",
        ),
        (
            "http://[::1]:8787",
            "edgegate-8787=",
            "edgegate-sso-8787=",
            "; Path=/",
        ),
        (
            "http://[::1]",
            "edgegate-80=",
            "edgegate-sso-80=",
            "; Path=/",
        ),
        (
            "http://localhost",
            "edgegate-80=",
            "edgegate-sso-80=",
            "; Path=/",
        ),
    ] {
        let settings = settings(issuer);
        let strict = [begun, "; HttpOnly; SameSite=Strict; Max-Age="].concat();
        let lax = [begun, "; HttpOnly; SameSite=Lax; Max-Age="].concat();
        let written = SessionCookies {
            refresh: [start, "egr_a", &strict, "7776000"].concat(),
            sign_on: [sso, "egs_a", &lax, "7776000"].concat(),
        };
        assert_eq!(set(&settings, &tokens), written);
        let cleared = SessionCookies {
            refresh: [start, &strict, "0"].concat(),
            sign_on: [sso, &lax, "0"].concat(),
        };
        assert_eq!(clear(&settings), cleared);
    }
    let local = settings("http://127.0.0.1:8787");
    let both = request(
        "__Host-edgegate=a; edgegate=c; edgegate-8788=d; edgegate-8787=b",
        JSON,
        true,
    );
    assert_eq!(refresh_token_in(&local, &both), Ok(Some("b")));
}

#[test]
fn the_sign_on_is_read_from_navigations_only() {
    let settings = deployed();
    let read = |method, path, navigation: Navigation<'static>| {
        let request = Request {
            method,
            path,
            cookie: navigation.cookie,
            navigation,
            from_allowed_origin: true,
            ..Request::default()
        };
        sign_on(&settings, &request)
    };
    let plain = Navigation {
        cookie: Some("__Host-edgegate=egr_a; __Host-edgegate-sso=egs_a"),
        ..Navigation::default()
    };
    let document = Navigation {
        fetch_dest: Some("document"),
        fetch_site: Some("cross-site"),
        ..plain
    };
    for path in NAVIGATED {
        assert_eq!(read("GET", path, plain), Some("egs_a"));
        assert_eq!(read("GET", path, document), Some("egs_a"));
        assert_eq!(read("HEAD", path, document), None, "nobody sees the answer");
    }
    let at = "/auth/authorize";
    for path in ["/auth/me", "/auth/token", "/auth/authorize/decision", "/"] {
        assert_eq!(read("GET", path, document), None, "{path}");
        assert_eq!(read("POST", path, document), None, "{path}");
    }
    for dest in [
        "iframe", "frame", "empty", "image", "embed", "object", "", "Document",
    ] {
        let fetch_dest = Some(dest);
        let framed = Navigation {
            fetch_dest,
            ..plain
        };
        assert_eq!(read("GET", at, framed), None, "{dest}");
    }
    for purpose in ["prefetch", "prefetch;prerender", ""] {
        let purpose = Some(purpose);
        let early = Navigation {
            purpose,
            ..document
        };
        assert_eq!(read("GET", at, early), None);
    }
    for cookie in [
        "__Host-edgegate=egr_a",
        "edgegate-sso=egs_a",
        "edgegate-sso-80=egs_a",
        "__Host-edgegate-sso=egs_a; __Host-edgegate-sso=egs_b",
    ] {
        let cookie = Some(cookie);
        let other = Navigation { cookie, ..document };
        assert_eq!(read("GET", at, other), None, "{cookie:?}");
    }
}

#[test]
fn cookie_mode_needs_an_allowed_origin() {
    let settings = deployed();
    let asked = |asked, cookie, allowed| {
        require_cookie_allowed(asked, &settings, &request(cookie, JSON, allowed))
            .map_err(|problem| problem.code)
    };
    let twice = "__Host-edgegate=a; __Host-edgegate=b";
    for allowed in [true, false] {
        assert_eq!(asked(false, "__Host-edgegate=a", allowed), Ok(()));
        assert_eq!(asked(false, twice, allowed), Ok(()));
    }
    assert_eq!(asked(true, "", true), Ok(()));
    assert_eq!(asked(true, "__Host-edgegate=a", true), Ok(()));
    assert_eq!(asked(true, twice, true), Err(Code::InvalidRequest));
    for cookie in ["", "__Host-edgegate=a", twice] {
        assert_eq!(asked(true, cookie, false), Err(Code::Forbidden));
    }
}

#[test]
fn an_app_shell_never_uses_the_cookie() {
    let settings = deployed();
    let cookie = "__Host-edgegate=egr_a; __Host-edgegate-device=egd_a";
    for (origin, may) in [
        ("https://app.example.com", true),
        ("http://tauri.localhost", true),
        ("chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb", true),
        ("capacitor://localhost", false),
        ("ionic://localhost", false),
        ("tauri://localhost", false),
        ("app://-", false),
    ] {
        let from = |cookie| Request {
            origin: Some(origin),
            ..request(cookie, JSON, true)
        };
        let asked = require_cookie_allowed(true, &settings, &from(""));
        assert_eq!(asked.is_ok(), may, "{origin}");
        let sent = from(cookie);
        let given = Given::read(None, "token", &settings, &sent);
        assert_eq!(given.is_ok(), may, "{origin}");
        let without = from("");
        let none = Given::read(None, "token", &settings, &without);
        let expected = (!may).then_some(Code::InvalidRequest);
        assert_eq!(none.err().map(|problem| problem.code), expected, "{origin}");
        let shown = credentials_for_mail(&settings, &sent, None);
        assert_eq!(shown.session_token().is_some(), may, "{origin}");
    }
}

/// The answer to a request for a mail never depends on the cookies, so a bad cookie is not an
/// error.
#[test]
fn cookies_of_other_origins_and_forms_are_ignored_for_mails() {
    let settings = deployed();
    let both = "__Host-edgegate=egr_a; __Host-edgegate-device=egd_a";
    let known = |cookie, content_type, allowed, body| {
        let request = request(cookie, content_type, allowed);
        let shown = credentials_for_mail(&settings, &request, body);
        let [device, session] = [shown.device_token(), shown.session_token()];
        [device, session].map(|token| token.map(str::to_owned))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        known(both, JSON, true, None),
        [text("egd_a"), text("egr_a")]
    );
    assert_eq!(known(both, JSON, false, None), [None, None]);
    assert_eq!(known(both, FORM, true, None), [None, None]);
    let body = Some("egd_b");
    assert_eq!(known(both, JSON, false, body), [text("egd_b"), None]);
    assert_eq!(
        known(both, JSON, true, body),
        [text("egd_b"), text("egr_a")]
    );
    let twice = "__Host-edgegate-device=egd_a; __Host-edgegate-device=egd_b";
    assert_eq!(known(twice, JSON, true, None), [None, None]);
}

#[test]
fn the_token_comes_from_the_body_or_the_cookie() {
    let settings = deployed();
    let ours = "__Host-edgegate=a";
    let given = |token: Option<&str>, cookie, content_type, allowed| {
        let request = request(cookie, content_type, allowed);
        Given::read(token.map(str::to_owned), "token", &settings, &request)
            .map(|given| {
                (
                    matches!(given, Given::Body(_)),
                    given.token().map(str::to_owned),
                )
            })
            .map_err(|problem| problem.code)
    };
    let by = |body, token: Option<&str>| Ok((body, token.map(str::to_owned)));
    for content_type in [JSON, FORM] {
        for allowed in [true, false] {
            assert_eq!(
                given(Some("b"), "", content_type, allowed),
                by(true, Some("b"))
            );
            let both = given(Some("b"), ours, content_type, allowed);
            assert_eq!(both, Err(Code::InvalidRequest));
        }
    }
    assert_eq!(given(None, ours, JSON, true), by(false, Some("a")));
    assert_eq!(
        given(None, ours, "Application/JSON; charset=utf-8", true),
        by(false, Some("a"))
    );
    assert_eq!(given(None, "", JSON, true), by(false, None));
    assert_eq!(given(None, ours, JSON, false), Err(Code::Forbidden));
    assert_eq!(given(None, "", JSON, false), Err(Code::InvalidRequest));
    for content_type in [FORM, "text/plain", "text/plain;application/json", ""] {
        let refused = given(None, ours, content_type, true);
        assert_eq!(refused, Err(Code::InvalidRequest), "{content_type}");
    }
    let twice = "__Host-edgegate=a; __Host-edgegate=a";
    assert_eq!(given(None, twice, JSON, true), Err(Code::InvalidRequest));
    for content_type in [JSON, FORM] {
        let both = given(Some(""), ours, content_type, true);
        assert_eq!(both, Err(Code::InvalidRequest));
        let missing = given(Some(""), "", content_type, false);
        assert_eq!(missing, Err(Code::InvalidRequest));
    }
    assert_eq!(given(Some(""), "", JSON, true), by(false, None));
    let sent = request(ours, JSON, true);
    let empty = Given::read(Some(String::new()), "token", &settings, &sent);
    let told = empty
        .err()
        .map(|problem| problem.into_answer().body.unwrap());
    assert!(told.unwrap().contains("token is empty: leave it out"));
}
