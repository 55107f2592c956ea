//! Helpers shared by the tests of the mail vendors: a sample mail, checks of the request that is
//! made, and a check of how answers are classified.

use serde_json::Value;

use super::answer::{Kind, ProviderAnswer};
use super::request::{HttpRequest, ProviderAccount};
use super::{HttpMailer, Vendor};
use crate::domain::account::EmailAddress;
use crate::domain::mail::{MailFailure, Message, Sender};
use crate::domain::request_id::RequestId;
use crate::domain::secret::Secret;

pub(super) const IDEMPOTENCY_KEY: &str =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(super) const REQUEST: &str = "6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34";
pub(super) const TEXT: &str = "Hi,\nhttps://app.example/reset#egl_abc\n– \"Ünï\" \\ </p>\r\n--x--";
pub(super) const HTML: &str =
    "<p class=\"a\">Hi &amp; bye</p>\n<a href='https://app.example/reset#egl_abc'>x</a>";

/// How an answer is expected to be classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Sent,
    Temporary,
    Account,
    Rejected,
    Undeliverable,
}

pub(super) fn sender() -> Sender {
    Sender {
        name: Some("Example Login".to_owned()),
        address: EmailAddress::parse("login@example.com").unwrap(),
    }
}

pub(super) fn message() -> Message {
    Message {
        to: EmailAddress::parse("Ada@Bücher.example").unwrap(),
        subject: "Your \"link\"".to_owned(),
        text: TEXT.to_owned(),
        html: HTML.to_owned(),
        idempotency_key: IDEMPOTENCY_KEY.to_owned(),
        request: RequestId::parse(REQUEST),
    }
}

/// Makes the vendor's request for [`message`], with the key `the-key` and the base URL `base`.
/// Makes the request twice, and panics if the two requests differ.
pub(super) fn request(vendor: Vendor, base: &str) -> HttpRequest {
    let sender = sender();
    let account = ProviderAccount {
        base,
        key: "the-key",
        sender: &sender,
    };
    let request = (vendor.request)(&account, &message());
    assert!(request == (vendor.request)(&account, &message()));
    request
}

/// Like [`request`], and also returns the body parsed as JSON.
pub(super) fn json_request(vendor: Vendor, base: &str) -> (HttpRequest, Value) {
    let request = request(vendor, base);
    let body = serde_json::from_str(&request.body).unwrap();
    (request, body)
}

/// The headers of [`message`], in a JSON object.
pub(super) fn mail_headers() -> Value {
    serde_json::json!({
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Request-Id": REQUEST,
    })
}

/// Requires that the request has each header in `expected` once, and no other headers except those
/// that every request has.
pub(super) fn headers(request: &HttpRequest, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        let found: Vec<&str> = request
            .headers
            .iter()
            .filter(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(found, [*value], "{name}");
    }
    for (name, value) in &request.headers {
        assert!(
            expected.iter().any(|(other, _)| other == name)
                || ["Accept", "User-Agent"].contains(name),
            "{name}: {value}"
        );
        assert!(
            value.bytes().all(|byte| (0x20..0x7f).contains(&byte)),
            "{name}: {value}"
        );
    }
}

/// Requires that `vendor` classifies each answer (status and body) in the table as the table says.
pub(super) fn answers(vendor: Vendor, table: &[((u16, String), Expected)]) {
    for ((status, body), told) in table {
        let answer = ProviderAnswer {
            status: *status,
            retry_after: Some(7),
            body: body.clone(),
            message_id: None,
        };
        let judged = match (vendor.judge)(&answer) {
            Ok(_) => Expected::Sent,
            Err(refusal) => {
                assert_eq!(refusal.retry_after, Some(7));
                match refusal.kind {
                    Kind::Temporary => Expected::Temporary,
                    Kind::Account => Expected::Account,
                    Kind::Rejected => Expected::Rejected,
                    Kind::Undeliverable => Expected::Undeliverable,
                }
            }
        };
        assert_eq!(judged, *told, "{status} {body}");
    }
    // Answers that no vendor documents, such as those of a proxy.
    for status in [204, 301, 302, 307, 408, 425, 429, 500, 502, 503, 504] {
        let answer = ProviderAnswer {
            status,
            retry_after: None,
            body: "<html><body>Bad Gateway</body></html>".to_owned(),
            message_id: None,
        };
        let kind = (vendor.judge)(&answer).unwrap_err().kind;
        assert_eq!(kind, Kind::Temporary, "{status}");
    }
}

/// The id that is logged for an accepted mail, if the provider's answer has this status, body and
/// header `X-Message-Id`.
pub(super) fn id_of(
    vendor: Vendor,
    status: u16,
    body: &str,
    header: Option<&str>,
) -> Option<String> {
    let answer = ProviderAnswer {
        status,
        retry_after: None,
        body: body.to_owned(),
        message_id: header.map(str::to_owned),
    };
    mailer(vendor).judge(&answer, &message()).unwrap().id
}

fn mailer(vendor: Vendor) -> HttpMailer {
    HttpMailer {
        vendor,
        base: String::new(),
        key: Secret::new("the-key".to_owned()),
        sender: sender(),
    }
}

/// The reason that is logged for a refused mail, if the provider's answer has this status and body.
pub(super) fn reason(vendor: Vendor, status: u16, body: &str) -> String {
    let answer = ProviderAnswer {
        status,
        retry_after: None,
        body: body.to_owned(),
        message_id: None,
    };
    match mailer(vendor).judge(&answer, &message()).unwrap_err() {
        MailFailure::Temporary { reason, .. }
        | MailFailure::Account { reason, .. }
        | MailFailure::Rejected { reason }
        | MailFailure::Undeliverable { reason } => reason,
    }
}
