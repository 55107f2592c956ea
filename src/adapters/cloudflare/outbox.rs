//! The outbox of local development: stores mails in the database for a day instead of sending them.
//!
//! The outbox creates its table itself. A migration would create the table in deployed databases
//! too.

use serde::Serialize;

use super::clock::PlatformClock;
use super::d1::{Database, number, text};
use crate::domain::error::StoreError;
use crate::domain::mail::{Accepted, MailFailure, Message};
use crate::domain::policy::{OUTBOX_SHOWN, OUTBOX_TTL};
use crate::ports::{Clock, Mailer};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS outbox \
                     (sent_at INTEGER NOT NULL, mail TEXT NOT NULL) STRICT";

#[derive(Serialize)]
struct Mail<'a> {
    to: &'a str,
    subject: &'a str,
    text: &'a str,
    html: &'a str,
    sent_at: u64,
}

/// The outbox in a D1 database.
#[derive(Debug)]
pub struct Outbox(Database);

impl Outbox {
    /// The outbox in this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// The mails as a JSON array of `{to, subject, text, html, sent_at}`, the newest first. Times
    /// are in seconds since 1970.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn to_json(&self) -> Result<String, StoreError> {
        let newest = (
            "SELECT mail FROM outbox WHERE sent_at > ?1 ORDER BY sent_at DESC, rowid DESC LIMIT ?2",
            vec![number(oldest_kept(now())), number(OUTBOX_SHOWN)],
        );
        let answers = self.0.batch(vec![(TABLE, vec![]), newest]).await?;
        let rows = answers.last().map_or(&[][..], Vec::as_slice);
        let mails: Vec<String> = rows
            .iter()
            .map(|row| row.text("mail"))
            .collect::<Result<_, _>>()?;
        Ok(["[", &mails.join(","), "]"].concat())
    }
}

impl Mailer for Outbox {
    async fn send(&self, message: &Message) -> Result<Accepted, MailFailure> {
        let sent_at = now();
        let mail = Mail {
            to: message.to.as_given(),
            subject: &message.subject,
            text: &message.text,
            html: &message.html,
            sent_at,
        };
        // Strings and integers can always be written as JSON.
        let json = serde_json::to_string(&mail).unwrap_or_default();
        let statements = vec![
            (TABLE, vec![]),
            (
                "DELETE FROM outbox WHERE sent_at <= ?1",
                vec![number(oldest_kept(sent_at))],
            ),
            (
                "INSERT INTO outbox (sent_at, mail) VALUES (?1, ?2)",
                vec![number(sent_at), text(&json)],
            ),
        ];
        self.0
            .batch(statements)
            .await
            .map(|_| Accepted::default())
            .map_err(|_| MailFailure::Temporary {
                reason: "the outbox could not be written".to_owned(),
                retry_after: None,
            })
    }
}

fn now() -> u64 {
    PlatformClock.now_ms() / 1000
}

fn oldest_kept(now: u64) -> u64 {
    now.saturating_sub(OUTBOX_TTL)
}
