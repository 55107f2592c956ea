use proptest::prelude::*;

use super::*;
use RedirectUriFault as Fault;

const GOOD: [(&str, RedirectKind, &str); 16] = [
    (
        "https://app.example.com",
        RedirectKind::Https,
        "app.example.com",
    ),
    (
        "https://app.example.com/",
        RedirectKind::Https,
        "app.example.com",
    ),
    (
        "https://app.example.com/cb?a=b",
        RedirectKind::Https,
        "app.example.com",
    ),
    (
        "https://app.example.com:8443/cb",
        RedirectKind::Https,
        "app.example.com",
    ),
    (
        "https://xn--bcher-kva.example/cb",
        RedirectKind::Https,
        "xn--bcher-kva.example",
    ),
    (
        "https://app.example.com/%C3%A4",
        RedirectKind::Https,
        "app.example.com",
    ),
    (
        "http://127.0.0.1/callback",
        RedirectKind::Loopback,
        "127.0.0.1",
    ),
    (
        "http://127.0.0.1:8080/callback",
        RedirectKind::Loopback,
        "127.0.0.1",
    ),
    ("http://[::1]/callback", RedirectKind::Loopback, "[::1]"),
    ("http://localhost", RedirectKind::Loopback, "localhost"),
    (
        "com.example.app:/callback",
        RedirectKind::PrivateUse,
        "com.example.app",
    ),
    (
        "https://localhost:8443/callback",
        RedirectKind::Loopback,
        "localhost",
    ),
    ("https://127.0.0.2/cb", RedirectKind::Loopback, "127.0.0.2"),
    ("https://[::1]/cb", RedirectKind::Loopback, "[::1]"),
    (
        "com.example.app://callback",
        RedirectKind::PrivateUse,
        "com.example.app",
    ),
    (
        "com.example.app-2:/callback",
        RedirectKind::PrivateUse,
        "com.example.app-2",
    ),
];

#[test]
fn what_can_be_registered() {
    for (text, kind, host) in GOOD {
        let uri = RedirectUri::register(text).unwrap();
        assert_eq!((uri.kind(), uri.host()), (kind, host), "{text}");
        assert_eq!(uri.to_string(), text);
    }
    let longest = format!("https://app.example.com/{}", "a".repeat(488));
    assert_eq!(longest.len(), 512);
    assert!(RedirectUri::register(&longest).is_ok());
}

#[test]
fn what_can_not() {
    for (text, fault) in [
        ("", Fault::Scheme),
        ("app.example.com/cb", Fault::Scheme),
        ("/callback", Fault::Scheme),
        ("//app.example.com", Fault::Scheme),
        ("https:app.example.com", Fault::Scheme),
        ("HTTPS://app.example.com", Fault::Scheme),
        ("javascript:alert(1)", Fault::Scheme),
        ("javascript://app.example.com/%0aalert(1)", Fault::Scheme),
        ("data:text/html,x", Fault::Scheme),
        ("myapp://callback", Fault::Scheme),
        ("com.example.App:/callback", Fault::Scheme),
        ("com..example:/callback", Fault::Scheme),
        (".com.example:/callback", Fault::Scheme),
        ("com.example.app:callback", Fault::Host),
        ("com.example.app:", Fault::Host),
        ("com.example.app://user@callback", Fault::UserInfo),
        ("com.example.app:/a/../b", Fault::DotSegment),
        ("com.example.app:/a#b", Fault::Fragment),
        ("http://app.example.com/cb", Fault::NotHttps),
        ("http://127.0.0.2/cb", Fault::NotHttps),
        ("http://127.0.0.1.evil.example/cb", Fault::NotHttps),
        ("http://localhost.evil.example/cb", Fault::NotHttps),
        ("http://APP.example.com/cb", Fault::Host),
        ("https://", Fault::Host),
        ("https://App.example.com/cb", Fault::Host),
        ("https://app.example.com:443/cb", Fault::Host),
        ("https://app.example.com:0/cb", Fault::Host),
        ("https://app.example.com:/cb", Fault::Host),
        ("https://app.example.com:65536/cb", Fault::Host),
        ("https://app..example.com/cb", Fault::Host),
        ("https://b%C3%BCcher.example/cb", Fault::Host),
        ("https://b\u{fc}cher.example/cb", Fault::Character),
        ("https://*.example.com/cb", Fault::Host),
        ("https://127.1/cb", Fault::Host),
        ("https://user@app.example.com/cb", Fault::UserInfo),
        ("https://user:word@app.example.com/cb", Fault::UserInfo),
        ("https://app.example.com/cb#", Fault::Fragment),
        ("https://app.example.com/cb#a", Fault::Fragment),
        ("https://app.example.com/ cb", Fault::Character),
        ("https://app.example.com/cb\n", Fault::Character),
        ("https://app.example.com\\cb", Fault::Character),
        ("https://app.example.com/<cb>", Fault::Character),
        ("https://app.example.com/%", Fault::PercentEncoding),
        ("https://app.example.com/%2", Fault::PercentEncoding),
        ("https://app.example.com/%zz", Fault::PercentEncoding),
        ("https://app.example.com/a/../b", Fault::DotSegment),
        ("https://app.example.com/a/.", Fault::DotSegment),
        ("https://app.example.com/%2e%2E/b", Fault::DotSegment),
        ("https://app.example.com/.%2e/b", Fault::DotSegment),
        ("https://app.example.com/a%2fb", Fault::EncodedSlash),
        ("https://app.example.com/a%5Cb", Fault::EncodedSlash),
        ("https://app.example.com/cb?code=1", Fault::Query),
        ("https://app.example.com/cb?a=1&%73tate=2", Fault::Query),
        ("https://app.example.com/cb?iss", Fault::Query),
        (
            &format!("https://app.example.com/{}", "a".repeat(489)),
            Fault::TooLong,
        ),
    ] {
        assert_eq!(RedirectUri::register(text), Err(fault), "{text}");
    }
}

