//! The HTTP request to a provider, and the texts in it.

use std::fmt;

use crate::domain::account::EmailAddress;
use crate::domain::mail::Sender;
use edgegate_token::json::quoted;

/// The operator's account with a provider.
#[derive(Clone, Copy)]
pub(super) struct Account<'a> {
    /// The API's base URL, without a slash at the end.
    pub(super) base: &'a str,
    pub(super) key: &'a str,
    /// The sender of all mails.
    pub(super) sender: &'a Sender,
}

/// A POST request. `Debug` prints only the URL: the headers contain the key, the body a link.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct HttpRequest {
    pub(super) url: String,
    /// The name and value of each header.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl HttpRequest {
    /// A request with the headers that all have: JSON is accepted, and a user agent is named,
    /// because Resend rejects requests without one.
    pub(super) fn new(
        url: String,
        credential: (&'static str, String),
        content_type: String,
        body: String,
    ) -> Self {
        let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        Self {
            url,
            headers: vec![
                credential,
                ("Content-Type", content_type),
                ("Accept", "application/json".to_owned()),
                ("User-Agent", agent.to_owned()),
            ],
            body,
        }
    }

    pub(super) fn json(
        account: &Account<'_>,
        path: &str,
        credential: (&'static str, String),
        body: String,
    ) -> Self {
        let url = [account.base, path].concat();
        Self::new(url, credential, "application/json".to_owned(), body)
    }
}

/// The `Authorization` header with the key as a bearer token (RFC 6750).
pub(super) fn bearer(account: &Account<'_>) -> (&'static str, String) {
    ("Authorization", ["Bearer ", account.key].concat())
}

/// A JSON object of these members, whose values are JSON already.
pub(super) fn object(members: &[(&str, &str)]) -> String {
    let mut text = String::from("{");
    for (name, value) in members {
        if text.len() > 1 {
            text.push(',');
        }
        text.push('"');
        text.push_str(name);
        text.push_str("\":");
        text.push_str(value);
    }
    text.push('}');
    text
}

/// A JSON array of one value, which is JSON already.
pub(super) fn array(value: &str) -> String {
    ["[", value, "]"].concat()
}

/// A text without control characters, for a field that becomes a header of the mail. Otherwise it
/// could begin a new header.
pub(super) fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// The address in the form that mail systems accept: the local part as given, the domain as
/// A-labels (RFC 5890), which name the same host and are accepted everywhere.
pub(super) fn wire(address: &EmailAddress) -> String {
    let local = address.as_given().split('@').next().unwrap_or_default();
    [local, "@", domain(address)].concat()
}

/// The domain of an address, as A-labels.
pub(super) fn domain(address: &EmailAddress) -> &str {
    address
        .canonical()
        .split_once('@')
        .map_or("", |(_, domain)| domain)
}

/// The sender as one text: `"Name" <address>`, with the name as a quoted string (RFC 5322 section
/// 3.2.4), or only the address.
pub(super) fn mailbox(sender: &Sender) -> String {
    let address = wire(&sender.address);
    let Some(name) = &sender.name else {
        return address;
    };
    let mut text = String::from("\"");
    for c in one_line(name).chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    [&text, "\" <", &address, ">"].concat()
}

/// The sender as a JSON object: its address under `address_member`, its name, when there is one,
/// under `name`.
pub(super) fn sender_object(sender: &Sender, address_member: &str) -> String {
    let address = quoted(&wire(&sender.address));
    match &sender.name {
        None => object(&[(address_member, &address)]),
        Some(name) => {
            let name = quoted(&one_line(name));
            object(&[(address_member, &address), ("name", &name)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn sender(name: Option<&str>) -> Sender {
        Sender {
            name: name.map(str::to_owned),
            address: EmailAddress::parse("Login@Bücher.example").unwrap(),
        }
    }

    #[test]
    fn a_name_cannot_become_an_address_or_a_header() {
        for (name, expected) in [
            (None, "Login@xn--bcher-kva.example"),
            (Some("Example"), "\"Example\" <Login@xn--bcher-kva.example>"),
            (
                Some("Bücher, Inc."),
                "\"Bücher, Inc.\" <Login@xn--bcher-kva.example>",
            ),
            (
                Some("a\" <x@y.example>, \"b\\"),
                "\"a\\\" <x@y.example>, \\\"b\\\\\" <Login@xn--bcher-kva.example>",
            ),
            (
                Some("a\r\nBcc: x@y.example"),
                "\"a  Bcc: x@y.example\" <Login@xn--bcher-kva.example>",
            ),
        ] {
            assert_eq!(mailbox(&sender(name)), expected);
        }
    }

    #[test]
    fn json_is_escaped() {
        assert_eq!(
            object(&[("a", &quoted("\"\\\n\u{2028}é")), ("b", &array("true"))]),
            "{\"a\":\"\\\"\\\\\\n\u{2028}é\",\"b\":[true]}"
        );
        assert_eq!(object(&[]), "{}");
        let object = sender_object(&sender(Some("a\",\"b\":\"\r\n01")), "email");
        let value: Value = serde_json::from_str(&object).unwrap();
        assert_eq!(value["email"], "Login@xn--bcher-kva.example");
        assert_eq!(value["name"], "a\",\"b\":\"  01");
        assert_eq!(value.as_object().unwrap().len(), 2);
    }

    #[test]
    fn debug_prints_no_secret() {
        let request = HttpRequest::new(
            "https://api.example/".to_owned(),
            ("Authorization", "Bearer key".to_owned()),
            "application/json".to_owned(),
            "link".to_owned(),
        );
        assert_eq!(
            format!("{request:?}"),
            "HttpRequest { url: \"https://api.example/\", .. }"
        );
    }
}
