//! Tests every kind of link after every kind of change to its account.

use super::*;

const STATES: [fn(&User) -> State; 3] = [
    State::for_reset,
    State::for_verification,
    State::for_new_address,
];

/// A change that some use case makes. `number` makes each new password hash different, as a salt
/// would.
fn change(kind: u8, number: usize) -> UserChange {
    let none = UserChange::default;
    let email = |text: &str| EmailAddress::parse(text).ok();
    let hash = || Some(PasswordHash::new(format!("$argon2id${number}")));
    match kind {
        0 => UserChange {
            email: email("a@example.com"),
            ..none()
        },
        1 => UserChange {
            email: email("A@example.com"),
            ..none()
        },
        2 => UserChange {
            email: email("b@example.com"),
            ..none()
        },
        3 => UserChange {
            disabled: Some(true),
            ..none()
        },
        4 => UserChange {
            disabled: Some(false),
            ..none()
        },
        5 => UserChange {
            verify_email: true,
            ..none()
        },
        6 => UserChange {
            password_hash: hash(),
            ..none()
        },
        7 => UserChange {
            verify_email: true,
            password_hash: hash(),
            first_name: Edit::Remove,
            last_name: Edit::Remove,
            ..none()
        },
        8 => UserChange::revoke_sessions(),
        _ => UserChange {
            roles: Some(Default::default()),
            ..none()
        },
    }
}

/// For each kind of link: whether using the link makes this change.
fn is_use(change: &UserChange) -> [bool; 3] {
    let verified = change.verify_email;
    [
        verified && change.password_hash.is_some(),
        verified,
        change.email.is_some(),
    ]
}

static SOME_USER: LazyLock<User> =
    LazyLock::new(|| pollster::block_on(find(&on_memory(&[]), ADA)).unwrap());

proptest! {
    #[test]
    fn a_used_or_invalidated_link_never_works_again(
        kinds in prop::collection::vec(0_u8..10, 1..40),
        begins_verified in any::<bool>(),
    ) {
        pollster::block_on(async {
            let ada = SOME_USER.clone();
            let users = MemoryUsers::default();
            let ada = User {
                email_verified_at: ada.email_verified_at.filter(|_| begins_verified),
                ..ada
            };
            users.insert(&ada, None).await.unwrap();
            let mut now = STATES.map(|state| state(&ada));
            let mut dead: [Vec<State>; 3] = Default::default();
            let mut generation = ada.link_generation;
            for (number, kind) in kinds.iter().enumerate() {
                let change = change(*kind, number);
                let user = users.update(ada.id, None, None, &change, 1000).await.unwrap().unwrap();
                assert!(user.link_generation >= generation, "it only grows");
                generation = user.link_generation;
                let uses = is_use(&change);
                for (index, state) in STATES.iter().enumerate() {
                    let after = state(&user);
                    if uses[index] {
                        assert_ne!(after, now[index], "used: {kinds:?}");
                    }
                    if after != now[index] {
                        dead[index].push(now[index]);
                    }
                    assert!(!dead[index].contains(&after), "again: {kinds:?}");
                    now[index] = after;
                }
            }
        });
    }
}
