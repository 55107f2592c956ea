//! The limit on the number of sessions per user. The service counts a user's sessions after it has
//! sent the response to a login. At that time, KV's list of the sessions can be out of date.

use edgegate::adapters::memory::{Faults, MemorySessions};
use edgegate::domain::account::UserId;
use edgegate::domain::policy::{ENDED_ROW_TTL, SESSIONS_PER_USER};
use edgegate::domain::session::{EndReason, Holder, Proof, RefreshTicket, SessionId};
use edgegate::ports::{Clock, Ending, NewSession, Ports, SessionStore};

use crate::kv::{Deployment, EVERY_TIME, client, ended_key, renew, seal, session_key};

/// A user signs in 120 times. After some of the logins the sessions are counted, while KV's list
/// can be out of date.
#[test]
fn the_limit_ends_the_oldest_and_clears_away() {
    let deployment = Deployment::new(false);
    let user = deployment.user(1);
    let stores = [1, 2].map(|location| {
        let service = deployment.service(location, &[]);
        (service, location)
    });
    deployment.kv.set_faults(Faults {
        page: 7,
        ..Faults::default()
    });
    let most = 10;
    let mut begun = Vec::new();
    for number in 0..120u8 {
        let (service, _) = &stores[usize::from(number % 2)];
        let ticket = RefreshTicket {
            user: user.id,
            session: SessionId::new(deployment.time.now_ms(), &[number; 10]),
            epoch: 0,
            counter: 0,
            expires_at: deployment.now() + 90 * 86_400,
            proof: Proof::by_password(deployment.now()),
            sign_on: None,
        };
        let browser = client();
        let new = NewSession {
            user: user.id,
            session: ticket.session,
            epoch: 0,
            version: 0,
            client: &browser,
            expires_at: ticket.expires_at,
            idle_ttl: 30 * 86_400,
            most: Some(most),
            holder: Holder::default(),
        };
        let store = service.ports().sessions();
        deployment
            .time
            .run(store.begin(&new, deployment.now()))
            .unwrap();
        deployment.time.run(deployment.background.run()).unwrap();
        begun.push(ticket);
        // The newest session is never ended by a count.
        let answer = deployment.time.run(renew(service, &seal(ticket, &[])));
        assert!(answer.is_ok(), "the session just begun was ended");
        deployment.time.advance(61);
    }
    let store = stores[0].0.ports().sessions();
    let left = deployment
        .time
        .run(store.list(user.id, 0, deployment.now()))
        .unwrap();
    let newest: Vec<SessionId> = begun[begun.len() - left.len()..]
        .iter()
        .map(|ticket| ticket.session)
        .collect();
    let left: Vec<SessionId> = left.iter().map(|session| session.id).collect();
    println!("limit {most}: {} of 120 sessions go on", left.len());
    assert_eq!(left, newest, "not the oldest ended");
    assert!(left.len() < most + 40, "{} sessions", left.len());
    let records = begun
        .iter()
        .filter(|ticket| {
            let key = format!("session:{}:{}", user.id, ticket.session);
            deployment.kv.value(&key).is_some()
        })
        .count();
    assert!(records < 100, "{records} records: none was cleared away");
    assert!(SESSIONS_PER_USER > most);
}

fn log_in(deployment: &Deployment, store: &impl SessionStore, ticket: RefreshTicket, most: usize) {
    let begun = deployment.record(store, ticket, Some(most));
    deployment.time.run(begun).unwrap();
}

/// The service counts a user's sessions only after some of the logins, chosen at random. This
/// function signs in until a login is followed by a count, runs the count, and returns the ticket
/// of that login.
fn log_in_until_counted(
    deployment: &Deployment,
    store: &impl SessionStore,
    user: &edgegate::domain::account::User,
    most: usize,
) -> RefreshTicket {
    for _ in 0..200 {
        let ticket = deployment.ticket(user);
        log_in(deployment, store, ticket, most);
        if deployment.time.run(deployment.background.run()).unwrap() > 0 {
            return ticket;
        }
        deployment.time.advance(2);
    }
    panic!("200 logins, and none was counted");
}