#[test]
fn a_presented_uri_is_equal_or_differs_in_a_loopback_port() {
    for (registered, presented) in [
        ("http://127.0.0.1/callback", "http://127.0.0.1:1/callback"),
        (
            "http://127.0.0.1/callback",
            "http://127.0.0.1:65535/callback",
        ),
        (
            "http://127.0.0.1:8080/callback",
            "http://127.0.0.1/callback",
        ),
        (
            "http://127.0.0.1:8080/callback",
            "http://127.0.0.1:9090/callback",
        ),
        ("http://[::1]/callback", "http://[::1]:1024/callback"),
        (
            "http://localhost/callback",
            "http://localhost:1024/callback",
        ),
        ("http://localhost", "http://localhost:1024"),
    ] {
        let uri = RedirectUri::register(registered).unwrap();
        let matched = uri.matched(presented).unwrap();
        assert_eq!(
            matched.as_str(),
            presented,
            "answers go to the presented port"
        );
        assert_eq!(matched.kind(), RedirectKind::Loopback);
    }
    for (registered, presented) in [
        ("https://app.example.com/cb", "https://app.example.com/cb/"),
        ("https://app.example.com/cb", "https://app.example.com/CB"),
        ("https://app.example.com/cb", "https://APP.example.com/cb"),
        ("https://app.example.com/cb", "HTTPS://app.example.com/cb"),
        (
            "https://app.example.com/cb",
            "https://app.example.com:443/cb",
        ),
        (
            "https://app.example.com/cb",
            "https://app.example.com:8443/cb",
        ),
        ("https://app.example.com/cb", "https://app.example.com/cb?"),
        (
            "https://app.example.com/cb",
            "https://app.example.com/cb?a=b",
        ),
        ("https://app.example.com/cb", "https://app.example.com/cb#a"),
        (
            "https://app.example.com/cb",
            "https://app.example.com/a/../cb",
        ),
        ("https://app.example.com/cb", "https://app.example.com/%63b"),
        ("https://app.example.com/cb", "https://app.example.com//cb"),
        (
            "https://app.example.com/cb",
            "https://app.example.com.evil.example/cb",
        ),
        (
            "https://app.example.com/cb",
            "https://evil.example@app.example.com/cb",
        ),
        (
            "https://app.example.com/cb",
            "https://app.example.com@evil.example/cb",
        ),
        ("https://app.example.com", "https://app.example.com/"),
        (
            "https://app.example.com",
            "https://app.example.com.evil.example",
        ),
        (
            "https://xn--bcher-kva.example/",
            "https://b\u{fc}cher.example/",
        ),
        ("http://127.0.0.1/callback", "http://localhost/callback"),
        ("http://127.0.0.1/callback", "http://[::1]/callback"),
        ("http://127.0.0.1/callback", "https://127.0.0.1/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:0/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:080/callback"),
        (
            "http://127.0.0.1/callback",
            "http://127.0.0.1:65536/callback",
        ),
        ("http://127.0.0.1/callback", "http://127.0.0.1:+80/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:80/callback/"),
        (
            "http://127.0.0.1/callback",
            "http://127.0.0.1:80@evil.example/callback",
        ),
        (
            "http://127.0.0.1/callback",
            "http://127.0.0.1.evil.example/callback",
        ),
        ("http://127.0.0.1/callback", "http://127.0.0.11/callback"),
        ("http://localhost", "http://localhost:80.evil.example"),
        ("http://localhost", "http://localhostevil.example"),
        ("http://localhost", "http://localhost@evil.example"),
        ("com.example.app:/callback", "com.example.app:/callback/"),
        ("com.example.app:/callback", "com.example.app://callback"),
        ("com.example.app:/callback", "COM.example.app:/callback"),
    ] {
        let uri = RedirectUri::register(registered).unwrap();
        assert!(!uri.matches(presented), "{registered} {presented}");
    }
}

