//! Origins (RFC 6454) in the form in which browsers write them: the scheme, the host, and the port
//! unless it is the default port.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::source::shown;
use super::url_fault::allowed_origin_fault;
use super::{SettingError, Source, host_of, is_loopback_host};

/// Whether a text is an https origin, or an http origin on a loopback address, exactly in the form
/// in which a browser writes it in the header `Origin`. The service compares origins with that
/// header as strings, so it can't use any other form.
pub(in crate::domain) fn is_origin(text: &str) -> bool {
    let (authority, default_port) =
        match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (rest, "443"),
            (_, Some(rest)) if is_loopback_host(host_of(rest)) => (rest, "80"),
            _ => return false,
        };
    let host = host_of(authority);
    let port = authority.strip_prefix(host).unwrap_or_default();
    is_host(host) && (port.is_empty() || is_port(port, default_port))
}

/// Whether `text` is a colon and a port that is not the default port.
fn is_port(text: &str, default: &str) -> bool {
    text.strip_prefix(':').is_some_and(|port| {
        port != default && !port.starts_with('0') && port.parse::<u16>().is_ok()
    })
}

fn is_host(host: &str) -> bool {
    if let Some(ip) = host.strip_prefix('[') {
        return ip.strip_suffix(']').is_some_and(|ip| {
            ip.parse::<Ipv6Addr>()
                .is_ok_and(|parsed| parsed.to_string() == ip)
        });
    }
    let mut last = "";
    for label in host.split('.') {
        let is_label = !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if !is_label {
            return false;
        }
        last = label;
    }
    // If the last label of a host is a number, a browser takes the host for an IPv4 address. A
    // browser writes an IPv4 address in only one form.
    let is_number = last.starts_with("0x") || last.bytes().all(|b| b.is_ascii_digit());
    !is_number || host.parse::<Ipv4Addr>().is_ok()
}

/// Whether a text is the origin of an app shell: a web page inside a native app. All apps that are
/// made with the same tool have the same origin.
///
/// | origin | who sends it |
/// |---|---|
/// | `capacitor://localhost` | Capacitor on iOS |
/// | `ionic://localhost` | Cordova with Ionic's web view on iOS |
/// | `tauri://localhost` | Tauri on macOS, Linux and iOS |
/// | `wails://wails` | Wails on macOS and Linux |
/// | `app://localhost` | Cordova on iOS, and Electron with a protocol of its own |
/// | `app://.` | Electron, as common templates set it up |
#[must_use]
pub fn is_app_shell(text: &str) -> bool {
    let is_shells_host = |host: &str| host == "." || (is_host(host) && host != "null");
    APP_SHELLS
        .iter()
        .any(|scheme| host_after(text, scheme).is_some_and(is_shells_host))
}

/// The schemes of app shells.
pub(super) const APP_SHELLS: [&str; 5] = ["capacitor", "ionic", "tauri", "wails", "app"];

/// Whether a text is the origin of a browser extension. The host is an id that only this extension
/// has. In Firefox and Safari, each installation of the extension has an id of its own.
fn is_extension(text: &str) -> bool {
    let is_chromes_id = |id: &str| id.len() == 32 && id.bytes().all(|b| matches!(b, b'a'..=b'p'));
    let is_uuid = |id: &str| id.len() == 36 && uuid::Uuid::try_parse(id).is_ok();
    // Firefox writes the id in lower case. Safari writes it in lower or upper case.
    let is_firefoxs_id = |id: &str| is_uuid(id) && !id.bytes().any(|b| b.is_ascii_uppercase());
    host_after(text, "chrome-extension").is_some_and(is_chromes_id)
        || host_after(text, "moz-extension").is_some_and(is_firefoxs_id)
        || host_after(text, "safari-web-extension").is_some_and(is_uuid)
}

/// Whether a text is an http origin with a subdomain of `localhost`, such as
/// `http://tauri.localhost`, which Tauri and Wails use on Windows and Android. Such names are
/// loopback addresses (RFC 6761 section 6.3).
fn is_below_localhost(text: &str) -> bool {
    host_after(text, "http").is_some_and(|authority| {
        let host = host_of(authority);
        let port = authority.strip_prefix(host).unwrap_or_default();
        host.ends_with(".localhost") && is_host(host) && (port.is_empty() || is_port(port, "80"))
    })
}

/// The text after `scheme://`. `None` if `text` has another scheme.
fn host_after<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    text.strip_prefix(scheme)?.strip_prefix("://")
}

