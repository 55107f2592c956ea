//! The object's two tables. Every statement has bound parameters only, and stands here whole; all of it is synchronous.

use serde::Deserialize;
use worker::{SqlStorage, SqlStorageValue};

use super::call::{Active, Knowledge, Seen, Ticket, malformed, session_id};
use crate::domain::error::StoreError;
use crate::domain::policy::MAX_TICKET_SECRETS;
use crate::domain::session::{
    ClientFingerprint, Consistency, EndReason, Fingerprints, Presented, Record, RefreshTicket,
    Rules, Standing, Stored, Use, Verdict, rotate, surplus,
};

/// The tables of one user's object. `docs/storage.md` shows each row in each state.
pub(super) struct Table(SqlStorage);

/// A session's row, as far as a renewal reads it.
#[derive(Deserialize)]
struct Row {
    used: Option<u32>,
    first_at: Option<u64>,
    used_by: Option<String>,
    ended: Option<String>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    last_used_at: u64,
    seen: String,
}

#[derive(Deserialize)]
struct Time {
    time: Option<u64>,
}

#[derive(Deserialize)]
struct Known {
    goes_on: u64,
    version: Option<u64>,
}

impl Table {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        for statement in [
            "CREATE TABLE IF NOT EXISTS session (\
             id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, used INTEGER, first_at INTEGER, used_by TEXT, \
             last_used_at INTEGER NOT NULL, lives_until INTEGER NOT NULL, seen TEXT NOT NULL, ended TEXT\
             ) WITHOUT ROWID",
            "CREATE INDEX IF NOT EXISTS session_lives_until ON session (lives_until)",
            "CREATE TABLE IF NOT EXISTS outdated (\
             one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, until INTEGER NOT NULL)",
        ] {
            self.run(statement, vec![])?;
        }
        Ok(())
    }

    pub(super) fn begin(
        &self,
        session: &str,
        epoch: u32,
        lives_until: u64,
        seen: &Seen,
        now: u64,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO session (id, epoch, last_used_at, lives_until, seen) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO NOTHING",
            vec![
                session.into(),
                i64::from(epoch).into(),
                number(now)?,
                number(lives_until)?,
                to_text(seen)?.into(),
            ],
        )
    }

    /// Ends the oldest sessions above `most`.
    pub(super) fn keep_to(&self, most: usize, epoch: u32, now: u64) -> Result<(), StoreError> {
        let active: Vec<Id> = self.rows(
            "SELECT id FROM session WHERE ended IS NULL AND epoch = ? AND lives_until > ?",
            vec![i64::from(epoch).into(), number(now)?],
        )?;
        let active = active
            .iter()
            .map(|row| session_id(&row.id))
            .collect::<Result<Vec<_>, _>>()?;
        for id in surplus(active, most) {
            self.end(&id.to_string(), EndReason::OverLimit.as_str())?;
        }
        Ok(())
    }

    pub(super) fn renew(
        &self,
        ticket: Ticket,
        by: [ClientFingerprint; MAX_TICKET_SECRETS],
        seen: &Seen,
        rules: &Rules,
        standing: Option<Standing>,
        now: u64,
    ) -> Result<Verdict, StoreError> {
        let presented = Presented {
            ticket: RefreshTicket::try_from(ticket)?,
            by: Fingerprints::from_array(by),
            now,
        };
        let session = presented.ticket.session.to_string();
        let row: Option<Row> = self
            .rows(
                "SELECT used, first_at, used_by, ended FROM session WHERE id = ?",
                vec![session.as_str().into()],
            )?
            .pop();
        let stored = row.map(Stored::try_from).transpose()?.unwrap_or_default();
        let verdict = rotate(
            &stored,
            standing,
            &presented,
            rules,
            Consistency::Linearizable,
        );
        match verdict {
            Verdict::Fresh(Record { used: Some(used) }) => self.run(
                "UPDATE session SET used = ?, first_at = ?, used_by = ?, last_used_at = ?, lives_until = ?, seen = ? \
                 WHERE id = ?",
                vec![
                    i64::from(used.counter).into(),
                    number(used.first_at)?,
                    to_text(&used.by)?.into(),
                    number(now)?,
                    number(presented.lives_until(rules))?,
                    to_text(seen)?.into(),
                    session.into(),
                ],
            )?,
            Verdict::Reused => self.end(&session, EndReason::Reused.as_str())?,
            _ => {}
        }
        Ok(verdict)
    }

    /// The first ending counts.
    pub(super) fn end(&self, session: &str, reason: &str) -> Result<(), StoreError> {
        self.run(
            "UPDATE session SET ended = ? WHERE id = ? AND ended IS NULL",
            vec![reason.into(), session.into()],
        )
    }

    pub(super) fn active(&self, epoch: u32, now: u64) -> Result<Vec<Active>, StoreError> {
        let rows: Vec<Listed> = self.rows(
            "SELECT id, last_used_at, seen FROM session WHERE ended IS NULL AND epoch = ? AND lives_until > ?",
            vec![i64::from(epoch).into(), number(now)?],
        )?;
        rows.into_iter()
            .map(|row| {
                Ok(Active {
                    id: row.id,
                    last_used_at: row.last_used_at,
                    seen: serde_json::from_str(&row.seen).map_err(|_| malformed("client"))?,
                })
            })
            .collect()
    }

    pub(super) fn outdate(&self, version: u64, until: u64) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO outdated (one, version, until) VALUES (1, ?, ?) \
             ON CONFLICT (one) DO UPDATE SET version = max(version, excluded.version), until = max(until, excluded.until)",
            vec![number(version)?, number(until)?],
        )
    }

    pub(super) fn knowledge(&self, session: &str, now: u64) -> Result<Knowledge, StoreError> {
        let known: Known = self
            .rows(
                "SELECT EXISTS (SELECT 1 FROM session WHERE id = ?1 AND ended IS NULL) AS goes_on, \
                 (SELECT version FROM outdated WHERE until > ?2) AS version",
                vec![session.into(), number(now)?],
            )?
            .pop()
            .ok_or_else(|| malformed("answer of SQLite"))?;
        Ok(Knowledge {
            ended: known.goes_on == 0,
            minimum_version: known.version,
        })
    }

    /// Deletes what has expired; answers when the next row does, or `None` when none is left.
    pub(super) fn delete_expired(&self, now: u64) -> Result<Option<u64>, StoreError> {
        self.run(
            "DELETE FROM session WHERE lives_until <= ?",
            vec![number(now)?],
        )?;
        self.run("DELETE FROM outdated WHERE until <= ?", vec![number(now)?])?;
        let next: Option<Time> = self
            .rows(
                "SELECT min(time) AS time FROM \
                 (SELECT min(lives_until) AS time FROM session UNION ALL SELECT min(until) FROM outdated)",
                vec![],
            )?
            .pop();
        Ok(next.and_then(|next| next.time))
    }

    fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<(), StoreError> {
        self.0
            .exec(statement, values)
            .map(drop)
            .map_err(|error| StoreError::new("sessions_object", error.to_string()))
    }

    fn rows<T: serde::de::DeserializeOwned>(
        &self,
        statement: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Vec<T>, StoreError> {
        self.0
            .exec(statement, values)
            .and_then(|cursor| cursor.to_array())
            .map_err(|error| StoreError::new("sessions_object", error.to_string()))
    }
}

impl TryFrom<Row> for Stored {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let used = match (row.used, row.first_at, row.used_by) {
            (None, None, None) => None,
            (Some(counter), Some(first_at), Some(by)) => Some(Use {
                counter,
                first_at,
                by: serde_json::from_str(&by).map_err(|_| malformed("session"))?,
            }),
            _ => return Err(malformed("session")),
        };
        Ok(Self {
            record: Some(Record { used }),
            ended: row.ended.is_some(),
        })
    }
}

/// A time or a counter; SQLite's integers have 63 bits, JavaScript's 53.
fn number(value: u64) -> Result<SqlStorageValue, StoreError> {
    i64::try_from(value)
        .ok()
        .and_then(|value| SqlStorageValue::try_from_i64(value).ok())
        .ok_or_else(|| malformed("number"))
}

fn to_text(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| malformed("row"))
}
