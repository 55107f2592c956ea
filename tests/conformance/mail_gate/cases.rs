//! The test cases. Each tests one sentence of docs/decisions/0017.

use edgegate::domain::mail::{Counted, GateVerdict, NoticedAct, Rank, RouteClass};
use edgegate::ports::MailGate;
use futures_util::future::join_all;

use super::{BEGUN, Case, DAY, HOUR, OTHER, RESET, World, check, check_eq};

const FIRST: GateVerdict = GateVerdict::Ranked(Rank::First);
const MEDIUM: GateVerdict = GateVerdict::Ranked(Rank::Medium);
const REST: GateVerdict = GateVerdict::Ranked(Rank::Rest);

fn is_over(verdict: GateVerdict) -> bool {
    matches!(verdict, GateVerdict::Over(_))
}

pub(crate) async fn the_first_is_first_the_next_four_are_medium_and_all_others_rest<G: MailGate>(
    world: &World<G>,
) -> Case {
    let name = world.fresh();
    for (number, rank) in [FIRST, MEDIUM, MEDIUM, MEDIUM, MEDIUM, REST, REST]
        .into_iter()
        .enumerate()
    {
        let verdict = world.count(&name, RESET, BEGUN + 7).await?;
        check_eq!(verdict, rank, format!("after {number}"));
    }
    Ok(())
}

pub(crate) async fn each_kind_has_ranks_of_its_own<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    for kind in [RESET, OTHER] {
        check_eq!(world.count(&name, kind, BEGUN).await?, FIRST, "the first");
        check_eq!(world.count(&name, kind, BEGUN).await?, MEDIUM, "the second");
    }
    Ok(())
}

pub(crate) async fn thirty_an_hour_of_both_kinds_together<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    for number in 0..30 {
        let kind = if number % 3 == 0 { OTHER } else { RESET };
        let verdict = world.count(&name, kind, BEGUN).await?;
        check!(!is_over(verdict), "after {number}");
    }
    for (kind, after) in [(RESET, 0), (OTHER, 0), (RESET, HOUR - 1)] {
        let verdict = world.count(&name, kind, BEGUN + after).await?;
        check_eq!(
            verdict,
            GateVerdict::Over(HOUR - after),
            format!("{after} s later")
        );
    }
    let verdict = world.count(&name, RESET, BEGUN + HOUR).await?;
    check!(!is_over(verdict), "an hour later");
    Ok(())
}

pub(crate) async fn what_is_over_the_limit_is_not_counted<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    for number in 0..60 {
        let verdict = world.count(&name, RESET, BEGUN + number).await?;
        check_eq!(is_over(verdict), number >= 30, format!("after {number}"));
    }
    // Each request is counted for an hour. So an hour later, another thirty requests are allowed.
    // The requests that were refused were not counted.
    for number in 0..30 {
        let now = BEGUN + HOUR + number;
        let verdict = world.count(&name, RESET, now).await?;
        check!(!is_over(verdict), "an hour after number {number}");
    }
    Ok(())
}

/// The gate counts the requests of the last 60 minutes. If it counted from the start of each clock
/// hour instead, it would allow twice as many requests within a few minutes: thirty just before a
/// new clock hour and thirty just after.
pub(crate) async fn an_hour_may_begin_anywhere<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    let mut admitted = 0;
    for second in 0..60 {
        let now = BEGUN + HOUR - 30 + second;
        admitted += u32::from(!is_over(world.count(&name, RESET, now).await?));
    }
    check_eq!(admitted, 30, "within a minute around a full hour");
    Ok(())
}

pub(crate) async fn after_a_day_the_next_is_first_again<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    for (after, rank) in [
        (0, FIRST),
        (HOUR, MEDIUM),
        (DAY - 1, MEDIUM),
        (DAY, FIRST),
        (DAY, MEDIUM),
        (DAY, MEDIUM),
        // In the last 24 hours, one request had the rank `First` and four had the rank `Medium`.
        // Four is the maximum. The oldest of these four came an hour after the very first request.
        (DAY, REST),
        (DAY + HOUR, MEDIUM),
    ] {
        let verdict = world.count(&name, RESET, BEGUN + after).await?;
        check_eq!(verdict, rank, format!("{after} s after the first"));
    }
    Ok(())
}

fn first(class: RouteClass, most: u64) -> Counted {
    Counted::FirstRequest { class, most }
}

