//! Mailgun: `POST /v3/<domain>/messages`, a multipart form (RFC 7578).
//!
//! `<domain>` is the sender's domain. The API has no idempotency key, so a mail whose answer was
//! lost might arrive twice.

use base64ct::{Base64, Encoding};

use super::Vendor;
use super::answer::{Judged, Kind, ProviderAnswer, Refusal, text};
use super::request::{HttpRequest, ProviderAccount, domain, mail_headers, mailbox, one_line, wire};
use crate::domain::mail::Message;

pub(super) const VENDOR: Vendor = Vendor { request, judge };

fn request(account: &ProviderAccount<'_>, message: &Message) -> HttpRequest {
    let [from, to, subject] = [
        mailbox(account.sender),
        wire(&message.to),
        one_line(&message.subject),
    ];
    let headers: Vec<(String, String)> = mail_headers(message)
        .into_iter()
        .map(|(name, value)| (["h:", name].concat(), value))
        .collect();
    let mut fields = vec![
        ("from", from.as_str()),
        ("to", &to),
        ("subject", &subject),
        ("text", &message.text),
        ("html", &message.html),
        ("o:tracking", "no"),
        ("o:tracking-clicks", "no"),
        ("o:tracking-opens", "no"),
    ];
    fields.extend(
        headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let (content_type, body) = form(&message.idempotency_key, &fields);
    let domain = domain(&account.sender.address);
    let url = [account.base, "/v3/", domain, "/messages"].concat();
    let credential = (
        "Authorization",
        ["Basic ", &basic_credentials(account.key)].concat(),
    );
    HttpRequest::new(url, credential, content_type, body)
}

/// The API key in the form in which the header contains it: HTTP Basic with the user `api` (RFC
/// 7617).
pub(super) fn basic_credentials(key: &str) -> String {
    Base64::encode_string(["api:", key].concat().as_bytes())
}

/// The media type and the body of a form with these fields. The names are constants of this
/// program, so they are not escaped.
fn form(seed: &str, fields: &[(&str, &str)]) -> (String, String) {
    let boundary = boundary(seed, fields);
    let mut body = String::new();
    for (name, value) in fields {
        for part in [
            "--",
            &boundary,
            "\r\nContent-Disposition: form-data; name=\"",
            name,
            "\"\r\n\r\n",
            value,
            "\r\n",
        ] {
            body.push_str(part);
        }
    }
    for part in ["--", &boundary, "--\r\n"] {
        body.push_str(part);
    }
    let content_type = ["multipart/form-data; boundary=", &boundary].concat();
    (content_type, body)
}

/// The boundary between the parts of the form: a text that occurs in no value, at most 70
/// characters long (RFC 2046 section 5.1.1). The same mail always gets the same boundary.
fn boundary(seed: &str, fields: &[(&str, &str)]) -> String {
    let seed: String = seed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(32)
        .collect();
    let mut number: u32 = 0;
    loop {
        let boundary = ["edgegate-", &seed, "-", &number.to_string(), "-"].concat();
        // The values are finite, so they can't contain all boundaries that this loop tries. The
        // loop always finds one that no value contains.
        if !fields.iter().any(|(_, value)| value.contains(&boundary)) {
            return boundary;
        }
        number = number.wrapping_add(1);
    }
}

fn judge(answer: &ProviderAnswer) -> Judged {
    let body = answer.json().unwrap_or_default();
    if answer.status == 200 {
        return match text(&body, "id") {
            Some(id) => Ok(Some(id.to_owned())),
            None => answer.not_understood(),
        };
    }
    let message = text(&body, "message")
        .or(body.as_str())
        .unwrap_or(&answer.body);
    let kind = match answer.kind() {
        Kind::Rejected if is_about("to", message) => Kind::Undeliverable,
        Kind::Rejected if is_about("from", message) => Kind::Account,
        kind => kind,
    };
    answer.refused(kind, message).map_err(|refusal| Refusal {
        retry_after: refusal.retry_after.or_else(|| seconds_in(message)),
        ..refusal
    })
}

/// Whether Mailgun's message says that this parameter is invalid, such as "to parameter is not a
/// valid address". In some messages the parameter's name is in quotes.
fn is_about(parameter: &str, message: &str) -> bool {
    message
        .trim_start_matches('\'')
        .strip_prefix(parameter)
        .is_some_and(|rest| {
            rest.trim_start_matches('\'')
                .starts_with(" parameter is not a valid address")
        })
}

/// Reads the number in a text such as "try again after 120 seconds". When Mailgun limits the rate,
/// only this text says how long to wait.
fn seconds_in(message: &str) -> Option<u64> {
    let (_, after) = message.split_once("try again after ")?;
    after.split_once(" second")?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::check::{self, Expected};
    use super::*;

    #[test]
    fn the_request() {
        let request = check::request(VENDOR, "https://api.eu.mailgun.net");
        assert_eq!(
            request.url,
            "https://api.eu.mailgun.net/v3/example.com/messages"
        );
        let boundary = "edgegate-0123456789abcdef0123456789abcdef-0-";
        check::headers(
            &request,
            &[
                ("Authorization", "Basic YXBpOnRoZS1rZXk="),
                (
                    "Content-Type",
                    &format!("multipart/form-data; boundary={boundary}"),
                ),
            ],
        );
        let mut expected = String::new();
        for (name, value) in [
            ("from", "\"Example Login\" <login@example.com>"),
            ("to", "Ada@xn--bcher-kva.example"),
            ("subject", "Your \"link\""),
            ("text", check::TEXT),
            ("html", check::HTML),
            ("o:tracking", "no"),
            ("o:tracking-clicks", "no"),
            ("o:tracking-opens", "no"),
            ("h:Auto-Submitted", "auto-generated"),
            ("h:X-Auto-Response-Suppress", "All"),
            ("h:X-Request-Id", check::REQUEST),
        ] {
            expected += &format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        assert_eq!(request.body, format!("{expected}--{boundary}--\r\n"));
    }

    #[test]
    fn no_value_holds_the_boundary() {
        let first = boundary("ab\r\n", &[("text", "")]);
        assert_eq!(first, "edgegate-ab-0-");
        let text =
            format!("\r\n--{first}\r\nContent-Disposition: form-data; name=\"bcc\"\r\n\r\nx");
        let (content_type, body) = form("ab\r\n", &[("text", &text), ("html", "edgegate-ab-1-")]);
        assert!(content_type.ends_with("=edgegate-ab-2-"));
        assert_eq!(body.matches("edgegate-ab-2-").count(), 3);
        assert!(boundary(check::IDEMPOTENCY_KEY, &[]).len() <= 60);
    }

    /// Checks statuses and texts from Mailgun's description of its API.
    #[test]
    fn each_documented_answer() {
        let error = |status: u16, message: &str| {
            let body = serde_json::json!({"message": message});
            (status, body.to_string())
        };
        let sent = r#"{"id":"message-id","message":"Queued. Thank you."}"#;
        check::answers(
            VENDOR,
            &[
                ((200, sent.to_owned()), Expected::Sent),
                (
                    (200, r#"{"message":"Queued. Thank you."}"#.to_owned()),
                    Expected::Temporary,
                ),
                ((200, "<html>".to_owned()), Expected::Temporary),
                (
                    error(
                        400,
                        "to parameter is not a valid address. please check documentation.",
                    ),
                    Expected::Undeliverable,
                ),
                (
                    error(
                        400,
                        "'to' parameter is not a valid address. please check documentation",
                    ),
                    Expected::Undeliverable,
                ),
                (
                    error(400, "from parameter is not a valid address"),
                    Expected::Account,
                ),
                (error(400, "total size"), Expected::Rejected),
                (
                    error(400, "Only one parameters 'html' or 'template' is allowed."),
                    Expected::Rejected,
                ),
                (
                    error(
                        400,
                        "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified.",
                    ),
                    Expected::Rejected,
                ),
                (
                    error(400, "from parameter is missing. "),
                    Expected::Rejected,
                ),
                (
                    error(
                        400,
                        "Send options (parameters starting with o:, h:, or v:) are limited to 16KB total",
                    ),
                    Expected::Rejected,
                ),
                ((401, "Forbidden".to_owned()), Expected::Account),
                ((401, "\"Forbidden\"".to_owned()), Expected::Account),
                (error(402, "unpaid"), Expected::Account),
                (
                    error(403, "Domain example.com is not allowed to send"),
                    Expected::Account,
                ),
                (
                    error(404, "Domain not found: example.com"),
                    Expected::Account,
                ),
                (
                    error(429, "Domain example.com is not allowed to send"),
                    Expected::Temporary,
                ),
                (error(500, "Internal Server Error"), Expected::Temporary),
            ],
        );
        assert_eq!(
            check::reason(VENDOR, 401, "\"Forbidden\""),
            "401: Forbidden"
        );
    }

    #[test]
    fn its_text_says_when_to_try_again() {
        let limited = "Domain example.com is not allowed to send: account-requests-per-sec limit exceeded, try again after 120 seconds";
        for (header, text, expected) in [
            (None, limited, Some(120)),
            (Some(7), limited, Some(7)),
            (None, "try again after a while", None),
            (None, "try again after -1 seconds", None),
        ] {
            let answer = ProviderAnswer {
                status: 429,
                retry_after: header,
                body: serde_json::json!({"message": text}).to_string(),
                message_id: None,
            };
            assert_eq!(judge(&answer).unwrap_err().retry_after, expected);
        }
    }
}
