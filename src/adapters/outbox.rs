//! The outbox of local development: stores mails in the key-value store for a day instead of
//! sending them.

use serde::Serialize;

use crate::adapters::kv_sessions::KeyValue;
use crate::domain::error::StoreError;
use crate::domain::mail::{Accepted, MailFailure, Message};
use crate::domain::policy::{OUTBOX_SHOWN, OUTBOX_TTL};
use crate::ports::{Clock, Mailer};

const PREFIX: &str = "outbox:";

#[derive(Serialize)]
struct Mail<'a> {
    to: &'a str,
    subject: &'a str,
    text: &'a str,
    html: &'a str,
    sent_at: u64,
}

/// The outbox in a key-value store.
#[derive(Debug)]
pub struct Outbox<K, C> {
    store: K,
    clock: C,
}

impl<K: KeyValue, C: Clock> Outbox<K, C> {
    #[must_use]
    pub fn new(store: K, clock: C) -> Self {
        Self { store, clock }
    }

    /// The mails as a JSON array of `{to, subject, text, html, sent_at}`, the newest first. Times are
    /// in seconds since 1970.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn to_json(&self) -> Result<String, StoreError> {
        let page = self.store.list(PREFIX, None).await?;
        let keys: Vec<String> = page.keys.into_iter().map(|(key, _)| key).collect();
        let shown = keys.get(..OUTBOX_SHOWN).unwrap_or(&keys);
        if shown.is_empty() {
            // KV rejects a read of no keys.
            return Ok("[]".to_owned());
        }
        let mut mails = self.store.read(shown, None).await?;
        let texts: Vec<String> = shown.iter().filter_map(|key| mails.remove(key)).collect();
        Ok(["[", &texts.join(","), "]"].concat())
    }
}

impl<K: KeyValue, C: Clock> Mailer for Outbox<K, C> {
    async fn send(&self, message: &Message) -> Result<Accepted, MailFailure> {
        let now_ms = self.clock.now_ms();
        // Keys are listed in ascending order, so this puts the newest first.
        let order = u64::MAX.saturating_sub(now_ms);
        let key = format!("{PREFIX}{order:020}:{}", message.idempotency_key);
        let mail = Mail {
            to: message.to.as_given(),
            subject: &message.subject,
            text: &message.text,
            html: &message.html,
            sent_at: now_ms / 1000,
        };
        // Strings and integers can always be written as JSON.
        let value = serde_json::to_string(&mail).unwrap_or_default();
        self.store
            .write(&key, &value, None, OUTBOX_TTL)
            .await
            .map(|()| Accepted::default())
            .map_err(|_| MailFailure::Temporary {
                reason: "the outbox could not be written".to_owned(),
                retry_after: None,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::memory::{ManualClock, MemoryKeyValue};
    use crate::domain::account::EmailAddress;

    #[test]
    fn the_newest_mail_comes_first() {
        pollster::block_on(async {
            let clock = ManualClock::default();
            let outbox = Outbox::new(MemoryKeyValue::default(), clock.clone());
            assert_eq!(outbox.to_json().await.unwrap(), "[]");
            for subject in ["first", "sec\"ond\n"] {
                let message = Message {
                    to: EmailAddress::parse("ada@example.com").unwrap(),
                    subject: subject.to_owned(),
                    text: "a \u{1f511}".to_owned(),
                    html: "<p>".to_owned(),
                    idempotency_key: subject.len().to_string(),
                    request: None,
                };
                outbox.send(&message).await.unwrap();
                clock.advance(1);
            }
            let json: serde_json::Value =
                serde_json::from_str(&outbox.to_json().await.unwrap()).unwrap();
            assert_eq!(json[0]["subject"], "sec\"ond\n");
            assert_eq!(json[1]["subject"], "first");
            assert_eq!(json[1]["text"], "a \u{1f511}");
            assert_eq!(json[1]["to"], "ada@example.com");
            assert!(json[0]["sent_at"].as_u64() > json[1]["sent_at"].as_u64());
        });
    }
}
