//! Compares each request with the vendor's own description of its API (`tests/mail/vendors`). The
//! URL and the credentials must be as described. Each top-level member of the body must be in the
//! description, and no required member may be missing. The end-to-end test validates whole bodies.

use serde_json::Value;

use super::check;
use super::{HttpRequest, Vendor};
use crate::domain::mail::Provider;

/// A vendor's description of its API, and where to find things in it.
struct Description {
    provider: Provider,
    text: &'static str,
    /// The path as written in the description.
    path: &'static str,
    /// The location of the body's schema, as a JSON pointer.
    schema: &'static str,
    /// The header that contains the API key.
    credential: &'static str,
}

macro_rules! vendor {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/mail/vendors/", $name, ".json"))
    };
}

const DESCRIPTIONS: [Description; 6] = [
    Description {
        provider: Provider::Resend,
        text: vendor!("resend"),
        path: "/emails",
        schema: "/components/schemas/SendEmailRequest",
        credential: "Authorization",
    },
    Description {
        provider: Provider::Postmark,
        text: vendor!("postmark"),
        path: "/email",
        schema: "/definitions/SendEmailRequest",
        credential: "X-Postmark-Server-Token",
    },
    Description {
        provider: Provider::Sendgrid,
        text: vendor!("sendgrid"),
        path: "/v3/mail/send",
        schema: "/components/requestBodies/PostMailSend/content/application~1json/schema",
        credential: "Authorization",
    },
    Description {
        provider: Provider::Mailgun,
        text: vendor!("mailgun"),
        path: "/v3/{domain_name}/messages",
        schema: "/components/schemas/POST-v3-domain_name-messages-multipart-form-data-RequestBody",
        credential: "Authorization",
    },
    Description {
        provider: Provider::Brevo,
        text: vendor!("brevo"),
        path: "/smtp/email",
        schema: "/components/schemas/sendSmtpEmail",
        credential: "api-key",
    },
    Description {
        provider: Provider::Cloudflare,
        text: vendor!("cloudflare"),
        path: "/accounts/{account_id}/email/sending/send",
        schema: "/components/schemas/SendRequest",
        credential: "Authorization",
    },
];

#[test]
fn each_request_is_one_that_its_vendor_describes() {
    for description in DESCRIPTIONS {
        let provider = description.provider;
        let name = provider.name();
        let document: Value = serde_json::from_str(description.text).unwrap();
        let base = match provider.default_api_url() {
            Some(base) => {
                assert!(servers(&document).contains(&base.to_owned()), "{name}");
                base.to_owned()
            }
            None => servers(&document)[0].clone() + "/accounts/0a1b",
        };
        let request = check::request(Vendor::of(provider).unwrap(), &base);

        let operation = &document["paths"][description.path]["post"];
        assert!(operation.is_object(), "{name}");
        let path = description
            .path
            .replace("{domain_name}", "example.com")
            .replace("{account_id}", "0a1b");
        assert_eq!(request.url, servers(&document)[0].clone() + &path, "{name}");

        let credential = header(&request, description.credential).unwrap();
        assert!(
            credential.contains("the-key") || credential == "Basic YXBpOnRoZS1rZXk=",
            "{name}"
        );
        let documents_a_key = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|parameter| parameter["name"] == "Idempotency-Key");
        assert_eq!(
            header(&request, "Idempotency-Key").is_some(),
            documents_a_key,
            "{name}"
        );

        let schema = document.pointer(description.schema).unwrap();
        let sent = members(&request);
        for member in &sent {
            // Mailgun's description has only one parameter for all headers, as an example.
            let described = match member.strip_prefix("h:") {
                Some(_) => "h:X-My-Header",
                None => member,
            };
            assert!(
                schema["properties"].get(described).is_some(),
                "{name}: {member}"
            );
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            let required = required.as_str().unwrap();
            assert!(
                sent.iter().any(|member| member == required),
                "{name}: {required}"
            );
        }
    }
}

/// RFC 3834 section 5: a mail that a program wrote has `Auto-Submitted: auto-generated`. Exchange
/// reads `X-Auto-Response-Suppress`. The vendors' requests do not all have the headers of the mail
/// in the same place.
#[test]
fn every_provider_is_told_that_a_program_wrote_the_mail() {
    for Description { provider, .. } in DESCRIPTIONS {
        let request = check::request(Vendor::of(provider).unwrap(), "https://api.example");
        let text = match provider {
            Provider::Mailgun => {
                let expected = check::mail_headers();
                let names = expected.as_object().unwrap().keys();
                names
                    .map(|name| {
                        let value = field(&request, &["h:", name].concat());
                        (name.clone(), Value::from(value))
                    })
                    .collect()
            }
            Provider::Postmark => {
                let body: Value = serde_json::from_str(&request.body).unwrap();
                let headers = body["Headers"].as_array().unwrap();
                let pair = |header: &Value| {
                    let name = header["Name"].as_str().unwrap().to_owned();
                    (name, header["Value"].clone())
                };
                Value::Object(headers.iter().map(pair).collect())
            }
            _ => {
                let body: Value = serde_json::from_str(&request.body).unwrap();
                let mut headers = body["headers"].clone();
                // Brevo reads its idempotency key from here, and does not put it into the mail.
                headers.as_object_mut().unwrap().remove("idempotencyKey");
                headers
            }
        };
        assert_eq!(text, check::mail_headers(), "{}", provider.name());
    }
}

