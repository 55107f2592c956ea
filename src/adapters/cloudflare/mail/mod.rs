//! Sends mail through a provider. Each vendor has a file, and the other files are shared.
//!
//! Each vendor with an HTTP API has two pure functions. One turns a mail into a request. The other
//! classifies the vendor's answer as a success or as one of these failures. The module `fetch`
//! sends the request.
//!
//! | failure | when |
//! |---|---|
//! | temporary | the provider can't send now |
//! | account | the operator must repair something: key, plan, sender, `MAIL_API_URL` |
//! | rejected | something is wrong with the mail itself |
//! | undeliverable | the provider blames the address: malformed, bounced before, suppressed |
//!
//! The classification depends on the status *and* the body of an answer. An answer that can't be
//! read is a temporary failure, because a mail that arrives twice does less harm than a mail that
//! never arrives.

mod answer;
mod brevo;
#[cfg(test)]
mod check;
mod cloudflare;
mod cloudflare_binding;
#[cfg(test)]
mod contract;
#[cfg(target_arch = "wasm32")]
mod fetch;
mod mailgun;
mod postmark;
mod reason;
mod request;
mod resend;
mod sendgrid;

use self::answer::{Judged, Kind, ProviderAnswer, Refusal};
use self::request::{HttpRequest, ProviderAccount, wire};
#[cfg(target_arch = "wasm32")]
pub use cloudflare_binding::BindingMailer;

use crate::domain::mail::{Accepted, MailFailure, Message, Provider, Sender};
use crate::domain::secret::Secret;

/// A vendor with an HTTP API.
#[derive(Clone, Copy, Debug)]
struct Vendor {
    /// Makes the request that sends a mail.
    request: fn(&ProviderAccount<'_>, &Message) -> HttpRequest,
    /// Classifies an answer. The text of a refusal is the provider's text, unchanged.
    judge: fn(&ProviderAnswer) -> Judged,
}

impl Vendor {
    const fn of(provider: Provider) -> Option<Self> {
        Some(match provider {
            Provider::Resend => resend::VENDOR,
            Provider::Postmark => postmark::VENDOR,
            Provider::Sendgrid => sendgrid::VENDOR,
            Provider::Mailgun => mailgun::VENDOR,
            Provider::Brevo => brevo::VENDOR,
            Provider::Cloudflare => cloudflare::VENDOR,
            Provider::CloudflareBinding => return None,
        })
    }
}

/// Sends mails through the HTTP API of a provider.
#[derive(Clone, Debug)]
pub struct HttpMailer {
    vendor: Vendor,
    base: String,
    key: Secret,
    sender: Sender,
}

impl HttpMailer {
    /// A mailer with the settings `MAIL_PROVIDER`, `MAIL_API_KEY`, `MAIL_API_URL` and `MAIL_FROM`.
    /// `None` if the provider has no HTTP API, if there is no key, or if there is no URL and the
    /// provider has no default URL. The checks of the settings exclude all three cases.
    #[must_use]
    pub fn new(
        provider: Provider,
        key: Option<Secret>,
        api_url: Option<&str>,
        sender: Sender,
    ) -> Option<Self> {
        let base = api_url.or(provider.default_api_url())?;
        Some(Self {
            vendor: Vendor::of(provider)?,
            base: base.trim_end_matches('/').to_owned(),
            key: key?,
            sender,
        })
    }

    /// Sends the mail, in one attempt.
    ///
    /// # Errors
    /// Why the provider did not accept the mail. After a temporary failure it is possible that the
    /// provider accepted the mail all the same, for example if its answer was lost.
    #[cfg(target_arch = "wasm32")]
    pub async fn send(&self, message: &Message) -> Result<Accepted, MailFailure> {
        match fetch::send(&self.request(message)).await {
            Ok(answer) => self.judge(&answer, message),
            Err(text) => Err(MailFailure::Temporary {
                reason: self.reason(&["no answer: ", &text].concat(), message),
                retry_after: None,
            }),
        }
    }

    fn request(&self, message: &Message) -> HttpRequest {
        let account = ProviderAccount {
            base: &self.base,
            key: self.key.expose(),
            sender: &self.sender,
        };
        (self.vendor.request)(&account, message)
    }

