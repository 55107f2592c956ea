//! Origins (RFC 6454) as browsers write them: scheme, host, and the port unless it is the default.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::source::shown;
use super::url_fault::origin_fault;
use super::{SettingError, Source, host_of, is_loopback_host};

/// Whether a text is an https origin, or an http one on a loopback address, exactly as a browser
/// writes it in `Origin`. Only then can the two be compared as strings.
pub(super) fn is_origin(text: &str) -> bool {
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

/// `text` begins with the colon.
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
    // A browser reads a host whose last label is a number as an IPv4 address, and writes it in one
    // form only.
    let is_number = last.starts_with("0x") || last.bytes().all(|b| b.is_ascii_digit());
    !is_number || host.parse::<Ipv4Addr>().is_ok()
}

impl Source<'_> {
    /// `ALLOWED_ORIGINS`: any number of origins, separated by commas or spaces.
    pub(super) fn allowed_origins(&self) -> Result<Vec<String>, SettingError> {
        let text = self.text("ALLOWED_ORIGINS")?.unwrap_or_default();
        let mut origins = Vec::new();
        for origin in text.split([',', ' ', '\n']) {
            if is_origin(origin) {
                origins.push(origin.to_owned());
            } else if !origin.is_empty() {
                return Err(SettingError {
                    setting: "ALLOWED_ORIGINS",
                    problem: format!("contains {}, {}", shown(origin), origin_fault(origin)),
                    remedy: "Write each origin as a browser sends it, \
                             such as \"https://app.example.com\": https (http only on a loopback \
                             address), lower case, no path, no slash at the end, no \":443\", no \
                             wildcard. Separate them with commas.",
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
