//! The Durable Object of one user: answers calls, and deletes what has expired when its alarm
//! rings.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::Promise;
use js_sys::futures::future_to_promise;
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use zeroize::Zeroizing;

use super::OBJECT;
use super::call::{ByCopy, Call, Renewed, RenewedByCopy};
use super::copies::{self, Known};
use super::table::Table;
use crate::adapters::cloudflare::object_state::{ObjectState, now_ms};
use crate::adapters::cloudflare::objects::{decode, encode};

use crate::domain::error::StoreError;
use crate::domain::policy::ENDED_ROW_TTL;
use crate::domain::session::{Decision, Effect, Presented, Revocation, Standing};

/// Makes the tables that do not exist yet.
///
/// # Errors
/// When the storage fails.
#[wasm_bindgen]
pub fn sessions_prepare(state: &ObjectState) -> Result<(), JsValue> {
    Ok(Table::new(state.database()).prepare()?)
}

/// Answers a call.
#[wasm_bindgen]
pub fn sessions_answer(state: ObjectState, call: String) -> Promise {
    future_to_promise(async move {
        let Answer { body, wakes_at } = answer(&Table::new(state.database()), &call)?;
        if let Some(seconds) = wakes_at {
            state.wake_by(OBJECT, seconds.saturating_mul(1000)).await?;
        }
        Ok(body.as_str().into())
    })
}

/// Deletes what has expired, and sets the next alarm.
#[wasm_bindgen]
pub fn sessions_alarm(state: ObjectState) -> Promise {
    future_to_promise(async move {
        let table = Table::new(state.database());
        table.prepare()?;
        let now = now_ms() / 1000;
        let fence = table.fence()?;
        match table.delete_expired(now)? {
            Some(next) => state.wake_by(OBJECT, next.saturating_mul(1000)).await?,
            None if fence.may_be_wiped(now) => state.delete_everything(OBJECT).await?,
            None => {
                let end = fence.held_until.saturating_mul(1000);
                state.wake_by(OBJECT, end).await?;
            }
        }
        Ok(JsValue::UNDEFINED)
    })
}

/// The answer to a call.
struct Answer {
    body: Zeroizing<String>,
    /// The latest time at which the alarm must ring, because stored data might have expired by
    /// then, in seconds since 1970. `None` leaves the alarm unchanged.
    wakes_at: Option<u64>,
}

impl Answer {
    fn new(body: &impl Serialize) -> Self {
        Self {
            body: encode(body),
            wakes_at: None,
        }
    }

    fn waking_at(self, seconds: u64) -> Self {
        Self {
            wakes_at: Some(seconds),
            ..self
        }
    }

    /// The answer to a renewal with this decision.
    fn after(self, decision: &Decision, presented: &Presented) -> Self {
        match decision.effect {
            Effect::End(_) => self.waking_at(presented.now.saturating_add(ENDED_ROW_TTL)),
            // The alarm is not moved, although the session's row now expires later. When the alarm
            // rings, it is set again according to the rows at that time.
            Effect::Record { .. } | Effect::Nothing => self,
        }
    }
}

