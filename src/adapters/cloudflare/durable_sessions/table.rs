//! The four tables of a user's object. Each SQL statement is a complete literal. Values are passed
//! only as bound parameters. Everything here is synchronous.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::OBJECT;
use super::call::Seen;
use crate::adapters::cloudflare::binding::{failed, whole};
use crate::adapters::cloudflare::object_state::Sql;
use crate::adapters::cloudflare::objects;
use crate::domain::authorization::{ClientHash, CodeId, Exchanged};
use crate::domain::error::StoreError;
use crate::domain::json;
use crate::domain::policy::ENDED_ROW_TTL;
use crate::domain::session::{
    ActiveSession, AppBinding, ClientFingerprint, Consistency, DatedCopy, Decision, Effect,
    EndReason, Fence, Holder, Methods, Presented, Proof, Proved, Record, RefreshTicket, Revocation,
    Rules, SessionId, Standing, Stored, Use, rotate, surplus,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Sql, statement: &str, values: Array) -> Result<Cursor, JsValue>;

    /// The platform's `SqlStorageCursor`.
    type Cursor;
    #[wasm_bindgen(method, catch)]
    fn raw(this: &Cursor) -> Result<Rows, JsValue>;

    /// The result of `raw`: an iterator over rows. Each row is an array.
    type Rows;
    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &Rows) -> Result<Array, JsValue>;
}

/// The tables of one user's object. `docs/storage.md` shows each row in each state.
pub(super) struct Table(Sql);

