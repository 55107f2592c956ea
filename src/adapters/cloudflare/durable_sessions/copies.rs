//! The object's side of the copy of the user's row: when the copy may decide, and when it is
//! dropped. The rules are those of [`Fence`]. All times are those of the object's own clock.
//! Nothing here awaits between reading and writing.

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
    /// The copy, which may decide.
    Row(UserCopy),
    /// The row has to be read.
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
        // Nothing is stored for a session that the object does not have, because nothing would
        // delete it.
        None => Known::Needs(Need {
            generation: None,
            asked_at: now,
        }),
    })
}

/// Keeps a row that was needed, unless something has happened since. A user who does not exist has
/// no row to keep.
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

/// Returns the deadline of the change, and the end of the hold.
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

/// An object that was never asked for a copy has nothing to drop.
pub(super) fn forget(table: &Table) -> Result<(), StoreError> {
    let fence = table.fence()?;
    if fence == Fence::default() {
        return Ok(());
    }
    change(table, fence, Fence::forget)
}

/// Changes the fence, and writes it only if it differs.
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