/// If a count sees all sessions, it leaves only `most` of them.
#[test]
fn a_count_that_sees_all_sessions_leaves_the_allowed_number() {
    for seed in 0..10 {
        let deployment = Deployment::seeded(seed, false);
        let user = deployment.user(1);
        let stores = [1, 2, 3].map(|location| deployment.store(location));
        for number in 0..30 {
            let ticket = deployment.ticket(&user);
            log_in(&deployment, &stores[number % 3], ticket, 10);
            deployment.time.advance(1);
        }
        // This count runs before KV's lists show all sessions. It ends no session that should stay.
        deployment.time.run(deployment.background.run()).unwrap();
        deployment.time.advance(61);
        let newest = log_in_until_counted(&deployment, &stores[0], &user, 10);
        let now = deployment.now();
        let list = stores[0].list(user.id, 0, now);
        let left = deployment.time.run(list).unwrap();
        assert_eq!(left.len(), 10, "seed {seed}");
        assert_eq!(left[9].id, newest.session);
        // When the store next counts the user's sessions, it removes the records of those that have
        // ended.
        deployment.time.advance(61);
        log_in_until_counted(&deployment, &stores[0], &user, 10);
        let records = deployment.kv.keys(&format!("session:{}:", user.id));
        assert!(records.len() <= 10 + 8 * 8, "{} records", records.len());
        for key in &records {
            let metadata = deployment.kv.calls_of(key);
            assert_eq!(metadata.deletes, 0, "a record that was deleted is back");
        }
    }
}

/// The clock of another isolate is ahead. So the sessions that have just begun there look newer
/// than they are, and the session whose login is followed by a count looks like the oldest. The
/// count must not end this session.
#[test]
fn a_count_never_ends_the_session_just_begun() {
    for seed in 0..40 {
        let deployment = Deployment::seeded(seed, false);
        let user = deployment.user(1);
        let (slow, fast) = (deployment.store(1), deployment.store(1));
        for second in 1..=6 {
            let mut ticket = deployment.ticket(&user);
            ticket.session = SessionId::new(deployment.time.now_ms() + second * 5000, &[9; 10]);
            log_in(&deployment, &fast, ticket, 3);
        }
        // Several counts run at once and delete the same keys. It is possible that KV refuses some
        // of these writes.
        let _ = deployment.time.run(deployment.background.run());
        deployment.time.advance(2);
        let ticket = deployment.ticket(&user);
        log_in(&deployment, &slow, ticket, 3);
        deployment.time.run(deployment.background.run()).unwrap();
        assert_eq!(deployment.kv.value(&ended_key(ticket)), None, "seed {seed}");
    }
}

/// After the login of a new session, the service counts the user's sessions. If the new session has
/// ended before this count, the count ends no other session to make room for it.
#[test]
fn a_session_that_has_ended_since_takes_no_place() {
    let mut counted = 0;
    for seed in 0..40 {
        let deployment = Deployment::seeded(seed, false);
        let user = deployment.user(1);
        let store = deployment.store(1);
        let mut begun = Vec::new();
        for _ in 0..3 {
            let ticket = deployment.ticket(&user);
            deployment
                .time
                .run(deployment.record(&store, ticket, None))
                .unwrap();
            begun.push(ticket);
            deployment.time.advance(1);
        }
        let ticket = deployment.ticket(&user);
        log_in(&deployment, &store, ticket, 3);
        let now = deployment.now();
        let ending = Ending::by_id(user.id, ticket.session);
        let end = store.end(&ending, EndReason::LoggedOut, now);
        deployment.time.run(end).unwrap();
        deployment.time.advance(1);
        counted += deployment.time.run(deployment.background.run()).unwrap();
        for ticket in begun {
            assert_eq!(deployment.kv.value(&ended_key(ticket)), None, "seed {seed}");
        }
    }
    assert!(counted > 0, "no login was counted");
}

