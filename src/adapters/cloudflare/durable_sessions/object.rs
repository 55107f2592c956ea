//! The object of one user: answers calls, and deletes what has expired when its alarm rings.
#![allow(missing_docs, reason = "the macro's own exports have none")]

use std::cell::Cell;

use worker::{DurableObject, Env, Request, Response, ScheduledTime, State, durable_object, js_sys};

use super::call::{Call, from_verdict, malformed};
use super::table::Table;
use crate::domain::error::StoreError;

/// The sessions of one user. Its name is the user's id.
#[durable_object(alarm)]
pub struct Sessions {
    state: State,
    prepared: Cell<bool>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl DurableObject for Sessions {
    fn new(state: State, _env: Env) -> Self {
        Self {
            state,
            prepared: Cell::new(false),
        }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let body = request.text().await?;
        match self.answer(&body) {
            Ok(Answer { body, wakes_at }) => {
                self.wake_at(wakes_at).await?;
                Response::ok(body)
            }
            Err(error) => Response::error(error.detail, 500),
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let next = self
            .table()
            .and_then(|table| table.delete_expired(worker::Date::now().as_millis() / 1000))
            .map_err(|error| worker::Error::RustError(error.detail))?;
        match next {
            Some(next) => self.wake_at(Some(next)).await?,
            None => {
                // An object without storage ceases to exist, and costs nothing.
                self.prepared.set(false);
                self.state.storage().delete_all().await?;
            }
        }
        Response::empty()
    }
}

/// A call's answer, and when something may have expired.
struct Answer {
    body: String,
    wakes_at: Option<u64>,
}

impl Sessions {
    /// From reading to writing without an `await`: no other call comes between.
    fn answer(&self, body: &str) -> Result<Answer, StoreError> {
        let table = self.table()?;
        let mut wakes_at = None;
        let body = match Call::parse(body).ok_or_else(malformed)? {
            Call::Begin {
                session,
                epoch,
                lives_until,
                most,
                now,
                seen,
            } => {
                table.begin(session, epoch, lives_until, seen, now)?;
                if let Some(most) = most {
                    table.keep_to(most, session, epoch, now)?;
                }
                wakes_at = Some(lives_until);
                String::new()
            }
            Call::Renew {
                presented,
                rules,
                standing,
                seen,
            } => from_verdict(table.renew(&presented, &rules, standing, seen)?),
            Call::End { session, reason } => {
                table.end(session, &reason)?;
                String::new()
            }
            Call::List { epoch, now } => table.list(epoch, now)?,
            Call::Outdate { version, until } => {
                table.outdate(version, until)?;
                wakes_at = Some(until);
                String::new()
            }
            Call::Revocation { session, now } => table.revocation(session, now)?,
        };
        Ok(Answer { body, wakes_at })
    }

    fn table(&self) -> Result<Table, StoreError> {
        let table = Table::new(self.state.storage().sql());
        if !self.prepared.get() {
            table.prepare()?;
            self.prepared.set(true);
        }
        Ok(table)
    }

    /// Sees to it that the alarm rings at `seconds` or before.
    async fn wake_at(&self, seconds: Option<u64>) -> worker::Result<()> {
        let Some(seconds) = seconds else {
            return Ok(());
        };
        let storage = self.state.storage();
        let milliseconds = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        if storage
            .get_alarm()
            .await?
            .is_some_and(|set| set <= milliseconds)
        {
            return Ok(());
        }
        #[allow(clippy::cast_precision_loss, reason = "a time in this millennium")]
        let date = js_sys::Date::new(&js_sys::Number::from(milliseconds as f64));
        storage.set_alarm(ScheduledTime::new(date)).await
    }
}
