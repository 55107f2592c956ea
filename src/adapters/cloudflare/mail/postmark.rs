//! Postmark: `POST /email`.
//!
//! The API has no idempotency key (`Metadata` does not act as one), so a mail whose answer was lost
//! might arrive twice. An `ErrorCode` other than 0 is a refusal, whatever the status.

use serde::Serialize;

use super::Vendor;
use super::answer::{Judged, Kind, ProviderAnswer, text};
use super::request::{HttpRequest, ProviderAccount, mail_headers, mailbox, one_line, wire};
use crate::domain::mail::Message;
use edgegate_token::json::Json;

pub(super) const VENDOR: Vendor = Vendor { request, judge };

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    from: String,
    to: String,
    subject: String,
    text_body: &'a str,
    html_body: &'a str,
    headers: Vec<Header>,
    track_opens: bool,
    track_links: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: &'static str,
    value: String,
}

fn request(account: &ProviderAccount<'_>, message: &Message) -> HttpRequest {
    let body = Body {
        from: mailbox(account.sender),
        to: wire(&message.to),
        subject: one_line(&message.subject),
        text_body: &message.text,
        html_body: &message.html,
        headers: mail_headers(message)
            .into_iter()
            .map(|(name, value)| Header { name, value })
            .collect(),
        track_opens: false,
        track_links: "None",
    };
    let credential = ("X-Postmark-Server-Token", account.key.to_owned());
    HttpRequest::json(account, "/email", credential, &body)
}

fn judge(answer: &ProviderAnswer) -> Judged {
    let body = answer.json().unwrap_or_default();
    let code = body.get("ErrorCode").and_then(Json::as_u64);
    let message = text(&body, "Message").unwrap_or(&answer.body);
    let kind = match (answer.status, code) {
        (200, Some(0)) => return Ok(text(&body, "MessageID").map(str::to_owned)),
        (200, None) => return answer.not_understood(),
        // Mails to the address bounced or were reported as spam.
        (200 | 422, Some(406)) => Kind::Undeliverable,
        // An address is invalid, or the body is missing. Mails of this service always have a body,
        // so an address is invalid. The message says which address.
        (200 | 422, Some(300)) if message.contains("'From'") => Kind::Account,
        (200 | 422, Some(300)) => Kind::Undeliverable,
        // A wrong token, an unpaid bill, an account or a sender that is not ready yet.
        (200 | 422, Some(10 | 400 | 401 | 405 | 412 | 413)) => Kind::Account,
        // Maintenance, too many requests, or an error at Postmark.
        (200 | 422, Some(100 | 429 | 500)) => Kind::Temporary,
        (200, Some(_)) => Kind::Rejected,
        _ => answer.kind(),
    };
    match code {
        Some(code) => answer.refused(kind, &[&code.to_string(), " ", message].concat()),
        None => answer.refused(kind, message),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{self, Expected};

    #[test]
    fn the_request() {
        let (request, body) = check::json_request(super::VENDOR, "https://api.postmarkapp.com");
        assert_eq!(request.url, "https://api.postmarkapp.com/email");
        check::headers(
            &request,
            &[
                ("X-Postmark-Server-Token", "the-key"),
                ("Content-Type", "application/json"),
                ("Accept", "application/json"),
            ],
        );
        assert_eq!(
            body,
            serde_json::json!({
                "From": "\"Example Login\" <login@example.com>",
                "To": "Ada@xn--bcher-kva.example",
                "Subject": "Your \"link\"",
                "TextBody": check::TEXT,
                "HtmlBody": check::HTML,
                "Headers": [
                    {"Name": "Auto-Submitted", "Value": "auto-generated"},
                    {"Name": "X-Auto-Response-Suppress", "Value": "All"},
                    {"Name": "X-Request-Id", "Value": check::REQUEST},
                ],
                "TrackOpens": false,
                "TrackLinks": "None",
            })
        );
    }

    /// Checks the statuses in Postmark's description of its API, and the codes in
    /// <https://postmarkapp.com/developer/api/overview#error-codes> that this request can get.
    #[test]
    fn each_documented_answer() {
        let error = |status: u16, code: u64, message: &str| {
            let body = serde_json::json!({"ErrorCode": code, "Message": message});
            (status, body.to_string())
        };
        let sent = r#"{"To":"a@b.example","SubmittedAt":"2026-11-24T12:00:00Z","MessageID":"0a","ErrorCode":0,"Message":"OK"}"#;
        check::answers(
            super::VENDOR,
            &[
                ((200, sent.to_owned()), Expected::Sent),
                ((200, "{}".to_owned()), Expected::Temporary),
                ((200, "<html>".to_owned()), Expected::Temporary),
                (error(422, 0, "OK"), Expected::Rejected),
                // A refusal with status 200.
                (
                    error(200, 406, "inactive recipient"),
                    Expected::Undeliverable,
                ),
                (
                    error(200, 300, "Invalid 'To' address"),
                    Expected::Undeliverable,
                ),
                (error(200, 429, "x"), Expected::Temporary),
                (error(200, 402, "x"), Expected::Rejected),
                (
                    error(401, 10, "Bad or missing API token"),
                    Expected::Account,
                ),
                (
                    error(422, 10, "Bad or missing API token"),
                    Expected::Account,
                ),
                (error(503, 100, "Maintenance"), Expected::Temporary),
                (error(422, 100, "Maintenance"), Expected::Temporary),
                (
                    error(422, 300, "Invalid 'To' address: 'x'."),
                    Expected::Undeliverable,
                ),
                (
                    error(422, 300, "Error parsing 'To': Illegal email domain"),
                    Expected::Undeliverable,
                ),
                (
                    error(422, 300, "Invalid 'From' address: 'x'."),
                    Expected::Account,
                ),
                (
                    error(422, 400, "Sender Signature not found"),
                    Expected::Account,
                ),
                (
                    error(422, 401, "Sender Signature not confirmed"),
                    Expected::Account,
                ),
                (error(422, 402, "Invalid JSON"), Expected::Rejected),
                (error(422, 403, "Incompatible JSON"), Expected::Rejected),
                (error(422, 405, "Not allowed to send"), Expected::Account),
                (
                    error(422, 406, "Inactive recipient"),
                    Expected::Undeliverable,
                ),
                (error(422, 409, "JSON required"), Expected::Rejected),
                (
                    error(422, 410, "Too many batch messages"),
                    Expected::Rejected,
                ),
                (
                    error(422, 411, "Forbidden attachment type"),
                    Expected::Rejected,
                ),
                (error(422, 412, "Account is Pending"), Expected::Account),
                (error(422, 413, "Account may not send"), Expected::Account),
                (error(429, 429, "Rate limit exceeded"), Expected::Temporary),
                (error(413, 0, "too large"), Expected::Rejected),
                (error(415, 0, "media type"), Expected::Rejected),
                ((404, String::new()), Expected::Account),
                ((422, "not JSON".to_owned()), Expected::Rejected),
                (error(500, 0, "Internal"), Expected::Temporary),
                ((500, String::new()), Expected::Temporary),
                ((503, String::new()), Expected::Temporary),
            ],
        );
    }
}
