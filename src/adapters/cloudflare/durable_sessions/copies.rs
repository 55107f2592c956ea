//! The user's Durable Object has a copy of the user's D1 row. This module decides when the object
//! may rely on the copy and when it discards the copy. The rules are those of [`Fence`]. All times
//! come from the object's own clock. No function here awaits between reading and writing.

use super::table::Table;
use crate::adapters::cloudflare::object_state::now_ms;
use crate::adapters::system_random::SystemRandom;
use crate::domain::error::StoreError;
use crate::domain::session::{Fence, Generation, Need, SessionId, UserCopy};
use crate::ports::Random;

/// What the object knows about the user of a session.
pub(super) enum Known {
    /// The session has ended, so the row does not matter.
    Ended,
    /// The copy of the row, which the object may rely on.
    Row(UserCopy),
    /// The Worker has to read the row.
    Needs(Need),
}

pub(super) fn known(table: &Table, session: SessionId, since: u64) -> Result<Known, StoreError> {
    let now = now();
    let fence = table.fence()?;
    if let Some(row) = fence.usable(now, since) {
        return Ok(Known::Row(row.clone()));
    }
    Ok(match table.has_ended(session)? {
        Some(true) => Known::Ended,
        Some(false) => Known::Needs(change(table, fence, |fence, fresh| fence.need(fresh, now))?),
        // If the object has no row of the session, it stores nothing for this request either,
        // because no alarm would delete the stored data later.
        None => Known::Needs(Need {
            generation: None,
            asked_at: now,
        }),
    })
}

/// Stores the row that the Worker has read as the object's copy. Does not store it if the row may
/// have changed since the object asked for it, or if the user does not exist.
pub(super) fn keep(
    table: &Table,
    row: Option<&UserCopy>,
    need: &Need,
    since: u64,
) -> Result<(), StoreError> {
    let (Some(row), Some(_)) = (row, need.generation) else {
        return Ok(());
    };
    let now = now();
    let fence = table.fence()?;
    change(table, fence, |fence, _| {
        fence.install(row, need, now, since)
    })
    .map(drop)
}

/// Puts the object on hold, so that it does not use its copy while the row is changed. Returns the
/// deadline of the change, and the end of the hold.
pub(super) fn hold(table: &Table) -> Result<(u64, u64), StoreError> {
    let now = now();
    let fence = table.fence()?;
    change(table, fence, |fence, fresh| {
        let deadline = fence.hold(fresh, now);
        (deadline, fence.held_until)
    })
}

pub(super) fn begin(table: &Table, version: u64) -> Result<(), StoreError> {
    let fence = table.fence()?;
    change(table, fence, |fence, fresh| fence.begin(version, fresh)).map(drop)
}

/// Discards the copy. An object whose fence is still the default never had a copy.
pub(super) fn forget(table: &Table) -> Result<(), StoreError> {
    let fence = table.fence()?;
    if fence == Fence::default() {
        return Ok(());
    }
    change(table, fence, Fence::forget)
}

/// Changes the fence (the stored state of the copy), and writes it only if it differs.
fn change<T>(
    table: &Table,
    before: Fence,
    act: impl FnOnce(&mut Fence, Generation) -> T,
) -> Result<T, StoreError> {
    let mut fence = before.clone();
    let mut random = [0; 8];
    SystemRandom.fill(&mut random);
    let result = act(&mut fence, Generation::new(random));
    if fence != before {
        table.store_fence(&fence)?;
    }
    Ok(result)
}

fn now() -> u64 {
    now_ms() / 1000
}