/// A revoke-all happens between a login and the count for that login. The count ignores sessions
/// that began after the revoke-all.
#[test]
fn sessions_of_a_later_epoch_are_left_alone() {
    let mut counted = 0;
    for seed in 0..40 {
        let deployment = Deployment::seeded(seed, false);
        let mut user = deployment.user(1);
        let store = deployment.store(1);
        let old = deployment.ticket(&user);
        log_in(&deployment, &store, old, 1);
        deployment.time.advance(1);
        user.session_epoch = 1;
        let mut later = Vec::new();
        for _ in 0..5 {
            let ticket = deployment.ticket(&user);
            deployment
                .time
                .run(deployment.record(&store, ticket, None))
                .unwrap();
            later.push(ticket);
            deployment.time.advance(1);
        }
        counted += deployment.time.run(deployment.background.run()).unwrap();
        for ticket in &later {
            assert_eq!(deployment.kv.value(&ended_key(*ticket)), None);
            assert!(deployment.kv.value(&session_key(*ticket)).is_some());
        }
        // A count for a login after the revoke-all removes the records of the sessions that began
        // before the revoke-all.
        log_in_until_counted(&deployment, &store, &user, 10);
        assert_eq!(deployment.kv.value(&session_key(old)), None);
    }
    assert!(counted > 0, "no login was counted");
}

/// A session that has gone idle is not listed, because its record has expired in KV.
#[test]
fn a_list_leaves_out_what_has_gone_idle() {
    let deployment = Deployment::new(false);
    let user = deployment.user(1);
    let store = deployment.store(1);
    let ticket = deployment.ticket(&user);
    log_in(&deployment, &store, ticket, 10);
    let listed = || {
        let now = deployment.now();
        deployment
            .time
            .run(store.list(user.id, 0, now))
            .unwrap()
            .len()
    };
    deployment.time.advance(30 * crate::kv::DAY - 1);
    assert_eq!(listed(), 1);
    deployment.time.advance(1);
    assert_eq!(listed(), 0);
}

/// The user has more sessions than one bulk read of KV can ask about (100 keys).
#[test]
fn a_long_list_is_read_in_parts() {
    let deployment = Deployment::new(false);
    let user = deployment.user(1);
    let store = deployment.store(1);
    let mut begun = Vec::new();
    for _ in 0..230 {
        let ticket = deployment.ticket(&user);
        let record = deployment.record(&store, ticket, None);
        deployment.time.run(record).unwrap();
        begun.push(ticket.session);
        deployment.time.advance(1);
    }
    let now = deployment.now();
    let ending = Ending::by_id(user.id, begun[150]);
    let end = store.end(&ending, EndReason::LoggedOut, now);
    deployment.time.run(end).unwrap();
    begun.remove(150);
    let _ = deployment.kv.take_calls();
    let listed = deployment.time.run(store.list(user.id, 0, now)).unwrap();
    let listed: Vec<SessionId> = listed.iter().map(|session| session.id).collect();
    assert_eq!(listed, begun);
    assert_eq!(deployment.kv.take_calls().reads, 3);
}

