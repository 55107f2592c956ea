//! What was mailed lately and what could not be, in D1: each count is one statement, so it is exact.

use worker::wasm_bindgen::JsValue;

use super::d1::{Database, Row, number, optional, text};
use crate::domain::error::StoreError;
use crate::domain::policy::{DAY, HOUR};
use crate::ports::{DeadLetter, MailLedger, Once};

/// The ledger in a D1 database.
#[derive(Debug)]
pub struct D1MailLedger(Database);

impl D1MailLedger {
    /// The ledger in this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// Runs a statement; answers the column `n` of its first row, when there is one.
    async fn run(&self, sql: &str, values: Vec<JsValue>) -> Result<Option<u64>, StoreError> {
        let row = self.0.first(sql, values).await?;
        row.map(|row| row.number("n")).transpose()
    }
}

impl MailLedger for D1MailLedger {
    async fn admit_address(
        &self,
        key: &str,
        job: &str,
        pause: u64,
        most: u32,
        now: u64,
    ) -> Result<bool, StoreError> {
        let admitted = self
            .run(
                "INSERT INTO mail_addresses (address, job, last_at, day_began, sent) VALUES (?1, ?2, ?3, ?3, 1) \
                 ON CONFLICT (address) DO UPDATE SET \
                 sent = CASE WHEN job = ?2 THEN sent WHEN day_began <= ?4 THEN 1 ELSE sent + 1 END, \
                 day_began = CASE WHEN job <> ?2 AND day_began <= ?4 THEN ?3 ELSE day_began END, \
                 last_at = CASE WHEN job = ?2 THEN last_at ELSE ?3 END, \
                 job = ?2 \
                 WHERE job = ?2 OR last_at <= ?5 AND (sent < ?6 OR day_began <= ?4) \
                 RETURNING sent AS n",
                vec![
                    text(key),
                    text(job),
                    number(now),
                    number(now.saturating_sub(DAY)),
                    number(now.saturating_sub(pause)),
                    number(most.into()),
                ],
            )
            .await?;
        Ok(admitted.is_some())
    }

    async fn spend(&self, budget: u64, now: u64) -> Result<bool, StoreError> {
        let spent = self
            .run(
                "INSERT INTO mail_hours (hour, sent) SELECT ?1, 1 WHERE ?2 > 0 \
                 ON CONFLICT (hour) DO UPDATE SET sent = sent + 1 WHERE sent < ?2 RETURNING sent AS n",
                vec![number(now / HOUR), number(budget)],
            )
            .await?;
        Ok(spent.is_some())
    }

    async fn refund(&self, now: u64) -> Result<(), StoreError> {
        self.run(
            "UPDATE mail_hours SET sent = sent - 1 WHERE hour = ?1 AND sent > 0 RETURNING sent AS n",
            vec![number(now / HOUR)],
        )
        .await
        .map(drop)
    }

    async fn take_once(&self, id: &str, until: u64, now: u64) -> Result<Once, StoreError> {
        let taken = self
            .run(
                "INSERT INTO notices_once (id, until, sent) VALUES (?1, ?2, 0) \
                 ON CONFLICT (id) DO UPDATE SET until = ?2, sent = 0 WHERE until <= ?3 RETURNING 1 AS n",
                vec![text(id), number(until), number(now)],
            )
            .await?;
        if taken.is_some() {
            return Ok(Once::Taken);
        }
        let sent = self
            .run(
                "SELECT sent AS n FROM notices_once WHERE id = ?1",
                vec![text(id)],
            )
            .await?;
        Ok(if sent == Some(1) {
            Once::Sent
        } else {
            Once::Held
        })
    }

    async fn sent_once(&self, id: &str, until: u64) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO notices_once (id, until, sent) VALUES (?1, ?2, 1) \
             ON CONFLICT (id) DO UPDATE SET until = ?2, sent = 1 RETURNING sent AS n",
            vec![text(id), number(until)],
        )
        .await
        .map(drop)
    }

    async fn keep(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        self.run(
            "INSERT OR REPLACE INTO dead_letters (id, job, reason, tries, failed_at, retry_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING tries AS n",
            vec![
                text(&letter.id),
                text(&letter.job),
                text(&letter.reason),
                number(letter.tries.into()),
                number(letter.failed_at),
                optional(letter.retry_at.map(number)),
            ],
        )
        .await
        .map(drop)
    }

    async fn due(&self, limit: u32, now: u64) -> Result<Vec<DeadLetter>, StoreError> {
        let sql = "SELECT * FROM dead_letters WHERE retry_at <= ?1 ORDER BY retry_at LIMIT ?2";
        let rows = self
            .0
            .all(sql, vec![number(now), number(limit.into())])
            .await?;
        rows.into_iter().map(DeadLetter::try_from).collect()
    }

    async fn forget(&self, id: &str) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM dead_letters WHERE id = ?1 RETURNING tries AS n",
            vec![text(id)],
        )
        .await
        .map(drop)
    }

    async fn kept(&self, after: &str, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        let sql = "SELECT * FROM dead_letters WHERE id > ?1 ORDER BY id LIMIT ?2";
        let values = vec![text(after), number(limit.into())];
        let rows = self.0.all(sql, values).await?;
        rows.into_iter().map(DeadLetter::try_from).collect()
    }

    async fn tidy(&self, dead_before: u64, now: u64) -> Result<u64, StoreError> {
        for (sql, before) in [
            (
                // The first of the two is for the index.
                "DELETE FROM mail_addresses WHERE day_began <= ?1 AND last_at <= ?1",
                now.saturating_sub(DAY),
            ),
            ("DELETE FROM mail_hours WHERE hour < ?1", now / HOUR),
            ("DELETE FROM notices_once WHERE until <= ?1", now),
            ("DELETE FROM dead_letters WHERE failed_at < ?1", dead_before),
        ] {
            self.0.first(sql, vec![number(before)]).await?;
        }
        let dead = self
            .run(
                "SELECT count(*) AS n FROM dead_letters WHERE retry_at IS NULL",
                vec![],
            )
            .await?;
        Ok(dead.unwrap_or_default())
    }
}

impl TryFrom<Row> for DeadLetter {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            job: row.text("job")?,
            reason: row.text("reason")?,
            tries: u32::try_from(row.number("tries")?).unwrap_or(u32::MAX),
            failed_at: row.number("failed_at")?,
            retry_at: row.optional_number("retry_at")?,
        })
    }
}
