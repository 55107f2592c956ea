//! Some session stores keep copies of users' rows of the database. After a row was changed, tests
//! how soon renewals and checks of access tokens see the change.

use edgegate::adapters::memory::MemorySessions;
use edgegate::domain::account::{UserChange, UserId};
use edgegate::domain::error::{Code, Error};
use edgegate::domain::mail::Locale;
use edgegate::domain::policy::{COPY_TTL, HOLD_TRIES, HOLD_TTL};
use edgegate::domain::session::Verdict;
use edgegate::ports::{Clock, SessionStore, UserDirectory};
use edgegate::service::manage_users::Amendment;
use edgegate::service::{Criteria, SignedIn};

use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, ROOT, World, client, on_kv, on_memory, verdict};

type Durable = World<MemorySessions>;

impl Durable {
    /// Renews Ada's refresh token. Returns the roles in the new access token. If the renewal is
    /// refused, returns the verdict (why it is refused).
    async fn roles(&self, ada: &SignedIn) -> Result<Vec<String>, Option<Verdict>> {
        let token = ada.tokens.refresh_token.expose();
        let renewed = self.service.renew_token(token, &client()).await;
        let renewed = renewed.map_err(|error| verdict(&error))?;
        let access = renewed.tokens.access_token.expose();
        let mut roles = Vec::new();
        for role in ["author", "user"] {
            if self.service.is_authorized_by_role(access, &[role]).await {
                roles.push(role.to_owned());
            }
        }
        Ok(roles)
    }

    /// The number of changed rows that are still in the list that the cron job works through.
    async fn listed(&self) -> usize {
        let users = &self.service.ports().users;
        users.row_changes(10_000).await.unwrap().len()
    }

    async fn is_valid(&self, ada: &SignedIn) -> bool {
        let access = ada.tokens.access_token.expose();
        self.service.is_authorized_by_role(access, &["user"]).await
    }

    /// Signs in as Ada and lets the store make a copy of Ada's row.
    async fn with_copy(&self) -> SignedIn {
        let ada = self.log_in(ADA);
        assert_eq!(self.roles(&ada).await, Ok(vec!["user".to_owned()]));
        assert!(self.is_valid(&ada).await);
        ada
    }

    /// Changes the row directly in the database. The store does not notice this as long as it uses
    /// its copy of the row.
    fn disable_by_hand(&self, id: UserId) {
        let users = &self.service.ports().users;
        users.change_by_hand(id, 1, |user| user.disabled_at = Some(1));
    }
}

#[test]
fn a_renewal_and_a_check_read_no_row_while_the_copy_may_decide() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        let ada = world.with_copy().await;
        world.disable_by_hand(ada.user.id);
        assert!(world.roles(&ada).await.is_ok());
        assert!(world.is_valid(&ada).await);
        // Every copy of a row is used for at most a day. So even a change that was made directly in
        // the database takes effect after a day.
        world.clock.advance(COPY_TTL);
        assert_eq!(world.roles(&ada).await, Err(Some(Verdict::NoUser)));
    });
}

#[test]
fn a_change_by_hand_counts_once_the_cron_has_run() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        let ada = world.with_copy().await;
        world.disable_by_hand(ada.user.id);
        world.service.follow_row_changes().await.unwrap();
        assert_eq!(world.roles(&ada).await, Err(Some(Verdict::NoUser)));
        assert!(!world.is_valid(&ada).await);
        let users = &world.service.ports().users;
        assert_eq!(users.row_changes(9).await, Ok(vec![]));
    });
}

/// A row is changed directly in the database. The next run of the cron job handles this change, no
/// matter how many earlier changes are waiting, and no matter whether the Durable Objects of those
/// users answer.
#[test]
fn a_new_change_by_hand_does_not_wait_for_a_long_list() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        let ada = world.with_copy().await;
        let users = &world.service.ports().users;
        for waiting in 0..600_u64 {
            users.change_by_hand(UserId::new(waiting, &[7; 10]), 0, |_| ());
        }
        world.disable_by_hand(ada.user.id);
        world.service.follow_row_changes().await.unwrap();
        assert!(!world.is_valid(&ada).await);
        assert_eq!(world.listed().await, 201);
        world.service.follow_row_changes().await.unwrap();
        assert_eq!(world.listed().await, 0);
    });
}

