//! Some stores keep copies of users' rows of the database. Tests in which situations such a store
//! uses a copy, and in which it discards the copy.

use std::cell::Cell;
use std::future::ready;

use edgegate::domain::account::User;
use edgegate::domain::error::StoreError;
use edgegate::domain::policy::DELETED_VERSION;
use edgegate::domain::session::{Holder, RefreshTicket, UserCopy, Verdict};
use edgegate::ports::{NewSession, SessionStore};

use super::super::world::{DAY, Person, World, laptop, rules, text};
use super::{Case, check, check_eq};

/// A future for a user's row that the store must not read.
fn unread() -> std::future::Ready<Result<Option<User>, StoreError>> {
    ready(Err(StoreError::new("users", "it was read")))
}

impl<W: World> Person<'_, W> {
    /// Renews a ticket that is too young to be replaced. Returns whether the store read the user's
    /// row.
    async fn reads(&self, store: &W::Store, ticket: RefreshTicket) -> Result<bool, String> {
        let read = Cell::new(false);
        let row = async {
            read.set(true);
            Ok(Some(self.user.clone()))
        };
        let renewal = self
            .renew_at(store, ticket, &laptop(), &rules(), row)
            .await?;
        check_eq!(renewal.verdict, Verdict::Kept, "a young token");
        let copy = Some(UserCopy::from(&self.user));
        check_eq!(renewal.user, copy, "the user comes along");
        Ok(read.get())
    }

    async fn least_version(
        &self,
        ticket: RefreshTicket,
        row: Option<User>,
    ) -> Result<Option<u64>, String> {
        let (store, now) = (self.world.here(), self.world.now());
        let checked = store.check(self.user.id, ticket.session, None, now, ready(Ok(row)));
        let checked = checked.await.map_err(text)?;
        check!(!checked.ended, "it goes on");
        Ok(checked.minimum_version)
    }
}

/// The port's documentation says about the future that reads the user's row: "A store that keeps
/// copies MUST NOT wait for `user` while it has a copy on which the decision may rely."
pub(crate) async fn a_copy_answers_renewals_and_checks<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    check!(world.here().keeps_copies(), "it keeps copies");
    check!(
        ada.reads(world.here(), first).await?,
        "the first renewal reads"
    );
    for store in [world.here(), world.elsewhere()] {
        check!(!ada.reads(store, first).await?, "later ones do not");
        let checked = store
            .check(ada.user.id, first.session, None, world.now(), unread())
            .await
            .map_err(text)?;
        check_eq!(checked.minimum_version, Some(ada.user.version), "a check");
    }
    Ok(())
}

/// The store copies the user's row not only when it reads the row for a renewal, but also when it
/// reads the row to check an access token.
pub(crate) async fn a_check_keeps_the_row<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let row = Some(ada.user.clone());
    check_eq!(
        ada.least_version(first, row).await?,
        Some(ada.user.version),
        "by the row"
    );
    check!(!ada.reads(world.elsewhere(), first).await?, "it was kept");
    Ok(())
}

/// The port's documentation says about `hold` that the store "MUST discard its copy of the row. It
/// MUST keep no new copy until a change with this deadline can't be committed any more."
pub(crate) async fn a_held_store_reads_the_row<W: World>(world: &W) -> Case {
    let mut ada = Person::new(world)?;
    let first = ada.begin().await?;
    ada.reads(world.here(), first).await?;
    let deadline = world.elsewhere().hold(ada.user.id, world.now()).await;
    check!(deadline.map_err(text)?.is_some(), "a deadline");
    for version in [1, 2, 3] {
        ada.user.version = version;
        check!(ada.reads(world.here(), first).await?, "held");
        let row = Some(ada.user.clone());
        check_eq!(
            ada.least_version(first, row).await?,
            Some(version),
            "a check"
        );
    }
    Ok(())
}

/// The port's documentation says: "If the row is being read during this call, the result of that
/// read MUST NOT be kept as a copy."
pub(crate) async fn a_row_on_its_way_is_not_kept<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let row = async {
        world.elsewhere().forget_copy(ada.user.id).await?;
        Ok(Some(ada.user.clone()))
    };
    let renewal = ada
        .renew_at(world.here(), first, &laptop(), &rules(), row)
        .await?;
    check_eq!(renewal.verdict, Verdict::Kept, "by the row");
    check!(ada.reads(world.here(), first).await?, "read again");
    check!(!ada.reads(world.here(), first).await?, "then kept");
    Ok(())
}

pub(crate) async fn a_forgotten_copy_is_read_again<W: World>(world: &W) -> Case {
    let mut ada = Person::new(world)?;
    let first = ada.begin().await?;
    ada.reads(world.here(), first).await?;
    for outdates in [false, true] {
        ada.user.version += 1;
        let store = world.elsewhere();
        if outdates {
            // A Worker of an older version, which does not know about copies, reports a change with
            // this call.
            let version = ada.user.version;
            store.outdate(ada.user.id, version, 900, world.now()).await
        } else {
            store.forget_copy(ada.user.id).await
        }
        .map_err(text)?;
        check!(ada.reads(world.here(), first).await?, "read again");
        check!(!ada.reads(world.here(), first).await?, "then kept");
    }
    // If the same version is reported again, the copy is not dropped. Otherwise somebody with an
    // old token could make the store drop its copy again and again.
    let (store, version) = (world.elsewhere(), ada.user.version);
    let again = store.outdate(ada.user.id, version, 900, world.now()).await;
    again.map_err(text)?;
    check!(!ada.reads(world.here(), first).await?, "still kept");
    Ok(())
}

/// A login tells the store which version of the user's row it has read. If the store has a copy of
/// another version, it drops the copy. It does not make a copy of the row that the login has read.
pub(crate) async fn a_login_drops_a_copy_of_another_version<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    ada.reads(world.here(), first).await?;
    for (version, expected) in [(ada.user.version, false), (ada.user.version + 1, true)] {
        let ticket = ada.ticket();
        let new = NewSession {
            user: ada.user.id,
            session: ticket.session,
            epoch: 0,
            version,
            client: &laptop().client,
            expires_at: ticket.expires_at,
            idle_ttl: 30 * DAY,
            most: None,
            holder: Holder::default(),
        };
        let begun = world.here().begin(&new, world.now()).await;
        begun.map_err(text)?;
        let reads = ada.reads(world.here(), first).await?;
        check_eq!(reads, expected, format!("a login with {version}"));
    }
    Ok(())
}

/// The store checks an access token of a user who is disabled or deleted, and rejects it. For this
/// check the store copies the user's row. Because of this copy, the user's renewals are refused
/// too.
pub(crate) async fn a_check_refuses_the_disabled_and_the_deleted<W: World>(world: &W) -> Case {
    let mut ada = Person::new(world)?;
    let first = ada.begin().await?;
    check_eq!(
        ada.least_version(first, None).await?,
        Some(DELETED_VERSION),
        "without a row"
    );
    ada.user.disabled_at = Some(1);
    let row = Some(ada.user.clone());
    check_eq!(
        ada.least_version(first, row).await?,
        Some(DELETED_VERSION),
        "disabled"
    );
    let renewal = ada
        .renew_at(world.here(), first, &laptop(), &rules(), unread())
        .await?;
    check_eq!(renewal.verdict, Verdict::NoUser, "by the copy");
    Ok(())
}