/// The provider's dashboard lists mails by the provider's own id. This id is logged so that an
/// operator can find a mail in the dashboard. If the id has the form of an address, the at sign and
/// the text after it are not logged.
#[test]
fn the_id_of_an_accepted_mail_is_logged() {
    for (provider, status, body, header, expected) in [
        (
            Provider::Resend,
            200,
            r#"{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}"#,
            None,
            "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794",
        ),
        (
            Provider::Postmark,
            200,
            r#"{"ErrorCode":0,"Message":"OK","MessageID":"b7bc2f4a-e38e-4336-af7d-e6c392c2f817"}"#,
            None,
            "b7bc2f4a-e38e-4336-af7d-e6c392c2f817",
        ),
        (
            Provider::Sendgrid,
            202,
            "",
            Some("14c5d75ce93.dfd.64b469"),
            "14c5d75ce93.dfd.64b469",
        ),
        (
            Provider::Mailgun,
            200,
            r#"{"id":"<20260101.1234.56@example.com>","message":"Queued. Thank you."}"#,
            None,
            "20260101.1234.56",
        ),
        (
            Provider::Brevo,
            201,
            r#"{"messageId":"<201798300811.5787683@relay.domain.com>"}"#,
            None,
            "201798300811.5787683",
        ),
        (
            Provider::Cloudflare,
            200,
            r#"{"success":true,"result":{"queued":["x"],"message_id":"abc-1@example.com"}}"#,
            None,
            "abc-1",
        ),
    ] {
        let vendor = Vendor::of(provider).unwrap();
        let id = check::id_of(vendor, status, body, header);
        assert_eq!(id.as_deref(), Some(expected), "{}", provider.name());
    }
    let vendor = Vendor::of(Provider::Resend).unwrap();
    for id in ["", "two words", "the-key", "egl_\u{e9}", &"x".repeat(61)] {
        let body = serde_json::json!({ "id": id }).to_string();
        assert_eq!(check::id_of(vendor, 200, &body, None), None, "{id}");
    }
}

/// The tables in the vendors' tests have these statuses. Each description must list the same
/// statuses.
#[test]
fn the_tables_have_the_documented_statuses() {
    for (provider, statuses) in [
        (Provider::Resend, "200"),
        (Provider::Postmark, "200 422 500"),
        (Provider::Sendgrid, "202 400 401 403 404 405 413 500"),
        (Provider::Mailgun, "200 400 401 429 500"),
        (Provider::Brevo, "201 202 400"),
        (Provider::Cloudflare, "200 400 401 403 404 429 500 503"),
    ] {
        let description = DESCRIPTIONS
            .iter()
            .find(|description| description.provider == provider)
            .unwrap();
        let document: Value = serde_json::from_str(description.text).unwrap();
        let responses = &document["paths"][description.path]["post"]["responses"];
        let mut documented: Vec<&str> = responses
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        documented.sort_unstable();
        assert_eq!(documented.join(" "), statuses, "{}", provider.name());
    }
}

fn servers(document: &Value) -> Vec<String> {
    match document.get("host") {
        // A description in Swagger 2.0 has `host` instead of `servers`.
        Some(host) => vec![format!("https://{}", host.as_str().unwrap())],
        None => document["servers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|server| server["url"].as_str().unwrap().to_owned())
            .collect(),
    }
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request
        .headers
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, value)| value.as_str())
}

/// The value of a field of a form.
fn field<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let begin = format!("form-data; name=\"{name}\"\r\n\r\n");
    let (_, value) = request.body.split_once(&begin)?;
    Some(value.split_once("\r\n")?.0)
}

/// The names of the members of a JSON body, or of the fields of a form.
fn members(request: &HttpRequest) -> Vec<String> {
    if let Ok(body) = serde_json::from_str::<Value>(&request.body) {
        return body.as_object().unwrap().keys().cloned().collect();
    }
    request
        .body
        .split("form-data; name=\"")
        .skip(1)
        .map(|part| part.split('"').next().unwrap().to_owned())
        .collect()
}