/// A store without stale reads removes the record of an ended session after 65 minutes. So records
/// do not accumulate, even if somebody signs in ten times a minute for hours: a login reads at most
/// the sessions within the limit and those that ended in the last 65 minutes.
#[test]
fn ended_sessions_do_not_accumulate() {
    let store = MemorySessions::default();
    let user = UserId::new(1, &[1; 10]);
    let browser = client();
    let mut now = 1_767_225_600;
    let begin = |now: u64, epoch: u32| {
        let session = SessionId::new(now * 1000, &[1; 10]);
        let new = NewSession {
            user,
            session,
            epoch,
            version: 0,
            client: &browser,
            expires_at: now + 90 * 86_400,
            idle_ttl: 30 * 86_400,
            most: Some(SESSIONS_PER_USER),
            holder: Holder::default(),
        };
        pollster::block_on(store.begin(&new, now)).unwrap();
        session
    };
    let of_an_hour = usize::try_from(ENDED_ROW_TTL / 6).unwrap();
    let mut most = 0;
    for _ in 0..3_000 {
        begin(now, 0);
        most = most.max(store.recorded());
        now += 6;
    }
    assert_eq!(most, SESSIONS_PER_USER + of_an_hour);
    // From here on, the user's `session_epoch` is raised before each login, as a change of the
    // password does. This ends all earlier sessions.
    for epoch in 1..1_500 {
        begin(now, epoch);
        most = most.max(store.recorded());
        now += 6;
    }
    assert!(most <= 2 * SESSIONS_PER_USER + of_an_hour, "{most} records");

    // Long before all tokens of the session have expired, the store removes the record of the
    // session's end. The session stays ended even so.
    let ended = begin(now, 1_500);
    let ending = Ending::by_id(user, ended);
    let end = store.end(&ending, EndReason::LoggedOut, now);
    pollster::block_on(end).unwrap();
    for passed in [0, ENDED_ROW_TTL - 1, ENDED_ROW_TTL, 86_400, 29 * 86_400] {
        store.delete_expired(now + passed);
        let known = store.revocation(user, ended, None, now + passed);
        assert!(pollster::block_on(known).unwrap().ended, "{passed} s later");
    }
    assert_eq!(store.recorded(), 0);
}

/// A session's record is removed when the session has gone idle or is over, even after renewals.
/// For this, each write of the record sets a time to live, after which KV removes it.
#[test]
fn a_record_lives_as_long_as_its_session() {
    let deployment = Deployment::new(false);
    let service = deployment.service(1, EVERY_TIME);
    let store = service.ports().sessions();
    let user = deployment.user(1);
    let ticket = deployment.time.run(deployment.begin(store, &user));
    let key = session_key(ticket);
    let idle_ttl = service.settings().sessions.idle_ttl;
    let mut token = seal(ticket, EVERY_TIME);
    // The last of these renewals is ten days before the session's end, and does not change that
    // end.
    for days in [0, 29, 29, 22] {
        deployment.time.advance(days * 86_400 + 2);
        token = deployment.time.run(renew(&service, &token)).unwrap();
        let left = ticket.expires_at - deployment.now();
        let lives = idle_ttl.min(left);
        assert!(deployment.kv.value(&key).is_some());
        assert_eq!(
            deployment.kv.expires_at(&key),
            Some(deployment.now() + lives)
        );
    }
    deployment
        .time
        .advance(ticket.expires_at - deployment.now());
    assert_eq!(deployment.kv.value(&key), None);
}

/// As KV's documentation says, it is possible that its list does not show a new key yet, even at
/// the location that wrote the key. A session that was ended at this location disappears from the
/// list at once.
#[test]
fn a_list_may_miss_what_began_here_and_shows_nothing_that_ended_here() {
    let deployment = Deployment::new(false);
    deployment.kv.set_faults(Faults {
        late_at_home: true,
        ..Faults::default()
    });
    let service = deployment.service(1, &[]);
    let store = service.ports().sessions();
    let user = deployment.user(1);
    let ticket = deployment.time.run(deployment.begin(store, &user));
    let listed = || {
        let list = store.list(user.id, user.session_epoch, deployment.now());
        deployment.time.run(list).unwrap().len()
    };
    assert_eq!(listed(), 0);
    deployment.time.advance(60);
    assert_eq!(listed(), 1);
    let (reason, now) = (EndReason::LoggedOut, deployment.now());
    let ending = Ending::by_id(user.id, ticket.session);
    let end = store.end(&ending, reason, now);
    deployment.time.run(end).unwrap();
    assert_eq!(listed(), 0);
}
