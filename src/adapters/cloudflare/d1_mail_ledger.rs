//! The mail ledger in D1: which mails were sent recently, and which could not be sent. Its counts
//! are exact, even if several requests write at the same time. Charging a pool (a share of the mail
//! budget) is one statement. A lane (the recent links to one mailbox) is written only if it has not
//! changed since it was read.

use wasm_bindgen::JsValue;

use super::d1::{Database, Row, malformed, number, optional, text};
use crate::domain::account::{EmailAddress, UserId};
use crate::domain::error::StoreError;
use crate::domain::mail::{FailureKind, Lane, LinkLife, ProviderFailures};
use crate::domain::policy::{DAY, HOUR, LANE_TRIES, MAIL_TROUBLE_TTL};
use crate::ports::{DeadLetter, LaneRequest, MailLedger, Once};
use edgegate_token::json::Json;

/// The ledger in a D1 database.
#[derive(Debug)]
pub struct D1MailLedger(Database);

impl D1MailLedger {
    /// The ledger in this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// Runs a statement. Returns the column `n` of its first row, if there is one.
    async fn run(&self, sql: &str, values: Vec<JsValue>) -> Result<Option<u64>, StoreError> {
        let row = self.0.first(sql, values).await?;
        row.map(|row| row.number("n")).transpose()
    }
}

impl D1MailLedger {
    /// Changes a lane: reads it, applies `change`, and writes the lane only if nobody else has
    /// changed it meanwhile. If somebody has, starts again with reading. If `change` returns
    /// `None`, nothing is written.
    async fn change_lane<T>(
        &self,
        lane: &str,
        change: impl Fn(&mut Lane) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        for _ in 0..LANE_TRIES {
            let row = self
                .0
                .first(
                    "SELECT state FROM mail_lanes WHERE lane = ?1",
                    vec![text(lane)],
                )
                .await?;
            let stored = match row {
                Some(row) => row.text("state")?,
                None => String::new(),
            };
            let before = Lane::decode(&stored).ok_or_else(|| malformed("state"))?;
            let mut after = before.clone();
            let Some(changed) = change(&mut after) else {
                return Ok(None);
            };
            if after == before || self.replace_lane(lane, &stored, &after).await? {
                return Ok(Some(changed));
            }
        }
        Err(StoreError::new(
            "d1",
            "a lane was changed by others in every try",
        ))
    }

    async fn replace_lane(
        &self,
        lane: &str,
        before: &str,
        after: &Lane,
    ) -> Result<bool, StoreError> {
        let replaced = self
            .run(
                "INSERT INTO mail_lanes (lane, state, lapses_at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (lane) DO UPDATE SET state = ?2, lapses_at = ?3 WHERE state = ?4 \
                 RETURNING 1 AS n",
                vec![
                    text(lane),
                    text(&after.encode()),
                    number(after.lapses_at()),
                    text(before),
                ],
            )
            .await?;
        Ok(replaced.is_some())
    }
}

impl MailLedger for D1MailLedger {
    async fn pay(&self, pool: &str, most: u64, now: u64) -> Result<bool, StoreError> {
        let paid = self
            .run(
                "INSERT INTO mail_pools (hour, pool, paid) SELECT ?1, ?2, 1 WHERE ?3 > 0 \
                 ON CONFLICT (hour, pool) DO UPDATE SET paid = paid + 1 WHERE paid < ?3 \
                 RETURNING paid AS n",
                vec![number(now / HOUR), text(pool), number(most)],
            )
            .await?;
        Ok(paid.is_some())
    }

    async fn admit(
        &self,
        lane: &str,
        request: LaneRequest<'_>,
    ) -> Result<Option<LinkLife>, StoreError> {
        let LaneRequest {
            job,
            base,
            limited,
            now,
        } = request;
        let admit = |lane: &mut Lane| lane.admit(job, base, now, limited);
        // Most mailboxes got no mail lately, so their lane is empty. The first attempt assumes that
        // the lane is empty, which saves reading it.
        let mut first = Lane::default();
        if let Some(life) = admit(&mut first)
            && self.replace_lane(lane, "", &first).await?
        {
            return Ok(Some(life));
        }
        self.change_lane(lane, admit).await
    }

