//! Mails that could not be sent. The ledger stores them as dead letters ("letters").

use std::slice::from_ref;

use edgegate::domain::account::{EmailAddress, UserId};
use edgegate::ports::{DeadLetter, MailLedger};

use super::{BEGUN, Case, LATEST, World, check, check_eq, text};

pub(crate) async fn a_kept_letter_reads_back<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    let letter = world.letter(BEGUN, Some(BEGUN + 1));
    let mut letters = vec![
        letter.clone(),
        DeadLetter {
            tries: u32::MAX,
            // `clear` deletes only jobs that failed before `LATEST`, so this job has failed one
            // second before `LATEST`.
            failed_at: LATEST - 1,
            retry_at: Some(LATEST),
            ..world.letter(0, None)
        },
        DeadLetter {
            tries: 0,
            failed_at: 0,
            retry_at: Some(0),
            ..world.letter(0, None)
        },
    ];
    // A message that is not a job is stored too, whatever it contains.
    for value in [
        "",
        "'); DROP TABLE dead_letters; --",
        "?1",
        "NULL",
        "{\"v\":1,\"to\":\"o'brien@example.com\"}\r\n",
        "\u{1f98a}\u{feff}\u{fffd}",
        "0",
    ] {
        letters.push(DeadLetter {
            id: [value, &world.fresh()].concat(),
            job: value.to_owned(),
            reason: value.to_owned(),
            ..letter.clone()
        });
    }
    letters.push(DeadLetter {
        job: "j".repeat(100_000),
        ..world.letter(BEGUN, Some(BEGUN + 2))
    });
    for letter in &letters {
        world.keep(letter).await?;
    }
    let due = world.due(LATEST).await?;
    check_eq!(due.len(), letters.len(), "letters");
    for letter in letters {
        check!(due.contains(&letter), "{} is not as it was kept", letter.id);
    }
    Ok(())
}

/// The port's documentation says that `due` returns the stored jobs whose time for the next attempt
/// "is not later than `now`".
pub(crate) async fn letters_are_due_at_their_time<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    let letter = world.letter(BEGUN, Some(BEGUN + 60));
    world.keep(&letter).await?;
    for (now, expected) in [
        (BEGUN, 0),
        (BEGUN + 59, 0),
        (BEGUN + 60, 1),
        (BEGUN + 61, 1),
        (LATEST, 1),
    ] {
        let due = world.due(now).await?;
        check_eq!(due.len(), expected, format!("due at {now}"));
        // Asking for due letters does not delete them.
        check!(due.iter().all(|due| *due == letter), "as it was kept");
    }
    Ok(())
}

/// The port's documentation says that `due` returns "At most `limit` stored jobs […], sorted by
/// that time". So the letters that have waited longest come first. Otherwise a few letters that
/// always fail would keep the others waiting.
pub(crate) async fn letters_are_due_in_the_order_of_their_time<L: MailLedger>(
    world: &World<L>,
) -> Case {
    world.clear().await?;
    let mut letters = Vec::new();
    for after in [30, 10, 50, 0, 40, 20] {
        // The ids of the letters and the times of their failures are in a different order than
        // `retry_at`.
        let letter = world.letter(BEGUN - after, Some(BEGUN + after));
        world.keep(&letter).await?;
        letters.push(letter);
    }
    letters.sort_by_key(|letter| letter.retry_at);
    for limit in [0, 1, 4, 6, 7, u32::MAX] {
        let due = world.ledger.due(limit, BEGUN + 50).await.map_err(text)?;
        let expected = letters.len().min(limit.try_into().map_err(text)?);
        check_eq!(due, letters[..expected], format!("at most {limit}"));
    }
    check_eq!(world.due(BEGUN + 25).await?, letters[..3], "by then");
    Ok(())
}

/// The port's documentation says about the time of the next attempt: "`None`: only when an operator
/// asks for it."
pub(crate) async fn a_letter_without_a_time_is_never_due<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    world.keep(&world.letter(BEGUN, None)).await?;
    for now in [0, BEGUN, LATEST] {
        check!(world.due(now).await?.is_empty(), "due at {now}");
    }
    Ok(())
}

/// The port's documentation says about storing a letter: "If a letter with this id is stored
/// already, the new one replaces it."
pub(crate) async fn a_letter_kept_twice_is_as_the_second_says<L: MailLedger>(
    world: &World<L>,
) -> Case {
    world.clear().await?;
    let other = world.letter(BEGUN, Some(BEGUN));
    world.keep(&other).await?;
    let first = world.letter(BEGUN, Some(BEGUN + 1));
    let second = DeadLetter {
        job: "another job".to_owned(),
        reason: "another reason".to_owned(),
        tries: 60,
        failed_at: BEGUN + 2,
        retry_at: Some(BEGUN + 3),
        id: first.id.clone(),
    };
    let without_a_time = DeadLetter {
        retry_at: None,
        ..first.clone()
    };
    for letter in [&first, &second, &without_a_time, &second, &second] {
        world.keep(letter).await?;
        let expected: Vec<_> = [&other, letter]
            .into_iter()
            .filter(|letter| letter.retry_at.is_some())
            .cloned()
            .collect();
        check_eq!(world.due(LATEST).await?, expected, "as it was kept last");
    }
    Ok(())
}

