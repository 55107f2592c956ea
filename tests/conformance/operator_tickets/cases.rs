//! The test cases. Each tests one sentence of the port's documentation.

use edgegate::domain::operator::OperatorTicket;
use edgegate::ports::OperatorTickets;
use futures_util::future::join_all;

use super::{BEGUN, Case, World, check, check_eq, text};

pub(super) async fn a_ticket_reads_back_under_its_hash_alone<T: OperatorTickets>(
    world: &World<T>,
) -> Case {
    let one = world.add("users:read mail", BEGUN).await?;
    let two = world.add("", BEGUN + 1).await?;
    let first = OperatorTicket {
        scope: "users:read mail".to_owned(),
        created_at: BEGUN,
        expires_at: BEGUN + 900,
    };
    let second = OperatorTicket {
        scope: String::new(),
        created_at: BEGUN + 1,
        expires_at: BEGUN + 901,
    };
    check_eq!(world.find(&one).await?, Some(first), "the first");
    check_eq!(world.find(&two).await?, Some(second), "the second");
    check_eq!(world.find(&world.hash()?).await?, None, "another");
    Ok(())
}

pub(super) async fn an_expired_ticket_is_found_until_it_is_forgotten<T: OperatorTickets>(
    world: &World<T>,
) -> Case {
    let hash = world.add("users", 1).await?;
    check!(world.find(&hash).await?.is_some(), "before");
    world.tickets.forget_expired(901).await.map_err(text)?;
    check_eq!(world.find(&hash).await?, None, "after");
    Ok(())
}

pub(super) async fn only_expired_tickets_are_forgotten<T: OperatorTickets>(
    world: &World<T>,
) -> Case {
    let now = BEGUN + 1000;
    let over = world.add("users", now - 900).await?;
    let valid = world.add("users", now - 899).await?;
    world.tickets.forget_expired(now).await.map_err(text)?;
    check_eq!(world.find(&over).await?, None, "over");
    check!(world.find(&valid).await?.is_some(), "valid");
    Ok(())
}

pub(super) async fn forgetting_what_is_not_there_is_no_error<T: OperatorTickets>(
    world: &World<T>,
) -> Case {
    for _ in 0..2 {
        world.tickets.forget_expired(BEGUN).await.map_err(text)?;
    }
    Ok(())
}

pub(super) async fn ten_at_once_find_the_same_ticket<T: OperatorTickets>(world: &World<T>) -> Case {
    let hash = world.add("sessions", BEGUN).await?;
    for found in join_all((0..10).map(|_| world.find(&hash))).await {
        let scope = found?.map(|ticket| ticket.scope);
        check_eq!(scope.as_deref(), Some("sessions"), "each");
    }
    Ok(())
}
