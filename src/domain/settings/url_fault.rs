//! Why a text is not an origin or a base URL, in words that say what to change.

use super::{host_of, is_loopback_host};

/// What is wrong with a text that is not an origin, to be read after the bad value.
pub(super) fn origin_fault(text: &str) -> &'static str {
    let (scheme, rest) = match split(text) {
        Ok(parts) => parts,
        Err(fault) => return fault,
    };
    if rest.contains(['/', '\\']) {
        return "but an origin has no slash or path after the host";
    }
    if rest.bytes().any(|b| b.is_ascii_uppercase()) {
        return "but a browser writes the host in lower case";
    }
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    if rest.ends_with(default_port) {
        return "but a browser leaves out the default port";
    }
    NOT_A_HOST
}

/// What is wrong with a text that is not a base URL, to be read after the bad value.
pub(super) fn base_url_fault(text: &str) -> &'static str {
    match split(text) {
        Err(fault) => fault,
        Ok((_, rest)) if rest.ends_with('/') => "but must not end with a slash",
        Ok(_) => "but contains a character that must not be in this URL",
    }
}

const NOT_A_HOST: &str = "but its host or port is not one that a browser would write";

/// The scheme and what follows `://`.
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
        "http" if is_loopback_host(host_of(authority)) => Ok((scheme, rest)),
        "http" => Err("but must be https: plain http is accepted on a loopback address only"),
        _ => Err("but its scheme must be https"),
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