#[test]
fn a_presented_uri_of_the_largest_size_matches() {
    let start = "http://127.0.0.1/";
    let path = "a".repeat(REDIRECT_URI_MAX_BYTES - start.len() - ":1".len());
    let uri = RedirectUri::register(&format!("{start}{path}")).unwrap();
    assert!(uri.matches(&format!("http://127.0.0.1:1/{path}")));
    assert!(!uri.matches(&format!("http://127.0.0.1:80/{path}")));
}

#[test]
fn parameters_are_appended_and_encoded() {
    for (registered, expected) in [
        (
            "https://a.example",
            "https://a.example?code=a%26b&state=%C3%A4",
        ),
        (
            "https://a.example/?",
            "https://a.example/?code=a%26b&state=%C3%A4",
        ),
        (
            "https://a.example/?x=1",
            "https://a.example/?x=1&code=a%26b&state=%C3%A4",
        ),
        (
            "https://a.example/a&b",
            "https://a.example/a&b?code=a%26b&state=%C3%A4",
        ),
        (
            "com.example.app:/cb",
            "com.example.app:/cb?code=a%26b&state=%C3%A4",
        ),
    ] {
        let uri = RedirectUri::register(registered).unwrap();
        let url = uri.with_parameters(&[("code", "a&b"), ("state", "\u{e4}")]);
        assert_eq!(url, expected);
    }
}

/// The URI without the port of a loopback host. The port is the only part in which a presented URI
/// may differ from the registered URI. This function does not use the code under test.
fn without_loopback_port(uri: &str) -> String {
    let hosts = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"];
    match hosts.iter().find(|host| uri.starts_with(**host)) {
        Some(host) => {
            let rest = uri[host.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{}{rest}", host.trim_end_matches(':'))
        }
        None => uri.to_owned(),
    }
}

fn registered() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(GOOD.iter().map(|(text, ..)| *text).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn one_changed_character_never_matches(
        uri in registered(),
        at in 0usize..64,
        with in "[ -~]|[%./:@#?\\\\0-9]|ä",
        cut in 0usize..3,
    ) {
        let at = at % (uri.len() + 1);
        let end = (at + cut).min(uri.len());
        let presented = format!("{}{with}{}", &uri[..at], &uri[end..]);
        let is_same = without_loopback_port(&presented) == without_loopback_port(uri);
        let uri = RedirectUri::register(uri).unwrap();
        if let Some(matched) = uri.matched(&presented) {
            prop_assert!(is_same);
            prop_assert_eq!(matched.as_str(), &presented);
            prop_assert_eq!(matched.kind(), uri.kind());
            prop_assert_eq!(matched.host(), uri.host());
        }
        prop_assert!(uri.matches(uri.as_str()));
    }

    #[test]
    fn no_text_panics_and_what_registers_matches_itself(text in "\\PC{0,40}") {
        for text in [text.clone(), format!("https://a.example/{text}"), format!("com.a:/{text}")] {
            if let Ok(uri) = RedirectUri::register(&text) {
                prop_assert!(uri.matches(&text));
                prop_assert!(text.is_ascii() && !text.contains(['#', ' ', '\\']));
                let url = uri.with_parameters(&[("state", "a b")]);
                prop_assert!(url.starts_with(&text) && url.ends_with("state=a+b"));
            }
        }
    }

    #[test]
    fn any_port_of_a_loopback_host(port in 1u16.., host in 0usize..3) {
        let host = LOOPBACK[host];
        let uri = RedirectUri::register(&format!("{host}/cb")).unwrap();
        let presented = format!("{host}:{port}/cb");
        prop_assert!(uri.matches(&presented));
    }
}
