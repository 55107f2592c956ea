//! Reads the `Cookie` header. The service must take the refresh token only from the cookie with
//! exactly the right name, and only if this name occurs once.

use edgegate::domain::error::Code;
use edgegate::domain::policy::MAX_COOKIE_BYTES;
use edgegate::domain::settings::Settings;
use edgegate::edge::cookies::{Given, require_cookie_allowed};
use edgegate::edge::request::Request;

use super::world::settings;

pub fn run(input: &[u8]) {
    let Some(header) = super::text(input) else {
        return;
    };
    thread_local! {
        static SETTINGS: [(Settings, &'static str); 2] = [
            (settings("https://auth.example.com"), "__Host-edgegate"),
            (settings("http://127.0.0.1:8787"), "edgegate-8787"),
        ];
    }
    SETTINGS.with(|both| {
        for (settings, name) in both {
            one(header, settings, name);
        }
    });
}

fn one(header: &str, settings: &Settings, name: &str) {
    let request = |content_type: &'static str, from_allowed_origin| Request {
        cookie: Some(header),
        content_type: Some(content_type),
        from_allowed_origin,
        ..Request::default()
    };
    let asked = request("application/json", true);
    let read = Given::read(None, "token", settings, &asked);
    // With a semicolon at the beginning, there is a semicolon before each pair of a name and a
    // value.
    let list = format!(";{header}");
    let times = [format!(";{name}="), format!("; {name}=")]
        .iter()
        .map(|start| list.matches(start.as_str()).count())
        .sum::<usize>();
    match &read {
        Err(problem) => {
            assert_eq!(problem.code, Code::InvalidRequest);
            assert!(times > 1 || header.len() > MAX_COOKIE_BYTES);
        }
        Ok(given) => {
            assert!(header.len() <= MAX_COOKIE_BYTES);
            assert_eq!(given.token().is_some(), times == 1);
            if let Some(token) = given.token() {
                assert!(!token.contains(';'));
                assert!(list.contains(&format!("{name}={token}")));
            }
        }
    }
    assert_eq!(
        require_cookie_allowed(true, settings, &asked).is_ok(),
        read.is_ok()
    );
    // If the request has the cookie, the service rejects any token in the body.
    let both = Given::read(Some("x".to_owned()), "token", settings, &asked);
    assert_eq!(both.is_ok(), times == 0 && read.is_ok());
    // Forms and pages of other origins can't use the cookie.
    for other in [
        request("application/x-www-form-urlencoded", true),
        request("application/json", false),
    ] {
        assert!(Given::read(None, "token", settings, &other).is_err());
    }
}