/// Reads, decides and writes without an `await`, so that no other call runs in between.
fn answer(table: &Table, call: &str) -> Result<Answer, StoreError> {
    Ok(match decode(OBJECT, call)? {
        Call::Begin {
            session,
            epoch,
            lives_until,
            most,
            now,
            seen,
            version,
            holder,
        } => {
            let is_over = table.begin(session, &holder, epoch, lives_until, seen, now)?;
            if let Some(version) = version {
                copies::begin(table, version)?;
            }
            let sooner = match most {
                Some(most) => table.keep_to(most, session, holder.client(), epoch, now)?,
                None => false,
            };
            let ended_until = (sooner || is_over).then(|| now.saturating_add(ENDED_ROW_TTL));
            Answer::new(&()).waking_at(ended_until.unwrap_or(lives_until).min(lives_until))
        }
        Call::Renew {
            presented,
            rules,
            standing,
            seen,
        } => {
            let decision = table.renew(&presented, &rules, standing, seen)?;
            Answer::new(&Renewed::from(&decision)).after(&decision, &presented)
        }
        Call::RenewByCopy {
            presented,
            rules,
            seen,
            since,
        } => {
            let row = match copies::known(table, presented.ticket.session, since)? {
                Known::Row(row) => Some(row),
                // The session has ended, so the verdict does not depend on the user.
                Known::Ended => None,
                Known::Needs(need) => {
                    return Ok(Answer::new(&ByCopy::<RenewedByCopy>::Need(need)));
                }
            };
            let standing = row.as_ref().map(Standing::from);
            let decision = table.renew(&presented, &rules, standing, seen)?;
            let renewed = Renewed::from(&decision);
            Answer::new(&ByCopy::Answer(RenewedByCopy { renewed, row }))
                .after(&decision, &presented)
        }
        Call::RenewByRow {
            presented,
            rules,
            seen,
            since,
            row,
            need,
        } => {
            copies::keep(table, row.as_ref(), &need, since)?;
            let standing = row.as_ref().map(Standing::from);
            let decision = table.renew(&presented, &rules, standing, seen)?;
            Answer::new(&Renewed::from(&decision)).after(&decision, &presented)
        }
        Call::CheckByCopy { session, since } => Answer::new(&if table.goes_on(session)? {
            match copies::known(table, session, since)? {
                Known::Row(row) => ByCopy::Answer(Revocation::by_row(Some(&row))),
                Known::Ended => ByCopy::Answer(Revocation::by_end()),
                Known::Needs(need) => ByCopy::Need(need),
            }
        } else {
            ByCopy::Answer(Revocation::by_end())
        }),
        Call::CheckByRow {
            session,
            since,
            row,
            need,
        } => {
            copies::keep(table, row.as_ref(), &need, since)?;
            Answer::new(&if table.goes_on(session)? {
                Revocation::by_row(row.as_ref())
            } else {
                Revocation::by_end()
            })
        }
        Call::Hold => {
            let (deadline, held_until) = copies::hold(table)?;
            // The alarm rings after the hold. If the object stores nothing else by that time, the
            // alarm deletes it.
            Answer::new(&deadline).waking_at(held_until)
        }
        Call::ForgetCopy => {
            copies::forget(table)?;
            // The alarm rings at once, and deletes an object that was empty.
            Answer::new(&()).waking_at(1)
        }
        Call::Prove { ticket, rules, now } => Answer::new(&table.prove(&ticket, &rules, now)?),
        Call::End {
            session,
            reason,
            now,
            holder,
        } => {
            table.end(session, holder.as_ref(), reason, now)?;
            Answer::new(&()).waking_at(now.saturating_add(ENDED_ROW_TTL))
        }
        Call::EndClient { client, now } => {
            table.end_client(client, now)?;
            Answer::new(&()).waking_at(now.saturating_add(ENDED_ROW_TTL))
        }
        Call::Exchange {
            code,
            session,
            sign_on,
            until,
        } => Answer::new(&table.exchange(&code, session, sign_on, until)?).waking_at(until),
        Call::HasSignedOff { sign_on } => Answer::new(&table.has_signed_off(sign_on)?),
        Call::List { epoch, now } => Answer::new(&table.list(epoch, now)?),
        Call::Outdate { version, until } => {
            // If the version was reported before, the copy is not discarded, because an old token
            // can cause the same report again and again.
            if version > table.fence()?.reported {
                copies::forget(table)?;
            }
            table.outdate(version, until)?;
            Answer::new(&()).waking_at(until)
        }
        Call::Forget => {
            table.forget()?;
            copies::forget(table)?;
            // The alarm rings at once, and deletes an object that is empty now.
            Answer::new(&()).waking_at(1)
        }
        Call::Revocation { session, now } => Answer::new(&table.revocation(session, now)?),
    })
}