/// The Durable Objects of some users fail. The changes of other users are handled even so, however
/// long the changes of the failing objects have been waiting.
#[test]
fn objects_that_fail_do_not_keep_the_others_waiting() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        let ada = world.with_copy().await;
        let ports = world.service.ports();
        let broken: Vec<UserId> = (0..400).map(|n| UserId::new(n, &[7; 10])).collect();
        let (before, after) = broken.split_at(300);
        for (users, at) in [(before, 0), (after, 2)] {
            for user in users {
                ports.users.change_by_hand(*user, at, |_| ());
            }
        }
        world.disable_by_hand(ada.user.id);
        ports.sessions.break_objects(broken);
        for (run, is_valid) in [(1, true), (2, false), (3, false)] {
            let followed = world.service.follow_row_changes().await;
            assert_eq!(followed.unwrap_err().code(), Code::Unavailable, "run {run}");
            assert_eq!(world.is_valid(&ada).await, is_valid, "run {run}");
            world.clock.advance(60);
        }
        assert_eq!(world.listed().await, 400, "none is lost");
        ports.sessions.break_objects([]);
        world.service.follow_row_changes().await.unwrap();
        assert_eq!(world.listed().await, 0);
    });
}

/// Copies that are older than `COPIES_SINCE` are not used. So the cron job does not have to tell a
/// user's Durable Object about a change from before that time. It handles later changes as usual.
#[test]
fn changes_from_before_copies_since_leave_the_list() {
    pollster::block_on(async {
        let now = on_memory(&[]).clock.now_ms() / 1000;
        for (since, changed_at, left) in [
            (0, now - 1, 200),
            (now, now - 1, 0),
            (now, now, 200),
            (now - 1, now - 1, 200),
            // `COPIES_SINCE` is later than now here. An operator may set it back to an earlier
            // time, and then older copies are used again, so the changes stay in the list.
            (now + 1, now - 1, 200),
        ] {
            let world = on_memory(&[("COPIES_SINCE", &since.to_string())]);
            let users = &world.service.ports().users;
            for waiting in 0..600_u64 {
                users.change_by_hand(UserId::new(waiting, &[7; 10]), changed_at, |_| ());
            }
            world.service.follow_row_changes().await.unwrap();
            assert_eq!(world.listed().await, left, "{since} {changed_at}");
        }
    });
}

