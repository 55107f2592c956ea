//! What every `SessionStore` must do: one suite, run on each adapter.
//!
//! Natively `tests/session_store` runs it in memory and on a simulated Workers KV; in workerd `tests/e2e/conformance.test.mjs`
//! runs it on real KV and on the Durable Object, by way of [`worker`] and the feature `conformance`. It names ports and
//! domain only, and a case answers an error instead of panicking, which would end the isolate.
//!
//! A case that only a linearizable store can pass says so ([`Needs::Linearizable`]); elsewhere it is left out, and the
//! adapter's documentation states its bound instead.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a suite with fixed numbers"
)]

pub(crate) mod cases;
#[cfg(feature = "conformance")]
pub(crate) mod worker;
pub(crate) mod world;

pub(crate) use world::World;

/// What a case asks of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Every store passes it.
    Any,
    /// A read must see every write before it, from anywhere.
    Linearizable,
}

/// What became of a case.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Its name.
    pub(crate) name: &'static str,
    /// `None` when it was left out.
    pub(crate) result: Option<Result<(), String>>,
}

/// Fails the case unless the condition holds.
macro_rules! check {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use check;

/// Fails the case unless both are equal.
macro_rules! check_eq {
    ($left:expr, $right:expr, $what:expr) => {{
        let (left, right) = (&$left, &$right);
        if left != right {
            return Err(format!("{}: {left:?} is not {right:?}", $what));
        }
    }};
}
pub(crate) use check_eq;

/// Runs every case.
pub(crate) async fn run_all<W: World>(world: &W) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    macro_rules! run {
        ($($needs:ident $case:ident),+ $(,)?) => {
            $(
                let left_out = Needs::$needs == Needs::Linearizable && !W::LINEARIZABLE;
                outcomes.push(Outcome {
                    name: stringify!($case),
                    result: if left_out { None } else { Some(cases::$case(world).await) },
                });
            )+
        };
    }
    run!(
        Any a_young_token_is_kept,
        Any a_chain_goes_on,
        Any a_repetition_gets_the_same_successor,
        Any an_overtaken_request_gets_the_newest_token,
        Any an_unseen_use_is_recorded,
        Any ten_tabs_at_once_get_one_successor,
        Any late_is_for_the_same_client_only,
        Any a_spent_token_ends_the_session,
        Any an_older_token_ends_the_session,
        Any an_ended_session_never_comes_back,
        Any an_end_during_a_renewal_counts,
        Any ending_twice_is_no_error,
        Any another_epoch_and_no_user_are_refused,
        Any a_users_error_writes_nothing,
        Any idle_and_absolute_ends,
        Any what_was_never_begun_is_unknown,
        Any users_are_apart,
        Any another_users_session_is_unknown,
        Any a_new_session_renews_elsewhere_at_once,
        Any beginning_twice_changes_nothing,
        Any a_list_shows_who_and_when,
        Any a_list_shows_what_goes_on,
        Any the_oldest_ends_above_the_limit,
        Any versions_only_rise,
        Any a_version_counts_for_its_time,
        Any an_end_is_seen_here_by_a_check,
        Linearizable a_begin_repeated_after_a_renewal_changes_nothing,
        Linearizable a_new_session_is_known_everywhere,
        Linearizable an_end_is_seen_elsewhere_at_once,
        Linearizable a_version_is_seen_elsewhere_at_once,
        Linearizable the_limit_is_exact,
        Linearizable a_list_leaves_out_what_has_gone_idle,
        Linearizable what_was_never_begun_has_ended_for_a_check,
        Linearizable an_end_during_a_renewal_stops_it,
    );
    outcomes
}
