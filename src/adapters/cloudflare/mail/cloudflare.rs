//! Cloudflare Email Service through its REST API: `POST /accounts/<account id>/email/sending/send`.
//! The base URL contains the account's id.
//!
//! The API has no idempotency key, so a mail whose answer was lost might arrive twice. The API has
//! no tracking. An answer with status 200 can report a bounce.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Vendor;
use super::answer::{Judged, Kind, ProviderAnswer, text};
use super::request::{
    HttpRequest, ProviderAccount, bearer, mail_headers, one_line, sender_name, wire,
};
use crate::domain::mail::Message;
use edgegate_token::json::Json;

pub(super) const VENDOR: Vendor = Vendor { request, judge };

#[derive(Serialize)]
struct Body<'a> {
    from: Address,
    to: String,
    subject: String,
    text: &'a str,
    html: &'a str,
    headers: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Address {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

fn request(account: &ProviderAccount<'_>, message: &Message) -> HttpRequest {
    let body = Body {
        from: Address {
            address: wire(&account.sender.address),
            name: sender_name(account.sender),
        },
        to: wire(&message.to),
        subject: one_line(&message.subject),
        text: &message.text,
        html: &message.html,
        headers: mail_headers(message),
    };
    HttpRequest::json(account, "/email/sending/send", bearer(account), &body)
}

fn judge(answer: &ProviderAnswer) -> Judged {
    let body = answer.json().unwrap_or_default();
    let success = body.get("success").and_then(Json::as_bool);
    match (answer.status, success) {
        (200, Some(true)) => judge_result(answer, body.get("result").unwrap_or(&Json::Null)),
        (200, None) => answer.not_understood(),
        _ => {
            let errors = body.get("errors").and_then(Json::as_array);
            let first = errors.and_then(<[Json]>::first).unwrap_or(&Json::Null);
            let code = first.get("code").and_then(Json::as_u64);
            let kind = match code {
                Some(10001 | 10200..=10202) => Kind::Rejected,
                // The token or the account is wrong, or is not allowed to send.
                Some(10000 | 10101..=10105 | 10203) => Kind::Account,
                // A limit, or an error at Cloudflare.
                Some(10002..=10004 | 10100) => Kind::Temporary,
                _ => answer.kind(),
            };
            let message = text(first, "message").unwrap_or(&answer.body);
            match code {
                Some(code) => answer.refused(kind, &[&code.to_string(), " ", message].concat()),
                None => answer.refused(kind, message),
            }
        }
    }
}

/// Reads the lists of recipients in `result`. A mail has only one recipient, so a list that is not
/// empty contains this recipient, however it is spelled.
fn judge_result(answer: &ProviderAnswer, result: &Json) -> Judged {
    let holds = |list: &str| {
        result
            .get(list)
            .and_then(Json::as_array)
            .is_some_and(|list| !list.is_empty())
    };
    if holds("permanent_bounces") {
        answer.refused(Kind::Undeliverable, "permanent bounce")
    } else if holds("suppressed_recipients") {
        answer.refused(Kind::Undeliverable, "suppressed recipient")
    } else if holds("delivered") || holds("queued") || text(result, "message_id").is_some() {
        Ok(text(result, "message_id").map(str::to_owned))
    } else {
        answer.not_understood()
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{self, Expected};

    #[test]
    fn the_request() {
        let base = "https://api.cloudflare.com/client/v4/accounts/0a1b";
        let (request, body) = check::json_request(super::VENDOR, base);
        assert_eq!(request.url, format!("{base}/email/sending/send"));
        check::headers(
            &request,
            &[
                ("Authorization", "Bearer the-key"),
                ("Content-Type", "application/json"),
            ],
        );
        assert_eq!(
            body,
            serde_json::json!({
                "from": {"address": "login@example.com", "name": "Example Login"},
                "to": "Ada@xn--bcher-kva.example",
                "subject": "Your \"link\"",
                "text": check::TEXT,
                "html": check::HTML,
                "headers": check::mail_headers(),
            })
        );
    }

    /// Checks the statuses and codes that Cloudflare's description of its API lists.
    #[test]
    fn each_documented_answer() {
        let result = |members: &str| {
            let body =
                format!(r#"{{"success":true,"errors":[],"messages":[],"result":{{{members}}}}}"#);
            (200, body)
        };
        let error = |status: u16, code: u64, name: &str| {
            let message = format!("email.sending.error.{name}");
            let body = serde_json::json!({
                "success": false, "errors": [{"code": code, "message": message}], "messages": [], "result": null,
            });
            (status, body.to_string())
        };
        let ada = r#"["ada@xn--bcher-kva.example"]"#;
        check::answers(
            super::VENDOR,
            &[
                (
                    result(&format!(
                        r#""delivered":{ada},"permanent_bounces":[],"queued":[]"#
                    )),
                    Expected::Sent,
                ),
                (
                    result(&format!(
                        r#""delivered":[],"permanent_bounces":[],"queued":{ada}"#
                    )),
                    Expected::Sent,
                ),
                (result(r#""message_id":"1""#), Expected::Sent),
                (
                    result(&format!(
                        r#""delivered":[],"permanent_bounces":{ada},"queued":[]"#
                    )),
                    Expected::Undeliverable,
                ),
                (
                    result(&format!(
                        r#""message_id":"1","suppressed_recipients":{ada}"#
                    )),
                    Expected::Undeliverable,
                ),
                (
                    result(r#""delivered":[],"permanent_bounces":[],"queued":[]"#),
                    Expected::Temporary,
                ),
                (result(""), Expected::Temporary),
                ((200, r#"{"success":true}"#.to_owned()), Expected::Temporary),
                ((200, "<html>".to_owned()), Expected::Temporary),
                // A refusal with status 200.
                (error(200, 10202, "email.invalid"), Expected::Rejected),
                (error(200, 10004, "throttled"), Expected::Temporary),
                (error(200, 99999, "new"), Expected::Temporary),
                (
                    (200, r#"{"success":false}"#.to_owned()),
                    Expected::Temporary,
                ),
                (
                    error(400, 10001, "invalid_request_schema"),
                    Expected::Rejected,
                ),
                (error(400, 10200, "email.too_big"), Expected::Rejected),
                (
                    error(400, 10201, "email.no_content_length"),
                    Expected::Rejected,
                ),
                (error(400, 10202, "email.invalid"), Expected::Rejected),
                (error(400, 99999, "new"), Expected::Rejected),
                (
                    error(401, 10101, "authentication.unauthorized"),
                    Expected::Account,
                ),
                (
                    error(401, 10103, "authentication.bad_token_type"),
                    Expected::Account,
                ),
                (
                    error(403, 10102, "authentication.forbidden"),
                    Expected::Account,
                ),
                (
                    error(403, 10105, "authentication.not_entitled"),
                    Expected::Account,
                ),
                (
                    error(403, 10203, "email.sending_disabled"),
                    Expected::Account,
                ),
                (error(404, 10000, "not_found"), Expected::Account),
                (error(429, 10004, "throttled"), Expected::Temporary),
                (error(500, 10002, "internal_server"), Expected::Temporary),
                (error(500, 10003, "not_implemented"), Expected::Temporary),
                (
                    error(503, 10100, "authentication.upstream"),
                    Expected::Temporary,
                ),
                ((502, "<html>".to_owned()), Expected::Temporary),
            ],
        );
        assert_eq!(
            check::reason(
                super::VENDOR,
                403,
                &error(403, 10203, "email.sending_disabled").1
            ),
            "403: 10203 email.sending.error.email.sending_disabled"
        );
    }
}
