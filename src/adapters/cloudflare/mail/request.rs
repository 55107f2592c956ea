//! The HTTP request to a provider, and the texts in it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::domain::account::EmailAddress;
use crate::domain::mail::{Message, Sender};

/// The operator's account with a provider.
#[derive(Clone, Copy)]
pub(super) struct ProviderAccount<'a> {
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
    /// A request with the headers that every request has: `Accept` with JSON, and `User-Agent`,
    /// because Resend rejects requests without a user agent.
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
        account: &ProviderAccount<'_>,
        path: &str,
        credential: (&'static str, String),
        body: &impl Serialize,
    ) -> Self {
        let url = [account.base, path].concat();
        // The bodies are structs of strings and booleans, which can always be written as JSON.
        let body = serde_json::to_string(body).unwrap_or_default();
        Self::new(url, credential, "application/json".to_owned(), body)
    }
}

/// The headers that every mail has besides those that the provider writes.
///
/// The headers say that a program wrote the mail, so that no other program answers it (RFC 3834
/// section 5). If a mail with a reset link were answered by an out-of-office reply, the reply would
/// only tell strangers that the recipient is away. Exchange ignores `Auto-Submitted` and has a
/// header of its own.
///
/// An operator who sees a mail, or its entry in the provider's dashboard, finds the mail's lines in
/// the log by its `X-Request-Id`.
pub(super) fn mail_headers(message: &Message) -> BTreeMap<&'static str, String> {
    let mut headers = BTreeMap::from([
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
    ]);
    if let Some(request) = message.request {
        headers.insert("X-Request-Id", request.to_string());
    }
    headers
}

/// The `Authorization` header with the key as a bearer token (RFC 6750).
pub(super) fn bearer(account: &ProviderAccount<'_>) -> (&'static str, String) {
    ("Authorization", ["Bearer ", account.key].concat())
}

/// Replaces the control characters of a text for a field that becomes a header of the mail. With a
/// line break the text could begin a new header.
pub(super) fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// The address in the form that all mail systems accept. The local part stays as given. The domain
/// is written as A-labels (RFC 5890), which name the same host.
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

/// An address in the form that most vendors expect. If it is a sender's address, it contains the
/// sender's display name, if there is one.
#[derive(Serialize)]
pub(super) struct NamedAddress {
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl NamedAddress {
    pub(super) fn sender(sender: &Sender) -> Self {
        Self {
            email: wire(&sender.address),
            name: sender_name(sender),
        }
    }

    pub(super) fn recipient(address: &EmailAddress) -> Self {
        Self {
            email: wire(address),
            name: None,
        }
    }
}

/// The sender's display name on one line.
pub(super) fn sender_name(sender: &Sender) -> Option<String> {
    sender.name.as_deref().map(one_line)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_name_cannot_add_a_member_to_the_json() {
        let sender = sender(Some("a\",\"b\":\"\r\n01\u{2028}"));
        assert_eq!(
            serde_json::to_string(&NamedAddress::sender(&sender)).unwrap(),
            "{\"email\":\"Login@xn--bcher-kva.example\",\
             \"name\":\"a\\\",\\\"b\\\":\\\"  01\u{2028}\"}"
        );
        let unnamed = NamedAddress::recipient(&sender.address);
        assert_eq!(
            serde_json::to_string(&unnamed).unwrap(),
            "{\"email\":\"Login@xn--bcher-kva.example\"}"
        );
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