/// The port's documentation says about deleting a letter: "An absent one is not an error."
pub(crate) async fn a_forgotten_letter_is_gone<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    let letters = [1, 2].map(|after| world.letter(BEGUN, Some(BEGUN + after)));
    for letter in &letters {
        world.keep(letter).await?;
    }
    let [first, second] = letters;
    for _ in 0..2 {
        world.ledger.forget(&first.id).await.map_err(text)?;
        check_eq!(world.due(LATEST).await?, from_ref(&second), "the other");
    }
    world.ledger.forget(&world.fresh()).await.map_err(text)?;
    check_eq!(world.due(LATEST).await?, [second], "the other");
    Ok(())
}

/// The port's documentation says that a list has the stored jobs "whose ids are greater than
/// `after`, sorted by id, whether they are due or not".
pub(crate) async fn kept_letters_come_in_pages<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    let mut letters = Vec::new();
    for retry_at in [None, Some(BEGUN), Some(LATEST), None, Some(0)] {
        let letter = world.letter(BEGUN, retry_at);
        world.keep(&letter).await?;
        letters.push(letter);
    }
    letters.sort_by(|a, b| a.id.cmp(&b.id));
    let mut found: Vec<DeadLetter> = Vec::new();
    loop {
        let after = found.last().map_or("", |letter| &letter.id);
        let page = world.ledger.kept(after, 2).await.map_err(text)?;
        check!(page.len() <= 2, "a page");
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    check_eq!(found, letters, "all letters");
    Ok(())
}

/// All letters to the user are found, page by page, even if their address is written with other
/// upper and lower case. Letters that are certainly for somebody else are not returned.
pub(crate) async fn kept_letters_of_a_user_are_found<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    let user = UserId::new(1_767_225_600_000, &[7; 10]);
    let other = UserId::new(1_767_225_600_000, &[8; 10]);
    let ascii = EmailAddress::parse("o'brien_@example.com").map_err(|_| "an address")?;
    let accented = EmailAddress::parse("\u{e9}lan@example.com").map_err(|_| "an address")?;
    let by_id = format!("2\nid\n{user}");
    let lines = [
        (by_id.as_str(), true, true),
        ("2\nreset\nO'Brien_@Example.COM", true, false),
        ("2\nreset\no'brien_@example.com", true, false),
        ("2\nreset\n\u{c9}LAN@example.com", true, true),
        ("2\nreset\no'brien1@example.com", false, false),
        ("2\nreset\nnobody@example.com", false, false),
        ("nonsense", false, false),
    ];
    let mut letters = Vec::new();
    for (job, of_ascii, of_accented) in lines {
        let letter = DeadLetter {
            job: job.to_owned(),
            ..world.letter(BEGUN, None)
        };
        world.keep(&letter).await?;
        letters.push((letter.id, [of_ascii, of_accented]));
    }
    letters.sort();
    for (which, address) in [&ascii, &accented].into_iter().enumerate() {
        let mut found: Vec<String> = Vec::new();
        loop {
            let after = found.last().map_or("", String::as_str);
            let page = world.ledger.kept_naming(user, address, after, 2);
            let page = page.await.map_err(text)?;
            check!(page.len() <= 2, "a page");
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|letter| letter.id));
        }
        let expected = letters.iter().filter(|(_, of)| of[which]);
        let expected: Vec<String> = expected.map(|(id, _)| id.clone()).collect();
        check_eq!(found, expected, "the letters of the user");
    }
    let none = world.ledger.kept_naming(other, &ascii, "~", 9);
    check_eq!(none.await.map_err(text)?, [], "after the last");
    Ok(())
}

/// An operator marks letters, and they become due. If the call names ids, it marks the letters with
/// these ids. Otherwise it marks all letters. It returns how many it marked.
pub(crate) async fn letters_are_due_when_an_operator_says_so<L: MailLedger>(
    world: &World<L>,
) -> Case {
    world.clear().await?;
    let mut letters = Vec::new();
    for retry_at in [None, Some(LATEST), None] {
        let letter = world.letter(BEGUN, retry_at);
        world.keep(&letter).await?;
        letters.push(letter);
    }
    let ledger = &world.ledger;
    let chosen = [letters[0].id.clone(), world.fresh(), letters[0].id.clone()];
    let marked = ledger.retry(Some(&chosen)).await.map_err(text)?;
    check_eq!(marked, 1, "of those ids");
    let due = DeadLetter {
        retry_at: Some(0),
        ..letters[0].clone()
    };
    check_eq!(world.due(0).await?, [due], "only the chosen one is due");
    check_eq!(ledger.retry(Some(&[])).await.map_err(text)?, 0, "no ids");
    check_eq!(ledger.retry(None).await.map_err(text)?, 3, "all");
    check_eq!(world.due(0).await?.len(), 3, "all are due");
    Ok(())
}

/// The port's documentation says about discarding letters: "Deletes the stored jobs with these ids.
/// Returns how many jobs were deleted."
pub(crate) async fn discarded_letters_are_gone<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    let letters = [1, 2, 3].map(|after| world.letter(BEGUN, Some(BEGUN + after)));
    for letter in &letters {
        world.keep(letter).await?;
    }
    let [first, second, third] = letters;
    let ids = [first.id, world.fresh(), third.id, "' OR 1 = 1".to_owned()];
    for expected in [2, 0] {
        let gone = world.ledger.discard(&ids).await.map_err(text)?;
        check_eq!(gone, expected, "how many");
        check_eq!(world.due(LATEST).await?, from_ref(&second), "the other");
    }
    check_eq!(world.ledger.discard(&[]).await.map_err(text)?, 0, "no ids");
    Ok(())
}
