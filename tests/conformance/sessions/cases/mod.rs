//! The test cases. Each tests one sentence of the port's documentation.

mod apps;
mod copies;
mod endings;
mod forgetting;
mod proofs;
mod renewals;
mod sessions;
mod versions;

use edgegate::domain::session::{EndReason, SessionId};
use edgegate::ports::{Ending, SessionStore};

use super::world::{Person, World, text};
use super::{Case, check, check_eq};

pub(crate) use apps::*;
pub(crate) use copies::*;
pub(crate) use endings::*;
pub(crate) use forgetting::*;
pub(crate) use proofs::*;
pub(crate) use renewals::*;
pub(crate) use sessions::*;
pub(crate) use versions::*;

async fn end<W: World>(ada: &Person<'_, W>, session: SessionId, reason: EndReason) -> Case {
    let now = ada.world.now();
    ada.world
        .here()
        .end(&Ending::by_id(ada.user.id, session), reason, now)
        .await
        .map_err(text)
}

async fn has_ended<W: World>(
    ada: &Person<'_, W>,
    store: &W::Store,
    session: SessionId,
) -> Result<bool, String> {
    let revocation = store
        .revocation(ada.user.id, session, None, ada.world.now())
        .await
        .map_err(text)?;
    Ok(revocation.ended)
}