/// Each change that the service makes takes effect at once: while the change holds the store (then
/// the store must not use its copy), and afterwards. It makes no difference whether a copy was made
/// in between.
#[test]
fn each_change_of_the_service_counts_at_once() {
    type Change = fn(&Durable, UserId) -> Result<(), Error>;
    type Renewed = Result<Vec<String>, Option<Verdict>>;
    let changes: [(&str, Change, Renewed); 6] = [
        (
            "a role",
            |world, id| {
                amend(world, id, |amendment| {
                    amendment.roles = Some(vec!["author".to_owned(), "user".to_owned()]);
                })
            },
            Ok(vec!["author".to_owned(), "user".to_owned()]),
        ),
        (
            "disabled",
            |world, id| amend(world, id, |amendment| amendment.disabled = Some(true)),
            Err(Some(Verdict::NoUser)),
        ),
        (
            "revoked",
            |world, id| pollster::block_on(world.service.revoke_tokens(id)),
            Err(Some(Verdict::OtherEpoch)),
        ),
        (
            "another password",
            |world, _| {
                let (login, by) = (world.log_in(ADA), client());
                let access = login.tokens.access_token.expose();
                let change = world.service.change_password(
                    access,
                    PASSWORD,
                    NEW_PASSWORD,
                    &by,
                    Locale::English,
                );
                pollster::block_on(change).map(drop)
            },
            Err(Some(Verdict::OtherEpoch)),
        ),
        (
            "a reset",
            |world, _| {
                pollster::block_on(async {
                    let (ticket, by) = (world.reset_ticket(ADA).await, client());
                    let reset =
                        world
                            .service
                            .confirm_reset(&ticket, NEW_PASSWORD, &by, Locale::English);
                    reset.await.map(drop)
                })
            },
            Err(Some(Verdict::OtherEpoch)),
        ),
        (
            "deleted",
            |world, id| {
                let root = world.log_in(ROOT);
                let access = root.tokens.access_token.expose();
                let deletion = world.service.delete_account(access, id, Locale::English);
                pollster::block_on(deletion).map(drop)
            },
            Err(Some(Verdict::NoUser)),
        ),
    ];
    for (what, change, expected) in changes {
        for later in [0, HOLD_TTL] {
            let world = on_memory(&[]);
            let ada = pollster::block_on(world.with_copy());
            change(&world, ada.user.id).unwrap();
            world.clock.advance(later);
            for _ in 0..3 {
                let roles = pollster::block_on(world.roles(&ada));
                assert_eq!(roles, expected, "{what}, {later} s later");
                let is_valid = pollster::block_on(world.is_valid(&ada));
                assert!(!is_valid, "{what}, {later} s later");
            }
        }
    }
}

fn amend(world: &Durable, id: UserId, edit: impl FnOnce(&mut Amendment)) -> Result<(), Error> {
    let root = world.log_in(ROOT);
    let mut amendment = Amendment::default();
    edit(&mut amendment);
    let access = root.tokens.access_token.expose();
    let amended = world.service.amend_user(access, id, amendment);
    pollster::block_on(amended).map(drop)
}

#[test]
fn a_change_that_is_late_each_time_answers_503_and_changes_nothing() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        let ada = world.with_copy().await;
        let users = &world.service.ports().users;
        users.be_late(HOLD_TRIES);
        let error = world.service.revoke_tokens(ada.user.id).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        assert_eq!(
            users.find_by_id(ada.user.id).await,
            Ok(Some(ada.user.clone()))
        );
        assert!(world.roles(&ada).await.is_ok());
        assert!(world.is_valid(&ada).await);
        // Now every attempt except the last one is too late. So the last attempt succeeds.
        users.be_late(HOLD_TRIES - 1);
        world.service.revoke_tokens(ada.user.id).await.unwrap();
        assert!(!world.is_valid(&ada).await);
    });
}

#[test]
fn a_deletion_that_is_late_each_time_deletes_nothing() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        let ada = world.with_copy().await;
        let users = &world.service.ports().users;
        users.be_late(HOLD_TRIES);
        let (access, by) = (ada.tokens.access_token.expose(), client());
        let deletion = world
            .service
            .delete_own_account(access, PASSWORD, &by, Locale::English);
        assert_eq!(deletion.await.unwrap_err().code(), Code::Unavailable);
        assert_eq!(users.departures(None, 9).await, Ok(vec![]));
        assert!(world.roles(&ada).await.is_ok());
    });
}

#[test]
fn a_login_that_read_another_version_drops_the_copy() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        let ada = world.with_copy().await;
        let users = &world.service.ports().users;
        users.change_by_hand(ada.user.id, 1, |user| {
            user.version += 1;
            user.session_epoch += 1;
        });
        world.log_in(ADA);
        assert_eq!(world.roles(&ada).await, Err(Some(Verdict::OtherEpoch)));
    });
}

#[test]
fn copies_from_before_copies_since_are_not_used() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        let ada = world.with_copy().await;
        world.disable_by_hand(ada.user.id);
        let sessions = world.service.ports().sessions.clone();
        let now = world.clock.now_ms() / 1000;
        let later = sessions.with_copies_since(now);
        let row = async { world.service.ports().users.find_by_id(ada.user.id).await };
        let session = ada.tokens.session;
        let revocation = later
            .check(ada.user.id, session, None, now, row)
            .await
            .unwrap();
        assert!(
            revocation
                .minimum_version
                .is_some_and(|least| least > ada.user.version)
        );
    });
}

