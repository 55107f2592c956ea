//! Twilio SendGrid: `POST /v3/mail/send`.
//!
//! The API has no idempotency key (`custom_args` don't act as one), so a mail whose answer was lost
//! might arrive twice. When SendGrid accepts a mail, it answers 202 without a body.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Vendor;
use super::answer::{Judged, Kind, ProviderAnswer, text};
use super::request::{HttpRequest, NamedAddress, ProviderAccount, bearer, mail_headers, one_line};
use crate::domain::mail::Message;
use edgegate_token::json::Json;

pub(super) const VENDOR: Vendor = Vendor { request, judge };

#[derive(Serialize)]
struct Body<'a> {
    personalizations: [Personalization; 1],
    from: NamedAddress,
    subject: String,
    content: [Part<'a>; 2],
    headers: BTreeMap<&'static str, String>,
    tracking_settings: Tracking,
}

#[derive(Serialize)]
struct Personalization {
    to: [NamedAddress; 1],
}

#[derive(Serialize)]
struct Part<'a> {
    #[serde(rename = "type")]
    media_type: &'static str,
    value: &'a str,
}

/// The settings of SendGrid that would change a link in the mail or add one.
#[derive(Serialize)]
struct Tracking {
    click_tracking: ClickTracking,
    open_tracking: Switch,
    subscription_tracking: Switch,
    ganalytics: Switch,
}

#[derive(Serialize)]
struct ClickTracking {
    enable: bool,
    enable_text: bool,
}

#[derive(Serialize)]
struct Switch {
    enable: bool,
}

const OFF: Switch = Switch { enable: false };
const NO_TRACKING: Tracking = Tracking {
    click_tracking: ClickTracking {
        enable: false,
        enable_text: false,
    },
    open_tracking: OFF,
    subscription_tracking: OFF,
    ganalytics: OFF,
};

fn request(account: &ProviderAccount<'_>, message: &Message) -> HttpRequest {
    let part = |media_type, value| Part { media_type, value };
    let body = Body {
        personalizations: [Personalization {
            to: [NamedAddress::recipient(&message.to)],
        }],
        from: NamedAddress::sender(account.sender),
        subject: one_line(&message.subject),
        // HTML comes last, because the preferred alternative must be the last part (RFC 2046
        // section 5.1.4).
        content: [
            part("text/plain", &message.text),
            part("text/html", &message.html),
        ],
        headers: mail_headers(message),
        tracking_settings: NO_TRACKING,
    };
    HttpRequest::json(account, "/v3/mail/send", bearer(account), &body)
}

fn judge(answer: &ProviderAnswer) -> Judged {
    match answer.status {
        202 => return Ok(answer.message_id.clone()),
        // SendGrid answers 200 only in sandbox mode, which sends no mail. It never answers with
        // another status from 201 to 299 except 202.
        200..=299 => return answer.not_understood(),
        _ => {}
    }
    let body = answer.json().unwrap_or_default();
    let Some(errors) = body.get("errors").and_then(Json::as_array) else {
        return answer.refused(answer.kind(), &answer.body);
    };
    let are_about = |member: &str| {
        let is_about =
            |error| text(error, "field").is_some_and(|field: &str| field.starts_with(member));
        !errors.is_empty() && errors.iter().all(is_about)
    };
    let kind = match answer.kind() {
        Kind::Rejected if are_about("personalizations.0.to") => Kind::Undeliverable,
        // The address in MAIL_FROM, or its domain, is not verified.
        Kind::Rejected if are_about("from") => Kind::Account,
        kind => kind,
    };
    let texts: Vec<&str> = errors
        .iter()
        .flat_map(|error| [text(error, "field"), text(error, "message")])
        .flatten()
        .collect();
    answer.refused(kind, &texts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::check::{self, Expected};

    #[test]
    fn the_request() {
        let (request, body) = check::json_request(super::VENDOR, "https://api.eu.sendgrid.com");
        assert_eq!(request.url, "https://api.eu.sendgrid.com/v3/mail/send");
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
                "personalizations": [{"to": [{"email": "Ada@xn--bcher-kva.example"}]}],
                "from": {"email": "login@example.com", "name": "Example Login"},
                "subject": "Your \"link\"",
                "content": [
                    {"type": "text/plain", "value": check::TEXT},
                    {"type": "text/html", "value": check::HTML},
                ],
                "headers": check::mail_headers(),
                "tracking_settings": {
                    "click_tracking": {"enable": false, "enable_text": false},
                    "open_tracking": {"enable": false},
                    "subscription_tracking": {"enable": false},
                    "ganalytics": {"enable": false},
                },
            })
        );
    }

    /// Checks the statuses in SendGrid's description of its API.
    #[test]
    fn each_documented_answer() {
        let error = |status: u16, field: &str, message: &str| {
            let body = serde_json::json!({"errors": [{"field": field, "message": message}]});
            (status, body.to_string())
        };
        let to = "personalizations.0.to.0.email";
        let two = format!(
            r#"{{"errors":[{{"field":"{to}","message":"x"}},{{"field":"from","message":"x"}}],"id":"1"}}"#
        );
        check::answers(
            super::VENDOR,
            &[
                ((202, String::new()), Expected::Sent),
                ((200, String::new()), Expected::Temporary),
                ((204, String::new()), Expected::Temporary),
                (error(400, "null", "invalid request"), Expected::Rejected),
                (
                    error(400, "from.email", "does not match a verified sender"),
                    Expected::Account,
                ),
                (
                    error(400, to, "Does not contain a valid address."),
                    Expected::Undeliverable,
                ),
                ((400, two), Expected::Rejected),
                ((400, r#"{"errors":[]}"#.to_owned()), Expected::Rejected),
                ((400, "<html>".to_owned()), Expected::Rejected),
                (
                    error(401, "null", "authorization required"),
                    Expected::Account,
                ),
                (error(403, "null", "access forbidden"), Expected::Account),
                (error(404, "null", "not found"), Expected::Account),
                (error(405, "null", "method not allowed"), Expected::Account),
                (error(413, "null", "content too large"), Expected::Rejected),
                (error(429, "null", "too many requests"), Expected::Temporary),
                (error(500, to, "internal server error"), Expected::Temporary),
                (
                    (
                        500,
                        r#"{"errors":[{"message":"internal server error"}]}"#.to_owned(),
                    ),
                    Expected::Temporary,
                ),
            ],
        );
    }
}