impl Table {
    pub(super) fn new(sql: Sql) -> Self {
        Self(sql)
    }

    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        for statement in [
            "CREATE TABLE IF NOT EXISTS session (\
             id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, used INTEGER, first_at INTEGER, used_by INTEGER, \
             last_used_at INTEGER NOT NULL, lives_until INTEGER NOT NULL, seen TEXT NOT NULL, ended TEXT, \
             auth_time INTEGER, amr INTEGER, client TEXT, sign_on TEXT\
             ) WITHOUT ROWID",
            "CREATE INDEX IF NOT EXISTS session_lives_until ON session (lives_until)",
            "CREATE TABLE IF NOT EXISTS outdated (\
             one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, until INTEGER NOT NULL)",
            "CREATE TABLE IF NOT EXISTS fence (\
             one INTEGER PRIMARY KEY CHECK (one = 1), generation TEXT NOT NULL, held_until INTEGER NOT NULL, \
             asked_at INTEGER, user TEXT)",
        ] {
            self.rows(statement, vec![])?;
        }
        self.add_proofs()?;
        self.add_apps()
    }

    /// Adds the columns of the proof (when and how the user last proved who they are) to a table
    /// that an earlier version of the service has made. The query reads no row, so it costs nothing
    /// when an object starts. Both columns are added in one turn of the object, so the stored table
    /// never has one column without the other.
    fn add_proofs(&self) -> Result<(), StoreError> {
        let columns = "SELECT auth_time, amr FROM session LIMIT 0";
        if self.rows(columns, vec![]).is_err() {
            self.rows("ALTER TABLE session ADD COLUMN auth_time INTEGER", vec![])?;
            self.rows("ALTER TABLE session ADD COLUMN amr INTEGER", vec![])?;
        }
        Ok(())
    }

    /// Adds, in the same way, the columns for the app and the single sign-on to which a session
    /// belongs. There is no index on these columns, because an index would take a page of 4 KiB in
    /// every object, and a user has few sessions.
    fn add_apps(&self) -> Result<(), StoreError> {
        let columns = "SELECT client, sign_on FROM session LIMIT 0";
        if self.rows(columns, vec![]).is_err() {
            self.rows("ALTER TABLE session ADD COLUMN client TEXT", vec![])?;
            self.rows("ALTER TABLE session ADD COLUMN sign_on TEXT", vec![])?;
        }
        Ok(())
    }

    /// Stores a new session. Returns whether the session has ended already. A new session of an app
    /// has ended already if its single sign-on has ended, or if its authorization code was
    /// presented again.
    pub(super) fn begin(
        &self,
        session: SessionId,
        holder: &Holder,
        epoch: u32,
        lives_until: u64,
        seen: Seen,
        now: u64,
    ) -> Result<bool, StoreError> {
        let sign_on = match holder {
            Holder::Browser { sign_on } => *sign_on,
            Holder::App(app) => app.sign_on,
        };
        self.rows(
            "INSERT INTO session (id, epoch, last_used_at, lives_until, seen, client, sign_on) \
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            vec![
                session.to_string().into(),
                number(epoch.into()),
                number(now),
                number(lives_until),
                seen.0.into(),
                optional(holder.client()),
                optional(sign_on),
            ],
        )?;
        let Holder::App(app) = holder else {
            return Ok(false);
        };
        let over = self.over_before_it_began(session, app)?;
        if let Some(reason) = over {
            self.end(session, None, reason, now)?;
        }
        Ok(over.is_some())
    }

    fn over_before_it_began(
        &self,
        session: SessionId,
        app: &AppBinding,
    ) -> Result<Option<EndReason>, StoreError> {
        if let Some(sign_on) = app.sign_on
            && self.has_signed_off(sign_on)?
        {
            return Ok(Some(EndReason::LoggedOut));
        }
        let replayed = self.exchanged_rows(
            "SELECT 1 FROM exchanged WHERE session = ? AND replayed = 1",
            vec![session.to_string().into()],
        )?;
        Ok((!replayed.is_empty()).then_some(EndReason::CodeReplayed))
    }

    /// Implements [`has_signed_off`](crate::ports::SessionStore::has_signed_off): whether a
    /// browser's session of this single sign-on was signed out. The row of a session that was
    /// signed out is stored for longer than any authorization code is valid.
    pub(super) fn has_signed_off(&self, sign_on: SessionId) -> Result<bool, StoreError> {
        let rows = self.rows(
            "SELECT 1 FROM session WHERE (id = ?1 OR sign_on = ?1) AND client IS NULL \
             AND ended NOT IN ('over_limit', 'replaced') LIMIT 1",
            vec![sign_on.to_string().into()],
        )?;
        Ok(!rows.is_empty())
    }

    /// Runs a statement on the table of exchanged codes. The table is created by the first
    /// exchange, because it takes a page of 4 KiB and most objects never need it. If there is no
    /// table yet, the result has no rows.
    fn exchanged_rows(
        &self,
        statement: &str,
        values: Vec<JsValue>,
    ) -> Result<Vec<Array>, StoreError> {
        match self.rows(statement, values) {
            Err(error) if error.detail.contains("no such table") => Ok(Vec::new()),
            rows => rows,
        }
    }

    /// Implements [`exchange`](crate::ports::SessionStore::exchange).
    pub(super) fn exchange(
        &self,
        code: &CodeId,
        session: SessionId,
        sign_on: Option<SessionId>,
        until: u64,
    ) -> Result<Exchanged, StoreError> {
        if let Some(sign_on) = sign_on
            && self.has_signed_off(sign_on)?
        {
            return Ok(Exchanged::SignedOff);
        }
        self.rows(
            "CREATE TABLE IF NOT EXISTS exchanged (\
             code TEXT PRIMARY KEY, session TEXT NOT NULL, until INTEGER NOT NULL, \
             replayed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
            vec![],
        )?;
        let code = code.to_string();
        let known = self
            .rows(
                "SELECT session FROM exchanged WHERE code = ?",
                vec![code.as_str().into()],
            )?
            .pop();
        let Some(known) = known else {
            self.rows(
                "INSERT INTO exchanged (code, session, until) VALUES (?, ?, ?)",
                vec![code.into(), session.to_string().into(), number(until)],
            )?;
            return Ok(Exchanged::First);
        };
        let first = text(&known, 0)
            .and_then(|id| SessionId::parse(&id))
            .ok_or_else(malformed)?;
        if first == session {
            return Ok(Exchanged::First);
        }
        self.rows(
            "UPDATE exchanged SET replayed = 1 WHERE code = ?",
            vec![code.into()],
        )?;
        Ok(Exchanged::Again(first))
    }

    /// Ends the oldest sessions if the user has more than `most`, but never the new session
    /// `begun`. With `client`, only the sessions of that app are counted and ended. Without it,
    /// only the sessions of browsers are. Sessions with an earlier epoch have ended already,
    /// because the user's row has a later epoch. Their rows are stored as long as the rows of other
    /// ended sessions. Returns whether any row now expires sooner than before.
    pub(super) fn keep_to(
        &self,
        most: usize,
        begun: SessionId,
        client: Option<ClientHash>,
        epoch: u32,
        now: u64,
    ) -> Result<bool, StoreError> {
        let until = now.saturating_add(ENDED_ROW_TTL);
        let mut others = Vec::new();
        let mut of_earlier_epochs = Vec::new();
        for row in self.rows(
            "SELECT id, epoch, lives_until, client FROM session \
             WHERE ended IS NULL AND epoch <= ? AND lives_until > ? AND id <> ? ORDER BY id",
            vec![number(epoch.into()), number(now), begun.to_string().into()],
        )? {
            let id = text(&row, 0).and_then(|id| SessionId::parse(&id));
            if integer(&row, 1) == Some(epoch.into()) {
                if text(&row, 3) == client.map(|client| client.to_string()) {
                    others.extend(id);
                }
            } else if integer(&row, 2).is_some_and(|lives_until| lives_until > until) {
                of_earlier_epochs.extend(id);
            }
        }
        let surplus = surplus(&others, most);
        for id in surplus {
            self.end(*id, None, EndReason::OverLimit, now)?;
        }
        for id in &of_earlier_epochs {
            self.rows(
                "UPDATE session SET lives_until = ? WHERE id = ?",
                vec![number(until), id.to_string().into()],
            )?;
        }
        Ok(!surplus.is_empty() || !of_earlier_epochs.is_empty())
    }

    pub(super) fn renew(
        &self,
        presented: &Presented,
        rules: &Rules,
        standing: Option<Standing>,
        seen: Seen,
    ) -> Result<Decision, StoreError> {
        let session = presented.ticket.session;
        let decision = rotate::decide(
            &self.stored(session)?,
            standing,
            presented,
            rules,
            Consistency::Linearizable,
        );
        match decision.effect {
            Effect::Record {
                used,
                proof,
                lives_until,
            } => {
                self.rows(
                    "UPDATE session SET used = ?, first_at = ?, used_by = ?, last_used_at = ?, lives_until = ?, \
                     seen = ?, auth_time = ?, amr = ? WHERE id = ?",
                    vec![
                        number(used.counter.into()),
                        number(used.first_at),
                        number(u32::from_be_bytes(ClientFingerprint::to_bytes(used.by)).into()),
                        number(presented.now),
                        number(lives_until),
                        seen.0.into(),
                        number(proof.auth_time),
                        number(proof.methods.to_bits().into()),
                        session.to_string().into(),
                    ],
                )?;
            }
            Effect::End(reason) => self.end(session, None, reason, presented.now)?,
            Effect::Nothing => {}
        }
        Ok(decision)
    }

    pub(super) fn prove(
        &self,
        ticket: &RefreshTicket,
        rules: &Rules,
        now: u64,
    ) -> Result<Proved, StoreError> {
        let stored = self.stored(ticket.session)?;
        let proved = rotate::prove(&stored, ticket, rules, Consistency::Linearizable, now);
        if proved == Proved::GoesOn {
            let known = stored.record.and_then(|record| record.proof);
            let newest = ticket.proof.or_later(known);
            self.rows(
                "UPDATE session SET auth_time = ?, amr = ? WHERE id = ?",
                vec![
                    number(newest.auth_time),
                    number(newest.methods.to_bits().into()),
                    ticket.session.to_string().into(),
                ],
            )?;
        }
        Ok(proved)
    }

    fn stored(&self, session: SessionId) -> Result<Stored, StoreError> {
        let row = self
            .rows(
                "SELECT used, first_at, used_by, ended, auth_time, amr FROM session WHERE id = ?",
                vec![session.to_string().into()],
            )?
            .pop();
        match row {
            None => Ok(Stored::default()),
            Some(row) => decode_stored(&row),
        }
    }

    /// Ends a session. If the reason [ends the sign-on](EndReason::ends_the_sign_on), the session's
    /// single sign-on and the apps' sessions that belong to it end too. The row is deleted after
    /// [`ENDED_ROW_TTL`]. If the session has ended before, the new reason replaces the stored
    /// reason only if the new one ends the sign-on and the stored one does not. `holder` is what
    /// the caller knows about the holder of the session.
    pub(super) fn end(
        &self,
        session: SessionId,
        holder: Option<&Holder>,
        reason: EndReason,
        now: u64,
    ) -> Result<(), StoreError> {
        let until = now.saturating_add(ENDED_ROW_TTL);
        let statement = if reason.ends_the_sign_on() {
            "UPDATE session SET ended = ?, lives_until = min(lives_until, ?) WHERE id = ? \
             AND (ended IS NULL OR (client IS NULL AND ended IN ('over_limit', 'replaced')))"
        } else {
            "UPDATE session SET ended = ?, lives_until = min(lives_until, ?) WHERE id = ? AND ended IS NULL"
        };
        self.rows(
            statement,
            vec![
                reason.as_str().into(),
                number(until),
                session.to_string().into(),
            ],
        )?;
        let Some(sign_on) = self.sign_on_ended_by(session, holder, reason)? else {
            return Ok(());
        };
        self.rows(
            "UPDATE session SET ended = ?, lives_until = min(lives_until, ?) \
             WHERE sign_on = ? AND client IS NOT NULL AND ended IS NULL",
            vec![
                reason.as_str().into(),
                number(until),
                sign_on.to_string().into(),
            ],
        )
        .map(drop)
    }

    /// The single sign-on that ends with the session. It is found in the session's row or, if there
    /// is no row, in `holder`. A row can be missing because the row of a browser's session is
    /// deleted if the session is not renewed, while the apps of its sign-on might continue.
    fn sign_on_ended_by(
        &self,
        session: SessionId,
        holder: Option<&Holder>,
        reason: EndReason,
    ) -> Result<Option<SessionId>, StoreError> {
        if !reason.ends_the_sign_on() {
            return Ok(None);
        }
        let row = self
            .rows(
                "SELECT sign_on, client FROM session WHERE id = ?",
                vec![session.to_string().into()],
            )?
            .pop();
        let Some(row) = row else {
            return Ok(holder.and_then(|holder| holder.sign_on_ended_by(reason, session)));
        };
        if text(&row, 1).is_some() {
            return Ok(None);
        }
        let sign_on = text(&row, 0)
            .map(|id| SessionId::parse(&id).ok_or_else(malformed))
            .transpose()?;
        let holder = Holder::Browser { sign_on };
        Ok(holder.sign_on_ended_by(reason, session))
    }

    /// Ends all sessions of an app.
    pub(super) fn end_client(&self, client: ClientHash, now: u64) -> Result<(), StoreError> {
        self.rows(
            "UPDATE session SET ended = ?, lives_until = min(lives_until, ?) \
             WHERE client = ? AND ended IS NULL",
            vec![
                EndReason::GrantWithdrawn.as_str().into(),
                number(now.saturating_add(ENDED_ROW_TTL)),
                client.to_string().into(),
            ],
        )
        .map(drop)
    }

    /// The active sessions, oldest first.
    pub(super) fn list(&self, epoch: u32, now: u64) -> Result<Vec<ActiveSession>, StoreError> {
        let rows = self.rows(
            "SELECT id, last_used_at, seen, client, sign_on FROM session \
             WHERE ended IS NULL AND epoch = ? AND lives_until > ? ORDER BY id",
            vec![number(epoch.into()), number(now)],
        )?;
        let decode = |row: &Array| {
            let id = SessionId::parse(&text(row, 0)?)?;
            let app = match text(row, 3) {
                None => None,
                Some(client) => Some(ClientHash::parse(&client)?),
            };
            let sign_on = match text(row, 4) {
                None => None,
                Some(sign_on) => Some(SessionId::parse(&sign_on)?),
            };
            let holder = Holder::new(app, sign_on);
            Some(Seen(text(row, 2)?).session(id, &holder, integer(row, 1)?))
        };
        rows.iter()
            .map(|row| decode(row).ok_or_else(malformed))
            .collect()
    }

    /// Writes nothing if the row in `outdated` has the same or a larger version, because an old
    /// token can cause the same call again and again. The row need not be stored for longer than
    /// before: tokens with a smaller version than the row's were issued before that version was
    /// first written, so they expire before the row does.
    pub(super) fn outdate(&self, version: u64, until: u64) -> Result<(), StoreError> {
        self.rows(
            "INSERT INTO outdated (one, version, until) VALUES (1, ?, ?) \
             ON CONFLICT (one) DO UPDATE SET version = max(version, excluded.version), until = max(until, excluded.until) \
             WHERE version < excluded.version",
            vec![number(version), number(until)],
        )
        .map(drop)
    }

    /// Deletes all sessions, and the records of exchanged codes. The alarm deletes the row in
    /// `outdated` later.
    pub(super) fn forget(&self) -> Result<(), StoreError> {
        self.rows("DELETE FROM session", vec![])?;
        self.exchanged_rows("DELETE FROM exchanged", vec![])
            .map(drop)
    }

    pub(super) fn revocation(
        &self,
        session: SessionId,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        let row = self
            .rows(
                "SELECT EXISTS (SELECT 1 FROM session WHERE id = ?1 AND ended IS NULL), \
                 (SELECT version FROM outdated WHERE until > ?2)",
                vec![session.to_string().into(), number(now)],
            )?
            .pop()
            .ok_or_else(malformed)?;
        Ok(Revocation {
            // Fail closed: a session that can't be read is treated as ended.
            ended: integer(&row, 0) != Some(1),
            minimum_version: nullable_integer(&row, 1)?,
        })
    }

    /// What is stored about the copy of the user's row. A copy that this version can't read is
    /// treated as absent. If the table `fence` has no row, there is no copy, and the version in
    /// `outdated` does not matter.
    pub(super) fn fence(&self) -> Result<Fence, StoreError> {
        let row = self
            .rows(
                "SELECT generation, held_until, asked_at, user, (SELECT version FROM outdated) FROM fence",
                vec![],
            )?
            .pop();
        let Some(row) = row else {
            return Ok(Fence::default());
        };
        let generation = text(&row, 0).and_then(|text| json::decode(&text));
        let user = text(&row, 3).and_then(|text| json::decode(&text));
        let copy = user.zip(nullable_integer(&row, 2)?);
        Ok(Fence {
            generation,
            held_until: nullable_integer(&row, 1)?.unwrap_or(0),
            copy: copy.map(|(row, asked_at)| DatedCopy { row, asked_at }),
            reported: nullable_integer(&row, 4)?.unwrap_or(0),
        })
    }

    pub(super) fn store_fence(&self, fence: &Fence) -> Result<(), StoreError> {
        let copy = fence.copy.as_ref();
        self.rows(
            "INSERT INTO fence (one, generation, held_until, asked_at, user) VALUES (1, ?, ?, ?, ?) \
             ON CONFLICT (one) DO UPDATE SET generation = excluded.generation, \
             held_until = excluded.held_until, asked_at = excluded.asked_at, user = excluded.user",
            vec![
                fence.generation.as_ref().map(json::encode).unwrap_or_default().into(),
                number(fence.held_until),
                copy.map_or(JsValue::NULL, |copy| number(copy.asked_at)),
                copy.map_or(JsValue::NULL, |copy| json::encode(&copy.row).into()),
            ],
        )
        .map(drop)
    }

    /// Whether a session has ended. `None` if the object has no row of the session.
    pub(super) fn has_ended(&self, session: SessionId) -> Result<Option<bool>, StoreError> {
        let row = self
            .rows(
                "SELECT ended FROM session WHERE id = ?",
                vec![session.to_string().into()],
            )?
            .pop();
        Ok(row.map(|row| !row.get(0).is_null()))
    }

    /// Whether the object has a row of this session and the session has not ended.
    pub(super) fn goes_on(&self, session: SessionId) -> Result<bool, StoreError> {
        Ok(self.has_ended(session)? == Some(false))
    }

    /// Deletes what has expired. Returns when the next row expires, or `None` if no row is left.
    pub(super) fn delete_expired(&self, now: u64) -> Result<Option<u64>, StoreError> {
        self.rows(
            "DELETE FROM session WHERE lives_until <= ?",
            vec![number(now)],
        )?;
        self.rows("DELETE FROM outdated WHERE until <= ?", vec![number(now)])?;
        self.exchanged_rows("DELETE FROM exchanged WHERE until <= ?", vec![number(now)])?;
        let code = self
            .exchanged_rows("SELECT min(until) FROM exchanged", vec![])?
            .pop();
        let row = self
            .rows(
                "SELECT min(time) FROM \
                 (SELECT min(lives_until) AS time FROM session UNION ALL SELECT min(until) FROM outdated)",
                vec![],
            )?
            .pop();
        let next = |row: Option<Array>| row.and_then(|row| integer(&row, 0));
        Ok([next(row), next(code)].into_iter().flatten().min())
    }

    fn rows(&self, statement: &str, values: Vec<JsValue>) -> Result<Vec<Array>, StoreError> {
        self.0
            .exec(statement, values.into_iter().collect())
            .and_then(|cursor| cursor.raw()?.to_array())
            .map(|rows| rows.iter().map(JsCast::unchecked_into).collect())
            .map_err(|error| failed(OBJECT, &error))
    }
}

