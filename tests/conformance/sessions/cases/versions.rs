//! Versions of users. An access token with a lower version than the stored one is invalid.

use edgegate::domain::policy::DELETED_VERSION;
use edgegate::ports::SessionStore;

use super::super::world::{Person, World, text};
use super::{Case, check, check_eq, has_ended};

/// The port's documentation says about `outdate`: "Where reads are not stale, a smaller version
/// MUST NOT replace a larger one."
pub(crate) async fn versions_only_rise<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    for (version, expected) in [(2, 2), (1, 2), (3, 3)] {
        world.pass(1);
        world
            .here()
            .outdate(ada.user.id, version, 900, world.now())
            .await
            .map_err(text)?;
        let revocation = world
            .here()
            .revocation(ada.user.id, first.session, None, world.now())
            .await
            .map_err(text)?;
        check_eq!(
            revocation.minimum_version,
            Some(expected),
            "smallest version that counts"
        );
        check!(!revocation.ended, "ended by a version");
    }
    Ok(())
}

/// The port's documentation says about `outdate`: "MUST take effect at once at the location where
/// it is called, and MUST last for `ttl` seconds."
pub(crate) async fn a_version_counts_for_its_time<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    // It is possible that the store remembers the answer to this check, which comes before the
    // change.
    has_ended(&ada, world.here(), first.session).await?;
    world
        .here()
        .outdate(ada.user.id, 7, 900, world.now())
        .await
        .map_err(text)?;
    for seconds in [0, 1, 14, 45, 600, 239] {
        world.pass(seconds);
        let revocation = world
            .here()
            .revocation(ada.user.id, first.session, None, world.now())
            .await
            .map_err(text)?;
        check_eq!(revocation.minimum_version, Some(7), "within its time");
    }
    Ok(())
}

pub(crate) async fn a_version_is_seen_elsewhere_at_once<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    for version in [1, 2] {
        world
            .here()
            .outdate(ada.user.id, version, 900, world.now())
            .await
            .map_err(text)?;
        let revocation = world
            .elsewhere()
            .revocation(ada.user.id, first.session, None, world.now())
            .await
            .map_err(text)?;
        check_eq!(revocation.minimum_version, Some(version), "elsewhere");
    }
    Ok(())
}

/// The version of a deleted user makes all their access tokens invalid.
pub(crate) async fn the_version_of_the_deleted_is_read_as_written<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    world
        .here()
        .outdate(ada.user.id, DELETED_VERSION, 900, world.now())
        .await
        .map_err(text)?;
    let revocation = world
        .here()
        .revocation(ada.user.id, first.session, None, world.now())
        .await
        .map_err(text)?;
    check_eq!(
        revocation.minimum_version,
        Some(DELETED_VERSION),
        "smallest version that counts"
    );
    Ok(())
}