/// The KV session store has no copies, so the cron job tells nobody about these changes. But it is
/// possible that an operator later switches `SESSION_STORE` to a store that still has older copies.
/// So each change stays in the list for as long as an older copy may be used.
#[test]
fn with_kv_changes_are_listed_for_a_day() {
    pollster::block_on(async {
        let world = on_kv(&[]);
        let ada = world.log_in(ADA);
        world.service.revoke_tokens(ada.user.id).await.unwrap();
        let listed = async || {
            world.service.follow_row_changes().await.unwrap();
            let users = &world.service.ports().users;
            users.row_changes(9).await.unwrap().len()
        };
        assert_eq!(listed().await, 1);
        world.clock.advance(COPY_TTL);
        assert_eq!(listed().await, 1);
        world.clock.advance(1);
        assert_eq!(listed().await, 0);
    });
}

#[test]
fn a_session_that_has_ended_is_refused_without_the_row() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        let ada = world.with_copy().await;
        let (access, refresh) = (&ada.tokens.access_token, &ada.tokens.refresh_token);
        world.service.log_out(refresh.expose()).await.unwrap();
        let criteria = Criteria::default();
        let checked = world
            .service
            .is_authorized(access.expose(), &criteria)
            .await;
        assert_eq!(checked.unwrap_err().code(), Code::InvalidToken);
        let users = &world.service.ports().users;
        let change = UserChange::revoke_sessions();
        users
            .update(ada.user.id, None, None, &change, 1)
            .await
            .unwrap();
        assert_eq!(world.roles(&ada).await, Err(Some(Verdict::Ended)));
    });
}

/// An SQL statement that changes rows of `users` must have a condition that is false after the
/// deadline of the change. The exception is a statement that changes only values that copies do not
/// contain.
#[test]
fn every_statement_that_changes_a_users_row_is_guarded() {
    let source = include_str!("../../src/adapters/cloudflare/d1_users.rs");
    let statements = |begin: &str| -> Vec<&str> {
        let found = source.match_indices(begin);
        found
            .map(|(at, _)| {
                let rest = &source[at..];
                &rest[..rest.find(" RETURNING").unwrap()]
            })
            .collect()
    };
    let updates = statements("UPDATE OR IGNORE users");
    assert!(updates.iter().all(|sql| sql.contains("unixepoch() < ")));
    assert_eq!(updates.len(), 1);
    let (rehashes, others): (Vec<&str>, Vec<&str>) = statements("UPDATE users SET")
        .into_iter()
        .partition(|sql| sql.starts_with("UPDATE users SET password_hash = ?3 WHERE"));
    assert_eq!(rehashes.len(), 1);
    // This statement runs after a restore, when no copy is used (see COPIES_SINCE). It does not set
    // `held_until`, so the triggers add the changed rows to the list of changes.
    assert!(others[0].starts_with("UPDATE users SET version = max("));
    assert!(!others[0].contains("held_until"));
    assert_eq!(others.len(), 1);
    // A row is deleted only if an earlier statement of the same transaction has added the departure
    // (the record of the deleted account).
    let deletions = statements("DELETE FROM users");
    assert!(
        deletions
            .iter()
            .all(|sql| sql.contains("EXISTS (SELECT 1 FROM departures"))
    );
    assert_eq!(deletions.len(), 1);
    let others = files("src")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
        .filter(|path| !path.ends_with("d1_users.rs"))
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            [
                "UPDATE users",
                "UPDATE OR IGNORE users",
                "DELETE FROM users",
                "INTO users",
            ]
            .iter()
            .any(|statement| text.contains(statement))
        });
    assert_eq!(others.collect::<Vec<_>>(), Vec::<std::path::PathBuf>::new());
}

fn files(folder: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(path.to_str().unwrap()));
        } else {
            found.push(path);
        }
    }
    found
}
