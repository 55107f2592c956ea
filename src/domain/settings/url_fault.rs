//! Explains why a text is not an origin or a base URL, in words that say what to change.

use super::origin::APP_SHELLS;
use super::{host_of, is_loopback_host};

/// What is wrong with a text that is not an origin. The result is the end of a sentence that begins
/// with the bad value.
pub(super) fn origin_fault(text: &str) -> &'static str {
    let (scheme, rest) = match split(text) {
        Ok(parts) => parts,
        Err(fault) => return fault,
    };
    if rest.contains(['/', '\\']) {
        return NO_PATH;
    }
    if rest.bytes().any(|b| b.is_ascii_uppercase()) {
        return LOWER_CASE;
    }
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    if rest.ends_with(default_port) {
        return "but a browser leaves out the default port";
    }
    NOT_A_HOST
}

/// What is wrong with a text that `ALLOWED_ORIGINS` does not accept. The text can also be a bad
/// origin of an app shell or an extension. The result is the end of a sentence that begins with the
/// bad value.
pub(super) fn allowed_origin_fault(text: &str) -> &'static str {
    let scheme = text.split("://").next().unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    let id_fault = match scheme.as_str() {
        "null" => return "but null is the origin of every file and sandboxed frame",
        "file" => return "but a page from a file sends null, and null is never allowed",
        "chrome-extension" => "but the id of such an extension has 32 letters from a to p",
        "moz-extension" => "but the id of such an extension is a UUID in lower case",
        "safari-web-extension" => "but the id of such an extension is a UUID",
        shell if APP_SHELLS.contains(&shell) => NOT_A_HOST,
        "https" | "http" => return origin_fault(text),
        _ => {
            return match split(text) {
                Err(fault) if fault == NOT_HTTPS => {
                    "but its scheme is neither https nor that of an app or extension"
                }
                Err(fault) => fault,
                Ok(_) => NOT_A_HOST,
            };
        }
    };
    match split(text) {
        Err(fault) if fault != NOT_HTTPS => fault,
        _ if !text.starts_with(&scheme) => "but a browser writes the scheme in lower case",
        _ if text.matches('/').count() > 2 => NO_PATH,
        _ if id_fault == NOT_A_HOST && text.bytes().any(|b| b.is_ascii_uppercase()) => LOWER_CASE,
        _ => id_fault,
    }
}

/// What is wrong with a text that is not a base URL. The result is the end of a sentence that
/// begins with the bad value.
pub(super) fn base_url_fault(text: &str) -> &'static str {
    match split(text) {
        Err(fault) => fault,
        Ok((_, rest)) if rest.ends_with('/') => "but must not end with a slash",
        Ok(_) => "but contains a character that must not be in this URL",
    }
}

const NO_PATH: &str = "but an origin has no slash or path after the host";
const LOWER_CASE: &str = "but a browser writes the host in lower case";
const NOT_HTTPS: &str = "but its scheme must be https";
const NOT_A_HOST: &str = "but its host or port is not one that a browser would write";

/// Splits a URL into its scheme and the text after `://`. The error says what is wrong with the
/// URL.
fn split(text: &str) -> Result<(&str, &str), &'static str> {
    if text.contains(char::is_whitespace) {
        return Err("but must be one URL without spaces");
    }
    if text.contains('*') {
        return Err("but must not contain a wildcard");
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("but must begin with \"https://\"");
    };
    if rest.contains('@') {
        return Err("but must not contain a user or a password");
    }
    if rest.contains(['?', '#']) {
        return Err("but must not have a query or a fragment");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    match scheme {
        _ if authority.is_empty() => Err("but has no host"),
        "https" => Ok((scheme, rest)),
        "http" if is_loopback_host(&host_of(authority).to_ascii_lowercase()) => Ok((scheme, rest)),
        "http" => Err("but must be https: plain http is accepted on a loopback address only"),
        _ => Err(NOT_HTTPS),
    }
}

#[cfg(test)]
mod tests {
    use super::super::mail::is_base_url;
    use super::super::origin::is_origin;
    use super::*;

    #[test]
    fn the_fault_of_an_origin_is_named() {
        for (text, words) in [
            ("auth.example.com", "begin with \"https://\""),
            ("https://auth.example.com/", "no slash"),
            ("https://auth.example.com/login", "no slash or path"),
            ("https://Auth.example.com", "lower case"),
            ("https://auth.example.com:443", "default port"),
            ("http://127.0.0.1:80", "default port"),
            ("http://auth.example.com", "must be https"),
            ("http://LOCALHOST:8787", "lower case"),
            ("ftp://auth.example.com", "scheme"),
            ("https://*.example.com", "wildcard"),
            ("https://user@auth.example.com", "user"),
            ("https://auth.example.com?a", "query"),
            ("https://auth.example.com#a", "fragment"),
            ("https://a b", "spaces"),
            ("https://", "no host"),
            ("https://auth.example.com:x", "host or port"),
            ("https://127.1", "host or port"),
        ] {
            assert!(!is_origin(text), "{text}");
            let fault = origin_fault(text);
            assert!(fault.contains(words), "{text}: {fault}");
        }
    }

    #[test]
    fn the_fault_of_an_app_or_extension_is_named() {
        for (text, words) in [
            ("null", "every file and sandboxed frame"),
            ("file:///index.html", "sends null"),
            ("capacitor://localhost/", "no slash"),
            ("capacitor://LOCALHOST", "host in lower case"),
            ("Capacitor://localhost", "scheme in lower case"),
            ("ionic://localhost:8100", "host or port"),
            ("tauri://*.localhost", "wildcard"),
            ("app://", "no host"),
            (
                "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcle",
                "32 letters",
            ),
            (
                "chrome-extension://AAPBDBDOMJKKJKAONFHKKIKFGJLLCLEB",
                "32 letters",
            ),
            (
                "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb/",
                "no slash",
            ),
            (
                "moz-extension://2B1A9D3F-6F0A-4A39-9D4F-0A2D4A3A3E11",
                "lower case",
            ),
            ("safari-web-extension://x", "UUID"),
            ("myapp://localhost", "neither https nor"),
            ("http://app.example.com", "must be https"),
            ("https://app.example.com/", "no slash"),
            ("app.example.com", "begin with"),
        ] {
            let fault = allowed_origin_fault(text);
            assert!(fault.contains(words), "{text}: {fault}");
        }
    }

    #[test]
    fn the_fault_of_a_base_url_is_named() {
        for (text, words) in [
            ("app.example.com", "begin with \"https://\""),
            ("https://app.example.com/", "end with a slash"),
            ("http://app.example.com", "must be https"),
            ("https://app.example.com?a", "query"),
            ("https://app.example.com/#a", "fragment"),
            ("https://app.example.com/ä", "character"),
            ("javascript:alert(1)", "begin with \"https://\""),
            ("https://user:word@app.example.com", "user"),
        ] {
            assert!(!is_base_url(text), "{text}");
            let fault = base_url_fault(text);
            assert!(fault.contains(words), "{text}: {fault}");
        }
    }
}
