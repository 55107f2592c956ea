//! Resend: `POST /emails`.
//!
//! Of all vendors with an HTTP API, only Resend has an `Idempotency-Key` header. If a mail is sent
//! again within a day, Resend repeats the first answer and does not send the mail twice. Tracking
//! is a setting of the domain. A request can't switch it off.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Vendor;
use super::answer::{Judged, Kind, ProviderAnswer, text};
use super::request::{HttpRequest, ProviderAccount, bearer, mail_headers, mailbox, one_line, wire};
use crate::domain::mail::Message;

pub(super) const VENDOR: Vendor = Vendor { request, judge };

#[derive(Serialize)]
struct Body<'a> {
    from: String,
    to: [String; 1],
    subject: String,
    text: &'a str,
    html: &'a str,
    headers: BTreeMap<&'static str, String>,
}

fn request(account: &ProviderAccount<'_>, message: &Message) -> HttpRequest {
    let body = Body {
        from: mailbox(account.sender),
        to: [wire(&message.to)],
        subject: one_line(&message.subject),
        text: &message.text,
        html: &message.html,
        headers: mail_headers(message),
    };
    let mut request = HttpRequest::json(account, "/emails", bearer(account), &body);
    request
        .headers
        .push(("Idempotency-Key", message.idempotency_key.clone()));
    request
}

fn judge(answer: &ProviderAnswer) -> Judged {
    let body = answer.json().unwrap_or_default();
    if answer.status == 200 {
        // An answer without an `id` is treated as a temporary failure. The retry is harmless,
        // because it has the same idempotency key.
        return match text(&body, "id") {
            Some(id) => Ok(Some(id.to_owned())),
            None => answer.not_understood(),
        };
    }
    let name = text(&body, "name").unwrap_or_default();
    let message = text(&body, "message").unwrap_or(&answer.body);
    let kind = match name {
        // An earlier attempt to send this mail was accepted, and only its link has changed since.
        "invalid_idempotent_request" => return Ok(None),
        "validation_error" if answer.status != 403 && message.contains("`to`") => {
            Kind::Undeliverable
        }
        // MAIL_FROM is invalid, or the quota of the plan is used up.
        "invalid_from_address" | "daily_quota_exceeded" | "monthly_quota_exceeded" => Kind::Account,
        "validation_error" if message.contains("`from`") => Kind::Account,
        _ => answer.kind(),
    };
    answer.refused(kind, &[name, " ", message].concat())
}

#[cfg(test)]
mod tests {
    use super::super::check::{self, Expected};

    #[test]
    fn the_request() {
        let (request, body) = check::json_request(super::VENDOR, "https://api.resend.com");
        assert_eq!(request.url, "https://api.resend.com/emails");
        check::headers(
            &request,
            &[
                ("Authorization", "Bearer the-key"),
                ("Content-Type", "application/json"),
                ("Idempotency-Key", check::IDEMPOTENCY_KEY),
            ],
        );
        assert_eq!(
            body,
            serde_json::json!({
                "from": "\"Example Login\" <login@example.com>",
                "to": ["Ada@xn--bcher-kva.example"],
                "subject": "Your \"link\"",
                "text": check::TEXT,
                "html": check::HTML,
                "headers": check::mail_headers(),
            })
        );
    }

    /// Checks the names and statuses in <https://resend.com/docs/api-reference/errors>.
    #[test]
    fn each_documented_answer() {
        let error = |status: u16, name: &str, message: &str| {
            let body = serde_json::json!({"statusCode": status, "name": name, "message": message});
            (status, body.to_string())
        };
        let to =
            "Invalid `to` field. The email address needs to follow the `email@example.com` format.";
        check::answers(
            super::VENDOR,
            &[
                (
                    (
                        200,
                        r#"{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}"#.to_owned(),
                    ),
                    Expected::Sent,
                ),
                ((200, "{}".to_owned()), Expected::Temporary),
                ((200, "<html>".to_owned()), Expected::Temporary),
                (
                    error(400, "invalid_idempotency_key", "1-256 chars"),
                    Expected::Rejected,
                ),
                (
                    error(400, "validation_error", "a field"),
                    Expected::Rejected,
                ),
                (
                    error(401, "missing_api_key", "Missing API key"),
                    Expected::Account,
                ),
                (
                    error(401, "restricted_api_key", "only to send"),
                    Expected::Account,
                ),
                (
                    error(403, "invalid_api_key", "API key is invalid"),
                    Expected::Account,
                ),
                (
                    error(
                        403,
                        "validation_error",
                        "only to your own address: use another `to`",
                    ),
                    Expected::Account,
                ),
                (error(404, "not_found", "no endpoint"), Expected::Account),
                (
                    error(405, "method_not_allowed", "not allowed"),
                    Expected::Account,
                ),
                (
                    error(409, "invalid_idempotent_request", "another payload"),
                    Expected::Sent,
                ),
                (
                    error(409, "concurrent_idempotent_requests", "in progress"),
                    Expected::Temporary,
                ),
                (error(422, "invalid_attachment", "x"), Expected::Rejected),
                (
                    error(422, "invalid_from_address", "Invalid `from` field"),
                    Expected::Account,
                ),
                (
                    error(422, "validation_error", "Invalid `from` field."),
                    Expected::Account,
                ),
                (error(422, "invalid_access", "x"), Expected::Rejected),
                (error(422, "invalid_parameter", "x"), Expected::Rejected),
                (error(422, "invalid_region", "x"), Expected::Rejected),
                (
                    error(422, "missing_required_field", "x"),
                    Expected::Rejected,
                ),
                (error(422, "validation_error", to), Expected::Undeliverable),
                (error(429, "monthly_quota_exceeded", "x"), Expected::Account),
                (error(429, "daily_quota_exceeded", "x"), Expected::Account),
                (error(429, "rate_limit_exceeded", "x"), Expected::Temporary),
                (error(451, "security_error", "x"), Expected::Rejected),
                (error(500, "application_error", "x"), Expected::Temporary),
                (
                    error(500, "internal_server_error", "x"),
                    Expected::Temporary,
                ),
            ],
        );
    }
}
