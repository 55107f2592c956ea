//! Brevo: `POST /smtp/email`.
//!
//! Brevo's idempotency key is in the body's `headers`, has the form of a UUID and is remembered for
//! 30 minutes (<https://developers.brevo.com/docs/heterogenous-versions-batch-emails>). Tracking is
//! a setting of the account. A request can't switch it off.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Vendor;
use super::answer::{Judged, Kind, ProviderAnswer, text};
use super::request::{HttpRequest, NamedAddress, ProviderAccount, mail_headers, one_line};
use crate::domain::mail::Message;

pub(super) const VENDOR: Vendor = Vendor { request, judge };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    sender: NamedAddress,
    to: [NamedAddress; 1],
    subject: String,
    text_content: &'a str,
    html_content: &'a str,
    headers: BTreeMap<&'static str, String>,
}

fn request(account: &ProviderAccount<'_>, message: &Message) -> HttpRequest {
    let mut headers = mail_headers(message);
    headers.insert("idempotencyKey", uuid(&message.idempotency_key));
    let body = Body {
        sender: NamedAddress::sender(account.sender),
        to: [NamedAddress::recipient(&message.to)],
        subject: one_line(&message.subject),
        text_content: &message.text,
        html_content: &message.html,
        headers,
    };
    let credential = ("api-key", account.key.to_owned());
    HttpRequest::json(account, "/smtp/email", credential, &body)
}

/// The key's first digits in the form of a random UUID (RFC 9562 section 5.4), with the version and
/// the variant of such a UUID.
fn uuid(key: &str) -> String {
    let mut uuid = String::new();
    for (place, digit) in key.chars().take(32).enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(match place {
            12 => '4',
            16 => '8',
            _ => digit,
        });
    }
    uuid
}

fn judge(answer: &ProviderAnswer) -> Judged {
    let body = answer.json().unwrap_or_default();
    match answer.status {
        201 | 202 if text(&body, "messageId").is_some() || body.get("messageIds").is_some() => {
            return Ok(text(&body, "messageId").map(str::to_owned));
        }
        200..=299 => return answer.not_understood(),
        _ => {}
    }
    let code = text(&body, "code").unwrap_or_default();
    let message = text(&body, "message").unwrap_or(&answer.body);
    let kind = match code {
        // These codes mean that Brevo has seen the idempotency key before, because no other part of
        // the request has to be unique. So Brevo has accepted the mail already.
        "duplicate_parameter" | "duplicate_request" if answer.kind() != Kind::Temporary => {
            return Ok(None);
        }
        // Problems of the account, not of the mail.
        "not_enough_credits"
        | "permission_denied"
        | "unauthorized"
        | "account_under_validation" => Kind::Account,
        "invalid_parameter" if answer.status == 400 && is_about("to", message) => {
            Kind::Undeliverable
        }
        "invalid_parameter" if answer.status == 400 && is_about("sender", message) => Kind::Account,
        _ => answer.kind(),
    };
    answer.refused(kind, &[code, " ", message].concat())
}

/// Whether Brevo's message is about this member of the request. An example for the member `to` is
/// "email is not valid in to".
fn is_about(member: &str, message: &str) -> bool {
    message
        .trim_end_matches('.')
        .strip_suffix(member)
        .is_some_and(|rest| rest.ends_with(" in "))
}

#[cfg(test)]
mod tests {
    use super::super::check::{self, Expected};

    #[test]
    fn the_request() {
        let (request, body) = check::json_request(super::VENDOR, "https://api.brevo.com/v3");
        assert_eq!(request.url, "https://api.brevo.com/v3/smtp/email");
        check::headers(
            &request,
            &[
                ("api-key", "the-key"),
                ("Content-Type", "application/json"),
                ("Accept", "application/json"),
            ],
        );
        assert_eq!(
            body,
            serde_json::json!({
                "sender": {"email": "login@example.com", "name": "Example Login"},
                "to": [{"email": "Ada@xn--bcher-kva.example"}],
                "subject": "Your \"link\"",
                "textContent": check::TEXT,
                "htmlContent": check::HTML,
                "headers": {
                    "Auto-Submitted": "auto-generated",
                    "X-Auto-Response-Suppress": "All",
                    "X-Request-Id": check::REQUEST,
                    "idempotencyKey": "01234567-89ab-4def-8123-456789abcdef",
                },
            })
        );
    }

    /// Checks the statuses and codes that Brevo's description of its API lists.
    #[test]
    fn each_documented_answer() {
        let error = |status: u16, code: &str, message: &str| {
            let body = serde_json::json!({"code": code, "message": message});
            (status, body.to_string())
        };
        let sent = r#"{"messageId":"<201798300811.5787683@relay.domain.com>"}"#;
        let many = r#"{"messageIds":["<201798300811.5787683@relay.domain.com>"]}"#;
        check::answers(
            super::VENDOR,
            &[
                ((201, sent.to_owned()), Expected::Sent),
                ((201, many.to_owned()), Expected::Sent),
                ((202, sent.to_owned()), Expected::Sent),
                ((201, "{}".to_owned()), Expected::Temporary),
                ((201, "<html>".to_owned()), Expected::Temporary),
                ((200, sent.to_owned()), Expected::Temporary),
                (
                    error(400, "invalid_parameter", "email is not valid in to"),
                    Expected::Undeliverable,
                ),
                (
                    error(400, "invalid_parameter", "email is not valid in sender"),
                    Expected::Account,
                ),
                (error(400, "missing_parameter", "x"), Expected::Rejected),
                (error(400, "out_of_range", "x"), Expected::Rejected),
                (error(400, "campaign_processing", "x"), Expected::Rejected),
                (error(400, "campaign_sent", "x"), Expected::Rejected),
                (error(404, "document_not_found", "x"), Expected::Account),
                (error(402, "not_enough_credits", "x"), Expected::Account),
                (error(400, "not_enough_credits", "x"), Expected::Account),
                (error(403, "permission_denied", "x"), Expected::Account),
                (error(400, "permission_denied", "x"), Expected::Account),
                (
                    error(400, "duplicate_parameter", "idempotencyKey"),
                    Expected::Sent,
                ),
                (error(400, "duplicate_request", "x"), Expected::Sent),
                (error(429, "duplicate_request", "x"), Expected::Temporary),
                (
                    error(
                        405,
                        "method_not_allowed",
                        "POST Method is not allowed on this path",
                    ),
                    Expected::Account,
                ),
                (
                    error(401, "unauthorized", "Key not found"),
                    Expected::Account,
                ),
                (
                    error(400, "account_under_validation", "x"),
                    Expected::Account,
                ),
                (error(406, "not_acceptable", "x"), Expected::Rejected),
                (error(400, "bad_request", "x"), Expected::Rejected),
                (error(422, "unprocessable_entity", "x"), Expected::Rejected),
                ((400, "<html>".to_owned()), Expected::Rejected),
                ((429, String::new()), Expected::Temporary),
                ((500, String::new()), Expected::Temporary),
            ],
        );
    }
}
