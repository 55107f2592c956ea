//! Cloudflare Email Service through the binding `EMAIL` of type `send_email`.
//!
//! The binding has no idempotency key, so a mail whose answer was lost might arrive twice. The
//! binding has no tracking. The binding calls the sender's address `email`, and the REST API calls
//! it `address`. The binding's exceptions have a `code`
//! (<https://developers.cloudflare.com/email-service/api/send-emails/workers-api/#error-codes>).

use super::answer::Kind;

/// The meaning of an exception's `code`. After an unknown code, or without a code, the mail is
/// retried.
fn kind(code: &str) -> Kind {
    match code {
        "E_RECIPIENT_SUPPRESSED" => Kind::Undeliverable,
        // The operator's own list of allowed recipients does not contain this address.
        "E_RECIPIENT_NOT_ALLOWED"
        | "E_VALIDATION_ERROR"
        | "E_FIELD_MISSING"
        | "E_TOO_MANY_RECIPIENTS"
        | "E_CONTENT_TOO_LARGE" => Kind::Rejected,
        // Cloudflare allows all headers that this service sends. If Cloudflare refuses a header all
        // the same, a retry would not help.
        _ if code.starts_with("E_HEADER") => Kind::Rejected,
        // The domain is not ready, or the day's quota is used up.
        "E_SENDER_NOT_VERIFIED" | "E_SENDER_DOMAIN_NOT_AVAILABLE" | "E_DAILY_LIMIT_EXCEEDED" => {
            Kind::Account
        }
        // A limit, a failed delivery, or an error at Cloudflare.
        _ => Kind::Temporary,
    }
}

#[cfg(target_arch = "wasm32")]
pub use edge::BindingMailer;

#[cfg(target_arch = "wasm32")]
mod edge {
    use std::pin::pin;
    use std::time::Duration;

    use futures_util::future::{Either, select};
    use js_sys::{Object, Promise};
    use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
    use worker::Env;
    use worker::wasm_bindgen_futures::JsFuture;

    use super::super::answer::Refusal;
    use super::super::request::{mail_headers, one_line, wire};
    use super::super::{failure, printable};
    use super::kind;
    use crate::adapters::cloudflare::binding::{bound, member, message_of, set};
    use crate::domain::mail::{Accepted, MailFailure, Message, Sender};
    use crate::domain::policy::MAIL_TIMEOUT_MS;

    #[wasm_bindgen]
    extern "C" {
        /// The platform's `SendEmail`.
        #[derive(Clone, Debug)]
        type SendEmail;
        #[wasm_bindgen(method, catch)]
        fn send(this: &SendEmail, message: &Object) -> Result<JsValue, JsValue>;
    }

    /// Sends mails through the binding `EMAIL`.
    #[derive(Clone, Debug)]
    pub struct BindingMailer {
        binding: SendEmail,
        sender: Sender,
    }

    impl BindingMailer {
        /// `None` if the binding is not configured.
        #[must_use]
        pub fn new(env: &Env, sender: Sender) -> Option<Self> {
            bound(env, "EMAIL").map(|binding| Self { binding, sender })
        }

        /// Sends the mail, in one attempt.
        ///
        /// # Errors
        /// Why the mail was not accepted. After a temporary failure it is possible that the mail
        /// was accepted all the same, for example if the answer took too long.
        pub async fn send(&self, message: &Message) -> Result<Accepted, MailFailure> {
            let thrown = match self.binding.send(&self.builder(message)) {
                Err(error) => error,
                Ok(answer) => {
                    // A binding can return a promise of another JavaScript realm. `resolve` turns
                    // it into a promise of this realm.
                    let promise = Promise::resolve(&answer);
                    let late = worker::Delay::from(Duration::from_millis(MAIL_TIMEOUT_MS.into()));
                    match select(JsFuture::from(promise), pin!(late)).await {
                        Either::Left((Ok(result), _)) => {
                            let id = member(&result, "messageId").as_string();
                            let id = id.as_deref().and_then(Accepted::loggable_id);
                            let id = id.filter(|id| printable(id, &[], message) == *id);
                            return Ok(Accepted { id });
                        }
                        Either::Left((Err(error), _)) => error,
                        Either::Right(_) => JsValue::from_str("it took too long"),
                    }
                }
            };
            let code = member(&thrown, "code").as_string().unwrap_or_default();
            let text = [&code, ": ", &message_of(&thrown)].concat();
            let refusal = Refusal {
                kind: kind(&code),
                text: String::new(),
                retry_after: None,
            };
            Err(failure(refusal, printable(&text, &[], message)))
        }

        /// The mail as an `EmailMessageBuilder` of the platform.
        fn builder(&self, message: &Message) -> Object {
            let address = JsValue::from(wire(&self.sender.address));
            let from = match &self.sender.name {
                None => address,
                Some(name) => object([("email", address), ("name", one_line(name).into())]).into(),
            };
            let headers = Object::new();
            for (name, value) in mail_headers(message) {
                set(&headers, name, &value.into());
            }
            object([
                ("from", from),
                ("to", wire(&message.to).into()),
                ("subject", one_line(&message.subject).into()),
                ("text", message.text.as_str().into()),
                ("html", message.html.as_str().into()),
                ("headers", headers.into()),
            ])
        }
    }

    fn object<const N: usize>(members: [(&str, JsValue); N]) -> Object {
        let object = Object::new();
        for (name, value) in members {
            set(&object, name, &value);
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_code() {
        for (code, expected) in [
            ("E_VALIDATION_ERROR", Kind::Rejected),
            ("E_FIELD_MISSING", Kind::Rejected),
            ("E_TOO_MANY_RECIPIENTS", Kind::Rejected),
            ("E_SENDER_NOT_VERIFIED", Kind::Account),
            ("E_RECIPIENT_NOT_ALLOWED", Kind::Rejected),
            ("E_RECIPIENT_SUPPRESSED", Kind::Undeliverable),
            ("E_SENDER_DOMAIN_NOT_AVAILABLE", Kind::Account),
            ("E_CONTENT_TOO_LARGE", Kind::Rejected),
            ("E_DELIVERY_FAILED", Kind::Temporary),
            ("E_RATE_LIMIT_EXCEEDED", Kind::Temporary),
            ("E_DAILY_LIMIT_EXCEEDED", Kind::Account),
            ("E_INTERNAL_SERVER_ERROR", Kind::Temporary),
            ("E_HEADER_NOT_ALLOWED", Kind::Rejected),
            ("E_HEADER_USE_API_FIELD", Kind::Rejected),
            ("E_HEADER_VALUE_INVALID", Kind::Rejected),
            ("E_HEADER_VALUE_TOO_LONG", Kind::Rejected),
            ("E_HEADER_NAME_INVALID", Kind::Rejected),
            ("E_HEADERS_TOO_LARGE", Kind::Rejected),
            ("E_HEADERS_TOO_MANY", Kind::Rejected),
            ("E_NEW", Kind::Temporary),
            ("", Kind::Temporary),
        ] {
            assert_eq!(kind(code), expected, "{code}");
        }
    }
}