fn decode_stored(row: &Array) -> Result<Stored, StoreError> {
    let used = |counter: u64| {
        Some(Use {
            counter: counter.try_into().ok()?,
            first_at: integer(row, 1)?,
            by: ClientFingerprint::from_bytes(u32::try_from(integer(row, 2)?).ok()?.to_be_bytes()),
        })
    };
    let proof = |auth_time| {
        Some(Proof {
            auth_time,
            methods: Methods::from_bits(integer(row, 5)?.try_into().ok()?),
        })
    };
    let used = nullable_integer(row, 0)?.map(|counter| used(counter).ok_or_else(malformed));
    let proof = nullable_integer(row, 4)?.map(|time| proof(time).ok_or_else(malformed));
    Ok(Stored {
        record: Some(Record {
            used: used.transpose()?,
            proof: proof.transpose()?,
        }),
        ended: !row.get(3).is_null(),
    })
}

/// A time or a counter as a JavaScript number. They stay far below the 53 bits of JavaScript's
/// integers.
#[allow(clippy::cast_precision_loss, reason = "below 2^53")]
fn number(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}

/// A text, or SQL's null.
fn optional(value: Option<impl ToString>) -> JsValue {
    value.map_or(JsValue::NULL, |value| value.to_string().into())
}

fn text(row: &Array, column: u32) -> Option<String> {
    row.get(column).as_string()
}

fn integer(row: &Array, column: u32) -> Option<u64> {
    row.get(column).as_f64().and_then(whole)
}

/// An integer or SQL's null. Any other value is an error, not an absent value.
fn nullable_integer(row: &Array, column: u32) -> Result<Option<u64>, StoreError> {
    if row.get(column).is_null() {
        return Ok(None);
    }
    integer(row, column).map(Some).ok_or_else(malformed)
}

fn malformed() -> StoreError {
    objects::malformed(OBJECT)
}