pub(crate) async fn a_larger_network_has_a_share_of_each_hour<G: MailGate>(
    world: &World<G>,
) -> Case {
    let name = world.fresh();
    for hour in [0, 1, 2] {
        for number in 0..6 {
            let now = BEGUN + hour * HOUR + 600 * number;
            let verdict = world.count(&name, first(RouteClass::Reset, 4), now).await?;
            check_eq!(
                is_over(verdict),
                number >= 4,
                format!("{number} in hour {hour}")
            );
        }
    }
    Ok(())
}

pub(crate) async fn a_share_of_nothing_admits_nothing<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    let verdict = world
        .count(&name, first(RouteClass::Reset, 0), BEGUN)
        .await?;
    check_eq!(verdict, GateVerdict::Over(HOUR), "of none");
    Ok(())
}

pub(crate) async fn the_kinds_of_a_larger_network_are_apart<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    for class in [RouteClass::Reset, RouteClass::Other] {
        check!(
            !is_over(world.count(&name, first(class, 1), BEGUN).await?),
            "the first"
        );
        check!(
            is_over(world.count(&name, first(class, 1), BEGUN).await?),
            "the second"
        );
    }
    Ok(())
}

pub(crate) async fn three_mails_a_day_for_the_known<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    for (after, expected) in [
        (0, true),
        (1, true),
        (2, true),
        (3, false),
        (DAY - 1, false),
        (DAY, true),
        (DAY, false),
    ] {
        let verdict = world
            .count(&name, Counted::KnownMail, BEGUN + after)
            .await?;
        check_eq!(
            !is_over(verdict),
            expected,
            format!("{after} s after the first")
        );
    }
    Ok(())
}

pub(crate) async fn five_acts_a_day_of_each_kind<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    for act in [NoticedAct::PasswordChange, NoticedAct::AddressChange] {
        for number in 0..7 {
            let verdict = world
                .count(&name, Counted::Act(act), BEGUN + number)
                .await?;
            check_eq!(is_over(verdict), number >= 5, format!("after {number}"));
        }
        let verdict = world.count(&name, Counted::Act(act), BEGUN + DAY).await?;
        check!(!is_over(verdict), "a day later");
    }
    Ok(())
}

pub(crate) async fn names_are_apart<G: MailGate>(world: &World<G>) -> Case {
    for name in [world.fresh(), world.fresh(), world.fresh()] {
        check_eq!(world.count(&name, RESET, BEGUN).await?, FIRST, "the first");
        check_eq!(
            world.count(&name, RESET, BEGUN).await?,
            MEDIUM,
            "the second"
        );
    }
    Ok(())
}

/// The port's documentation says about counting a request: "MUST be exact, also for simultaneous
/// calls from many places."
pub(crate) async fn of_forty_requests_at_once_thirty_go_on<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    let answers = join_all((0..40).map(|_| world.count(&name, RESET, BEGUN))).await;
    let mut go_on = 0;
    for answer in answers {
        go_on += u32::from(!is_over(answer?));
    }
    check_eq!(go_on, 30, "of forty");
    Ok(())
}

pub(crate) async fn of_ten_requests_at_once_one_is_first<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    let answers = join_all((0..10).map(|_| world.count(&name, OTHER, BEGUN))).await;
    let (mut firsts, mut mediums) = (0, 0);
    for answer in answers {
        let verdict = answer?;
        firsts += u32::from(verdict == FIRST);
        mediums += u32::from(verdict == MEDIUM);
    }
    check_eq!((firsts, mediums), (1, 4), "of ten");
    Ok(())
}

pub(crate) async fn of_ten_acts_at_once_five_go_on<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    let act = Counted::Act(NoticedAct::PasswordChange);
    let answers = join_all((0..10).map(|_| world.count(&name, act, BEGUN))).await;
    let mut go_on = 0;
    for answer in answers {
        go_on += u32::from(!is_over(answer?));
    }
    check_eq!(go_on, 5, "of ten");
    Ok(())
}

pub(crate) async fn a_clock_that_is_behind_frees_nothing<G: MailGate>(world: &World<G>) -> Case {
    let name = world.fresh();
    for number in 0..5 {
        let act = Counted::Act(NoticedAct::AddressChange);
        let verdict = world.count(&name, act, BEGUN + number).await?;
        check!(!is_over(verdict), "after {number}");
    }
    let act = Counted::Act(NoticedAct::AddressChange);
    check!(
        is_over(world.count(&name, act, BEGUN - 100).await?),
        "before"
    );
    Ok(())
}