    fn judge(&self, answer: &ProviderAnswer, message: &Message) -> Result<Accepted, MailFailure> {
        let judged = match answer.status {
            // Either the provider redirects to another of its URLs, or a proxy redirects. In both
            // cases MAIL_API_URL is wrong.
            300..=399 => answer.refused(Kind::Account, "a redirect, which is not followed"),
            _ => (self.vendor.judge)(answer),
        };
        let accepted = |id: Option<String>| self.accepted(id, message);
        judged.map(accepted).map_err(|refusal| {
            let text = [&answer.status.to_string(), ": ", &refusal.text].concat();
            failure(refusal, self.reason(&text, message))
        })
    }

    /// The provider's id of the mail in the form in which it is logged. An id that contains a
    /// secret is not logged.
    fn accepted(&self, id: Option<String>, message: &Message) -> Accepted {
        let id = id.as_deref().and_then(Accepted::loggable_id);
        Accepted {
            id: id.filter(|id| self.reason(id, message) == *id),
        }
    }

    fn reason(&self, text: &str, message: &Message) -> String {
        let key = self.key.expose();
        let basic = mailgun::basic_credentials(key);
        printable(text, &[key, &basic], message)
    }
}

/// The text without `secrets` and without the parts of the mail that must not be logged.
fn printable(text: &str, secrets: &[&str], message: &Message) -> String {
    let to = wire(&message.to);
    let private = [&to, message.to.as_given(), message.to.canonical()];
    let mut taken_out = secrets.to_vec();
    taken_out.extend(private);
    reason::printable(text, &taken_out)
}

fn failure(refusal: Refusal, reason: String) -> MailFailure {
    match refusal.kind {
        Kind::Temporary => MailFailure::Temporary {
            reason,
            retry_after: refusal.retry_after,
        },
        Kind::Account => MailFailure::Account {
            reason,
            retry_after: refusal.retry_after,
        },
        Kind::Rejected => MailFailure::Rejected { reason },
        Kind::Undeliverable => MailFailure::Undeliverable { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(provider: Provider, api_url: Option<&str>) -> Option<HttpMailer> {
        let key = Secret::new("The-Key-1".to_owned());
        HttpMailer::new(provider, Some(key), api_url, check::sender())
    }

    #[test]
    fn each_provider_over_http_has_a_url() {
        for provider in Provider::ALL {
            assert_eq!(provider.is_http(), Vendor::of(provider).is_some());
            let by_default = mailer(provider, None);
            assert_eq!(by_default.is_some(), provider.default_api_url().is_some());
            let Some(mailer) = mailer(provider, Some("http://127.0.0.1:8025/base/")) else {
                assert!(!provider.is_http());
                continue;
            };
            let request = mailer.request(&check::message());
            let path = request.url.strip_prefix("http://127.0.0.1:8025/base/");
            assert!(
                path.is_some_and(|path| !path.starts_with('/')),
                "{request:?}"
            );
        }
    }

    #[test]
    fn the_key_and_the_address_are_never_in_a_reason() {
        let said = "the-key-1, VGhlLUtleS0x, YXBpOlRoZS1LZXktMQ== for ada@XN--bcher-kva.example or Ada@Bücher.example";
        let bodies = [
            said.to_owned(),
            serde_json::json!({
                "name": "x", "message": said, "code": "x", "ErrorCode": 300, "Message": said, "success": false,
                "errors": [{"code": 1, "field": said, "message": said}],
            })
            .to_string(),
        ];
        for provider in Provider::ALL {
            let Some(mailer) = mailer(provider, Some("https://api.example")) else {
                continue;
            };
            for body in &bodies {
                for status in [200, 302, 400, 401, 422, 429, 500] {
                    let answer = ProviderAnswer {
                        status,
                        retry_after: Some(9),
                        body: body.clone(),
                        message_id: Some("the-key-1".to_owned()),
                    };
                    let failure = mailer.judge(&answer, &check::message()).unwrap_err();
                    let (MailFailure::Temporary { reason, .. }
                    | MailFailure::Account { reason, .. }
                    | MailFailure::Rejected { reason }
                    | MailFailure::Undeliverable { reason }) = &failure;
                    let printed = format!("{failure:?}").to_lowercase();
                    assert!(reason.starts_with(&status.to_string()), "{printed}");
                    for secret in ["the-key", "yxbpo", "ada", "cher"] {
                        assert!(!printed.contains(secret), "{secret} in {printed}");
                    }
                    if let MailFailure::Temporary { retry_after, .. }
                    | MailFailure::Account { retry_after, .. } = failure
                    {
                        assert_eq!(retry_after, Some(9));
                    }
                }
            }
            let printed = format!("{mailer:?}");
            assert!(!printed.contains("The-Key"), "{printed}");
        }
    }
}