    async fn release(&self, lane: &str, job: &str) -> Result<(), StoreError> {
        self.change_lane(lane, |lane| {
            lane.release(job);
            Some(())
        })
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

    async fn kept_naming(
        &self,
        user: UserId,
        address: &EmailAddress,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        // SQLite's lower() changes only ASCII characters. So the last condition also selects every
        // job that contains other characters: the text of such a job has more bytes than
        // characters.
        let sql = "SELECT * FROM dead_letters WHERE id > ?1 AND (instr(job, ?3) \
                   OR instr(lower(job), ?4) OR length(job) <> length(CAST(job AS BLOB))) \
                   ORDER BY id LIMIT ?2";
        let values = vec![
            text(after),
            number(limit.into()),
            text(&user.to_string()),
            text(address.canonical()),
        ];
        let rows = self.0.all(sql, values).await?;
        rows.into_iter().map(DeadLetter::try_from).collect()
    }

    async fn retry(&self, ids: Option<&[String]>) -> Result<u64, StoreError> {
        let ids = ids.map(ids_to_json);
        let sql = "UPDATE dead_letters SET retry_at = 0 \
                   WHERE ?1 IS NULL OR id IN (SELECT value FROM json_each(?1)) RETURNING 1 AS n";
        let values = vec![optional(ids.as_deref().map(text))];
        Ok(self.0.all(sql, values).await?.len() as u64)
    }

    async fn discard(&self, ids: &[String]) -> Result<u64, StoreError> {
        let sql = "DELETE FROM dead_letters \
                   WHERE id IN (SELECT value FROM json_each(?1)) RETURNING 1 AS n";
        let values = vec![text(&ids_to_json(ids))];
        Ok(self.0.all(sql, values).await?.len() as u64)
    }

    async fn provider_failed(
        &self,
        kind: FailureKind,
        reason: &str,
        now: u64,
    ) -> Result<ProviderFailures, StoreError> {
        let row = self
            .0
            .first(
                "INSERT INTO provider_failures (kind, since, last_at, failures, reason) \
                 VALUES (?1, ?2, ?2, 1, ?3) \
                 ON CONFLICT (kind) DO UPDATE SET last_at = ?2, failures = failures + 1, reason = ?3 \
                 RETURNING *",
                vec![text(kind.name()), number(now), text(reason)],
            )
            .await?;
        row.ok_or_else(|| malformed("provider_failures"))?
            .try_into()
    }

    async fn provider_works(&self) -> Result<(), StoreError> {
        let sql = "DELETE FROM provider_failures RETURNING failures AS n";
        self.run(sql, vec![]).await.map(drop)
    }

    async fn provider_failures(&self) -> Result<Vec<ProviderFailures>, StoreError> {
        let rows = self
            .0
            .all("SELECT * FROM provider_failures ORDER BY kind", vec![])
            .await?;
        rows.into_iter().map(ProviderFailures::try_from).collect()
    }

    async fn tidy(&self, dead_before: u64, now: u64) -> Result<u64, StoreError> {
        for (sql, before) in [
            ("DELETE FROM mail_lanes WHERE lapses_at <= ?1", now),
            ("DELETE FROM mail_pools WHERE hour < ?1", now / HOUR),
            // Only versions before 0.2 wrote this table.
            (
                "DELETE FROM mail_addresses WHERE day_began <= ?1",
                now.saturating_sub(DAY),
            ),
            ("DELETE FROM notices_once WHERE until <= ?1", now),
            (
                "DELETE FROM provider_failures WHERE last_at <= ?1",
                now.saturating_sub(MAIL_TROUBLE_TTL),
            ),
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

fn ids_to_json(ids: &[String]) -> String {
    ids.iter().cloned().collect::<Json>().to_text()
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

impl TryFrom<Row> for ProviderFailures {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            kind: FailureKind::parse(&row.text("kind")?).ok_or_else(|| malformed("kind"))?,
            since: row.number("since")?,
            last_at: row.number("last_at")?,
            failures: row.number("failures")?,
            reason: row.text("reason")?,
        })
    }
}