impl Source<'_> {
    /// `ALLOWED_ORIGINS`: any number of origins, separated by commas or white space.
    pub(super) fn allowed_origins(&self) -> Result<Vec<String>, SettingError> {
        let text = self.text("ALLOWED_ORIGINS")?.unwrap_or_default();
        let mut origins = Vec::new();
        for origin in text.split(|c: char| c == ',' || c.is_ascii_whitespace()) {
            let is_allowed = is_origin(origin)
                || is_below_localhost(origin)
                || is_app_shell(origin)
                || is_extension(origin);
            if is_allowed {
                origins.push(origin.to_owned());
            } else if !origin.is_empty() {
                return Err(SettingError {
                    setting: "ALLOWED_ORIGINS",
                    problem: format!(
                        "contains {}, {}",
                        shown(origin),
                        allowed_origin_fault(origin)
                    ),
                    remedy: "Write each origin as a browser sends it, \
                             such as \"https://app.example.com\": https (http only on a loopback \
                             address), lower case, no path, no slash at the end, no \":443\", no \
                             wildcard. Apps and extensions have origins such as \
                             \"capacitor://localhost\" and \"chrome-extension://<id>\". Separate \
                             origins with commas.",
                });
            }
        }
        Ok(origins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_as_browsers_write_them() {
        for text in [
            "https://app.example.com",
            "https://example",
            "https://app.example.com:8443",
            "https://xn--bcher-kva.example",
            "https://my_app.example",
            "https://192.0.2.1",
            "https://[2001:db8::1]:8443",
            "http://localhost",
            "http://localhost:5173",
            "http://127.0.0.1:8787",
            "http://127.1.2.3",
            "http://[::1]:3000",
            "https://localhost:3000",
        ] {
            assert!(is_origin(text), "{text}");
        }
    }

    fn listed(text: &str) -> bool {
        let lookup = |name: &str| (name == "ALLOWED_ORIGINS").then(|| text.to_owned());
        let origins = Source::new(&lookup).allowed_origins();
        origins.is_ok_and(|origins| origins == [text])
    }

    #[test]
    fn app_shells_and_extensions_can_be_listed() {
        for (text, shell) in [
            ("capacitor://localhost", true),
            ("capacitor://app.example.com", true),
            ("ionic://localhost", true),
            ("tauri://localhost", true),
            ("wails://wails", true),
            ("app://localhost", true),
            ("app://-", true),
            ("app://.", true),
            ("http://tauri.localhost", false),
            ("https://tauri.localhost", false),
            ("http://wails.localhost:34115", false),
            ("https://localhost", false),
            ("http://localhost", false),
            ("chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb", false),
            (
                "moz-extension://2b1a9d3f-6f0a-4a39-9d4f-0a2d4a3a3e11",
                false,
            ),
            (
                "safari-web-extension://7F9D4F3E-41A6-4B9A-8B1E-2D9C7E0F5A10",
                false,
            ),
        ] {
            assert!(listed(text), "{text}");
            assert_eq!(is_app_shell(text), shell, "{text}");
            let is_web = text.starts_with("https:") || text == "http://localhost";
            assert_eq!(is_origin(text), is_web, "no issuer: {text}");
        }
    }

    /// A list in several lines can have the line breaks of Windows, or be indented with tabs.
    #[test]
    fn any_white_space_separates() {
        let text = "https://a.example\r\n\thttps://b.example,\tcapacitor://localhost \n";
        let lookup = |name: &str| (name == "ALLOWED_ORIGINS").then(|| text.to_owned());
        let origins = Source::new(&lookup).allowed_origins().unwrap();
        let expected = [
            "https://a.example",
            "https://b.example",
            "capacitor://localhost",
        ];
        assert_eq!(origins, expected);
    }

    #[test]
    fn no_wildcard_null_file_or_unknown_scheme_can_be_listed() {
        for text in [
            "*",
            "null",
            "file://",
            "file:///",
            "file://localhost",
            "data:text/html,x",
            "blob:https://app.example.com",
            "about:blank",
            "javascript://localhost",
            "ws://localhost",
            "ftp://localhost",
            "htps://app.example.com",
            "myapp://localhost",
            "capacitor://",
            "capacitor://*",
            "capacitor://null",
            "capacitor://localhost/",
            "capacitor://localhost/index.html",
            "capacitor://LOCALHOST",
            "Capacitor://localhost",
            "capacitor:localhost",
            "capacitor:/localhost",
            "capacitor:///localhost",
            "capacitor://user@localhost",
            "capacitor://localhost:8080",
            "tauri://*.localhost",
            "http://localhost.evil.example",
            "http://tauri.localhost.evil.example",
            "http://tauri.localhost.",
            "http://.localhost",
            "http://*.localhost",
            "http://tauri.localhost:80",
            "http://tauri.localhost/",
            "http://eviltauri-localhost",
            "chrome-extension://",
            "chrome-extension://*",
            "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcle",
            "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllclebb",
            "chrome-extension://zzpbdbdomjkkjkaonfhkkikfgjllcleb",
            "chrome-extension://AAPBDBDOMJKKJKAONFHKKIKFGJLLCLEB",
            "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb/",
            "moz-extension://*",
            "moz-extension://x",
            "moz-extension://2B1A9D3F-6F0A-4A39-9D4F-0A2D4A3A3E11",
            "moz-extension://2b1a9d3f6f0a4a399d4f0a2d4a3a3e11",
            "moz-extension://{2b1a9d3f-6f0a-4a39-9d4f-0a2d4a3a3e11}",
            "safari-web-extension://7F9D4F3E-41A6-4B9A-8B1E-2D9C7E0F5A1",
            "safari-extension://com.example.app-ABCDE12345",
        ] {
            assert!(!listed(text), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_an_origin() {
        for text in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://",
            "https://*",
            "https://*.example.com",
            "https://App.example.com",
            "HTTPS://app.example.com",
            "https://app.example.com/",
            "https://app.example.com/app",
            "https://app.example.com?a",
            "https://app.example.com#a",
            "https://user@app.example.com",
            "https://app.example.com:443",
            "https://app.example.com:",
            "https://app.example.com:0",
            "https://app.example.com:08443",
            "https://app.example.com:65536",
            "https://app.example.com:+1",
            "https://app.example.com:1:2",
            "https://app..example.com",
            "https://app.example.com.",
            "https://bücher.example",
            "https://127.1",
            "https://0x7f000001",
            "https://2130706433",
            "https://192.0.02.1",
            "https://[::1",
            "https://::1",
            "https://[2001:0db8::1]",
            "https://[2001:DB8::1]",
            "https://[::1]8443",
            "http://app.example.com",
            "http://127.0.0.1:80",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://localhost:8787.evil.example",
            "ws://localhost",
            "https://a b",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
