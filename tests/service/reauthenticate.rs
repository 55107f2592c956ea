//! When a user enters the password, this is a proof that is recent for ten minutes. Tests how to
//! get a proof, which actions need a recent proof, and what is not a proof.

use edgegate::adapters::memory::{MemoryDevices, MemoryPasswordGuard, MemorySessions};
use edgegate::domain::account::{Edit, UserId};
use edgegate::domain::error::{AccessRefusal, Code, Error};
use edgegate::domain::mail::Locale::English;
use edgegate::domain::session::Verdict;
use edgegate::ports::{Ports, SessionStore};
use edgegate::service::manage_users::{Amendment, Invitee};
use edgegate::service::{AuthService, Login, SignedIn, TokenPair};

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, World, cheap_hasher, client, log_in, on_both, on_kv,
    on_memory, other_client, verdict,
};

const STRICT: &[(&str, &str)] = &[("ROTATE_AFTER", "0"), ("REUSE", "strict")];

fn claims(token: &str) -> serde_json::Value {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(claims).unwrap()).unwrap()
}

fn auth_time(tokens: &TokenPair) -> u64 {
    claims(tokens.access_token.expose())["auth_time"]
        .as_u64()
        .unwrap()
}

fn now<S: SessionStore>(world: &World<S>) -> u64 {
    use edgegate::ports::Clock;
    world.clock.now_ms() / 1000
}

async fn prove<P: Ports>(service: &AuthService<P>, tokens: &TokenPair) -> Result<SignedIn, Error> {
    let access_token = tokens.access_token.expose();
    service
        .reauthenticate(access_token, PASSWORD, None, &client())
        .await
}

async fn renew<P: Ports>(service: &AuthService<P>, tokens: &TokenPair) -> Result<TokenPair, Error> {
    let refresh_token = tokens.refresh_token.expose();
    let renewed = service.renew_token(refresh_token, &client()).await;
    renewed.map(|renewed| renewed.tokens)
}

fn roles(roles: &[&str]) -> Amendment {
    Amendment {
        roles: Some(roles.iter().map(|role| (*role).to_owned()).collect()),
        ..Amendment::default()
    }
}

fn disabled(disabled: bool) -> Amendment {
    Amendment {
        disabled: Some(disabled),
        ..Amendment::default()
    }
}

on_both!(a_new_pair_shows_the_new_proof_in_the_same_session, &[], world => {
    let service = &world.service;
    let before = log_in(service, ROOT).await.unwrap().tokens;
    assert_eq!(auth_time(&before), now(&world));
    world.clock.advance(500);
    let after = prove(service, &before).await.unwrap().tokens;
    assert_eq!(after.session, before.session);
    assert_eq!(auth_time(&after), now(&world));
    assert_eq!(after.refresh_token_expires_in, before.refresh_token_expires_in - 500);
    // The session is the same: no second session began.
    assert_eq!(service.list_sessions(after.access_token.expose()).await.unwrap().len(), 1);
    // Renewals do not change the time of the proof.
    let proved_at = now(&world);
    world.clock.advance(300);
    let renewed = renew(service, &after).await.unwrap();
    assert_eq!(auth_time(&renewed), proved_at);
    world.clock.advance(300);
    let renewed = renew(service, &renewed).await.unwrap();
    assert_eq!(auth_time(&renewed), proved_at);
});

on_both!(a_renewal_proves_nothing, &[], world => {
    let service = &world.service;
    let mut tokens = log_in(service, ROOT).await.unwrap().tokens;
    let begun_at = now(&world);
    for _ in 0..5 {
        world.clock.advance(400);
        tokens = renew(service, &tokens).await.unwrap();
        assert_eq!(auth_time(&tokens), begun_at);
    }
    let gone = service.delete_account(tokens.access_token.expose(), UserId::new(1, &[1; 10]), English).await;
    assert_eq!(gone.unwrap_err(), Error::ReauthenticationRequired);
});

/// Tries the actions that can't be undone, with this access token.
async fn harm<P: Ports>(
    service: &AuthService<P>,
    token: &str,
    id: UserId,
) -> Vec<(&'static str, Result<(), Error>)> {
    let invitee = Invitee {
        email: "grace@example.com",
        first_name: None,
        last_name: None,
    };
    let given = Some(vec!["editor".to_owned(), "user".to_owned()]);
    vec![
        (
            "a grant",
            service
                .amend_user(token, id, roles(&["admin", "user"]))
                .await
                .map(drop),
        ),
        (
            "roles and a name",
            service
                .amend_user(
                    token,
                    id,
                    Amendment {
                        first_name: Edit::Set("A".to_owned()),
                        ..roles(&["user"])
                    },
                )
                .await
                .map(drop),
        ),
        (
            "disabling",
            service
                .amend_user(token, id, disabled(true))
                .await
                .map(drop),
        ),
        (
            "enabling",
            service
                .amend_user(token, id, disabled(false))
                .await
                .map(drop),
        ),
        (
            "an account with a role",
            service
                .create_user(token, invitee, given, English)
                .await
                .map(drop),
        ),
        (
            "deletion",
            service.delete_account(token, id, English).await.map(drop),
        ),
    ]
}

on_both!(what_cannot_be_undone_needs_a_proof_of_the_last_ten_minutes, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let root = log_in(service, ROOT).await.unwrap();
    world.clock.advance(600);
    let old = renew(service, &root.tokens).await.unwrap();
    let token = old.access_token.expose();
    for id in [ada.user.id, root.user.id, UserId::new(1, &[9; 10])] {
        for (what, outcome) in harm(service, token, id).await {
            assert_eq!(outcome.unwrap_err(), Error::ReauthenticationRequired, "{what}");
        }
    }
    assert_eq!(service.read_user(token, ada.user.id).await.unwrap().version, ada.user.version);
    assert_eq!(service.list_users(token, None, 10).await.unwrap().users.len(), 2);
    // Actions that can be undone need no proof.
    let name = Amendment { first_name: Edit::Set("Augusta".to_owned()), ..Amendment::default() };
    service.amend_user(token, ada.user.id, name).await.unwrap();
    let invitee = Invitee { email: "joan@example.com", first_name: None, last_name: None };
    service.create_user(token, invitee, None, English).await.unwrap();
    let invitee = Invitee { email: "jean@example.com", ..invitee };
    service.create_user(token, invitee, Some(vec!["user".to_owned()]), English).await.unwrap();
    service.revoke_tokens_as(token, ada.user.id).await.unwrap();
    // Tries the last second in which a proof is recent, and the first second in which it is no
    // longer recent.
    let proved = prove(service, &old).await.unwrap().tokens;
    world.clock.advance(599);
    let token = renew(service, &proved).await.unwrap();
    service.amend_user(token.access_token.expose(), ada.user.id, roles(&["editor"])).await.unwrap();
    world.clock.advance(1);
    let error = service.amend_user(token.access_token.expose(), ada.user.id, roles(&["user"])).await.unwrap_err();
    assert_eq!(error, Error::ReauthenticationRequired);
});

on_both!(with_a_proof_it_is_done, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let root = log_in(service, ROOT).await.unwrap();
    for (what, outcome) in harm(service, root.tokens.access_token.expose(), ada.user.id).await {
        assert_eq!(outcome, Ok(()), "{what}");
    }
});

on_both!(whoever_may_not_act_learns_nothing_about_proofs, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let root = log_in(service, ROOT).await.unwrap();
    for _ in 0..2 {
        for (what, outcome) in harm(service, ada.tokens.access_token.expose(), root.user.id).await {
            assert_eq!(outcome.unwrap_err(), Error::Forbidden, "{what}");
        }
        for (what, outcome) in harm(service, "nothing", root.user.id).await {
            assert_eq!(outcome.unwrap_err().code(), Code::InvalidToken, "{what}");
        }
        world.clock.advance(599);
    }
});

on_both!(a_proof_belongs_to_one_session_of_one_user, &[], world => {
    let service = &world.service;
    let [one, two] = [log_in(service, ROOT).await.unwrap(), log_in(service, ROOT).await.unwrap()];
    let ada = log_in(service, ADA).await.unwrap();
    world.clock.advance(600);
    let renewed = renew(service, &one.tokens).await.unwrap();
    // Now the password is entered only in other sessions: one of the same user, and one of another
    // user.
    let two = renew(service, &two.tokens).await.unwrap();
    prove(service, &two).await.unwrap();
    prove(service, &renew(service, &ada.tokens).await.unwrap()).await.unwrap();
    let again = renew(service, &renewed).await.unwrap();
    let error = service.delete_account(again.access_token.expose(), ada.user.id, English).await.unwrap_err();
    assert_eq!(error, Error::ReauthenticationRequired);
    // The cookie belongs to a later login, of the same user or of another user. The request comes
    // with the access token of the older session. Its answer must not replace the cookie.
    for later in [&two, &ada.tokens] {
        let error = service.reauthenticate(
            again.access_token.expose(), PASSWORD, Some(later.refresh_token.expose()), &client(),
        ).await.unwrap_err();
        assert_eq!(error, Error::Access(AccessRefusal::Outdated));
        renew(service, later).await.unwrap();
    }
});

on_both!(both_refresh_tokens_stay_valid, STRICT, world => {
    let service = &world.service;
    let first = log_in(service, ROOT).await.unwrap().tokens;
    // The client renews twice. Then it enters the password several times, and loses each answer
    // except the last.
    let old = renew(service, &renew(service, &first).await.unwrap()).await.unwrap();
    for _ in 0..3 {
        world.clock.advance(30);
        prove(service, &old).await.unwrap();
    }
    let new = prove(service, &old).await.unwrap().tokens;
    for tokens in [&new, &old, &new] {
        renew(service, tokens).await.unwrap();
    }
    let next = renew(service, &new).await.unwrap();
    world.clock.advance(100);
    renew(service, &next).await.unwrap();
});

on_both!(a_lost_answer_costs_at_most_another_proof, STRICT, world => {
    let service = &world.service;
    let old = log_in(service, ROOT).await.unwrap().tokens;
    world.clock.advance(550);
    let _lost = prove(service, &old).await.unwrap();
    world.clock.advance(100);
    let renewed = renew(service, &old).await.unwrap();
    let proved = prove(service, &renewed).await.unwrap().tokens;
    assert_eq!(auth_time(&proved), now(&world));
    renew(service, &proved).await.unwrap();
});

/// A thief has a copy of the owner's token. If the owner enters the password again, the service
/// detects the thief as early as it does if the owner never enters the password again.
#[test]
fn a_thief_is_found_out_as_soon_as_before() {
    fn run<S: SessionStore>(world: &World<S>, thief_first: bool) {
        pollster::block_on(async {
            let service = &world.service;
            let stolen = log_in(service, ROOT).await.unwrap().tokens;
            let steal = async |token: &TokenPair| {
                service
                    .renew_token(token.refresh_token.expose(), &other_client())
                    .await
            };
            if thief_first {
                steal(&stolen).await.unwrap();
                world.clock.advance(60);
                // The thief has used the owner's token. The service tells the owner to renew first,
                // and this renewal reveals the thief.
                let error = prove(service, &stolen).await.unwrap_err();
                assert_eq!(error, Error::Access(AccessRefusal::Outdated));
                let error = renew(service, &stolen).await.unwrap_err();
                assert_eq!(verdict(&error), Some(Verdict::Reused));
            } else {
                let owner = prove(service, &stolen).await.unwrap().tokens;
                world.clock.advance(60);
                let thief = steal(&stolen).await.unwrap();
                world.clock.advance(60);
                let error = renew(service, &owner).await.unwrap_err();
                assert_eq!(verdict(&error), Some(Verdict::Reused));
                assert!(renew(service, &thief.tokens).await.is_err());
            }
        });
    }
    for thief_first in [true, false] {
        run(&on_memory(STRICT), thief_first);
        run(&on_kv(STRICT), thief_first);
        run(&on_memory(&[("ROTATE_AFTER", "0")]), thief_first);
        run(&on_kv(&[("ROTATE_AFTER", "0")]), thief_first);
    }
}

on_both!(a_used_token_does_not_become_valid_again, STRICT, world => {
    let service = &world.service;
    let first = log_in(service, ROOT).await.unwrap().tokens;
    let second = renew(service, &first).await.unwrap();
    let error = prove(service, &first).await.unwrap_err();
    assert_eq!(error, Error::Access(AccessRefusal::Outdated));
    // Here the request gets the refresh token from the cookie, where a browser has its newest
    // token.
    let by_cookie = async |held: &TokenPair| {
        let (access, held) = (first.access_token.expose(), held.refresh_token.expose());
        service.reauthenticate(access, PASSWORD, Some(held), &client()).await
    };
    assert_eq!(by_cookie(&first).await.unwrap_err(), Error::Access(AccessRefusal::Outdated));
    let proved = by_cookie(&second).await.unwrap().tokens;
    renew(service, &proved).await.unwrap();
});

on_both!(a_wrong_password_proves_nothing, &[], world => {
    let service = &world.service;
    let own = log_in(service, ROOT).await.unwrap().tokens;
    world.clock.advance(590);
    let access_token = own.access_token.expose();
    for (token, password, code) in [
        ("", PASSWORD, Code::InvalidToken),
        (access_token, NEW_PASSWORD, Code::InvalidCredentials),
        (access_token, "", Code::InvalidCredentials),
        (access_token, &"a".repeat(600), Code::InvalidField),
    ] {
        let error = service.reauthenticate(token, password, None, &client()).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    world.clock.advance(10);
    let renewed = renew(service, &own).await.unwrap();
    assert_eq!(auth_time(&renewed), now(&world) - 600);
});

on_both!(a_disabled_or_signed_out_user_proves_nothing, &[], world => {
    let service = &world.service;
    let root = log_in(service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let one = log_in(service, ADA).await.unwrap();
    service.log_out(one.tokens.refresh_token.expose()).await.unwrap();
    assert_eq!(prove(service, &one.tokens).await.unwrap_err(), Error::Access(AccessRefusal::SessionEnded));
    let two = log_in(service, ADA).await.unwrap();
    service.amend_user(admin, two.user.id, disabled(true)).await.unwrap();
    assert!(matches!(prove(service, &two.tokens).await.unwrap_err(), Error::Access(_)));
    service.amend_user(admin, two.user.id, disabled(false)).await.unwrap();
    assert!(matches!(prove(service, &two.tokens).await.unwrap_err(), Error::Access(_)));
    let three = log_in(service, ADA).await.unwrap();
    let held = three.tokens.refresh_token.expose();
    service.change_password(three.tokens.access_token.expose(), PASSWORD, NEW_PASSWORD, &client(), English).await.unwrap();
    let access = three.tokens.access_token.expose();
    for password in [PASSWORD, NEW_PASSWORD] {
        let refused = service.reauthenticate(access, password, Some(held), &client()).await;
        assert!(matches!(refused, Err(Error::Access(_))));
    }
});

on_both!(a_proof_from_before_a_new_password_is_worth_nothing, &[], world => {
    let service = &world.service;
    let own = log_in(service, ROOT).await.unwrap().tokens;
    let proved = prove(service, &own).await.unwrap().tokens;
    service.change_password(own.access_token.expose(), PASSWORD, NEW_PASSWORD, &client(), English).await.unwrap();
    let error = service.delete_account(proved.access_token.expose(), UserId::new(1, &[1; 10]), English).await.unwrap_err();
    assert!(matches!(error, Error::Access(_)), "{error}");
    assert!(renew(service, &proved).await.is_err());
});

on_both!(ten_at_once_all_succeed, STRICT, world => {
    let service = &world.service;
    let own = log_in(service, ROOT).await.unwrap().tokens;
    let all = futures_util::future::join_all((0..10).map(|_| prove(service, &own))).await;
    let renewals = all.into_iter().map(|proved| {
        let tokens = proved.unwrap().tokens;
        async move { renew(service, &tokens).await }
    });
    for renewed in futures_util::future::join_all(renewals).await {
        renewed.unwrap();
    }
});

// Tickets and records that an older version made contain no proof. For them, the login is regarded
// as the proof.
on_both!(a_session_from_before_the_update_is_proved_by_its_login, &[], world => {
    let service = &world.service;
    let own = log_in(service, ROOT).await.unwrap();
    let begun_at = now(&world);
    world.clock.advance(900);
    let renewed = renew(service, &own.tokens).await.unwrap();
    assert_eq!(auth_time(&renewed), begun_at);
});

on_both!(the_guard_of_the_account_counts_wrong_passwords, &[("PASSWORD_WORK", "durable")], world => {
    let service = &world.service;
    let own = log_in(service, ADA).await.unwrap().tokens;
    let other = log_in(service, ADA).await.unwrap().tokens;
    // A stranger's failed login delays neither of the two sessions. After ten wrong passwords in a
    // session, its next attempt is delayed as long as an attempt on an unknown device would be.
    let guess = Login { email: ADA, password: NEW_PASSWORD };
    service.generate_token(guess, &client()).await.unwrap_err();
    for _ in 0..10 {
        let access_token = own.access_token.expose();
        let error = service.reauthenticate(access_token, NEW_PASSWORD, None, &client()).await.unwrap_err();
        assert_eq!(error, Error::CurrentPassword);
    }
    assert_eq!(prove(service, &own).await.unwrap_err(), Error::RateLimited(1));
    // The owner's other session is not delayed. The answer to its proof contains a new device
    // ticket (a token for a long-lived cookie), so the device is known again.
    assert!(prove(service, &other).await.is_ok());
});

/// Both limits that apply to logins also apply to entering the password again.
#[test]
fn the_limits_of_a_login_hold() {
    use edgegate::adapters::memory::MemoryPorts;
    use edgegate::ports::{Limit, RateLimiter};

    struct Full(Limit);

    impl RateLimiter for Full {
        async fn admit(&self, limit: Limit, _key: &str) -> bool {
            limit != self.0
        }
    }

    for limit in [Limit::Client, Limit::ClientOnAccount] {
        let world = on_memory(&[]);
        let own = world.log_in(ADA);
        let MemoryPorts {
            users, sessions, ..
        } = MemoryPorts::<MemorySessions>::default();
        pollster::block_on(async {
            edgegate::ports::UserDirectory::insert(&users, &own.user, None)
                .await
                .unwrap();
            let new = edgegate::ports::NewSession {
                user: own.user.id,
                session: own.tokens.session,
                epoch: own.user.session_epoch,
                version: 0,
                client: &client(),
                expires_at: now(&world) + 3600,
                idle_ttl: 3600,
                most: None,
                holder: edgegate::domain::session::Holder::default(),
            };
            sessions.begin(&new, now(&world)).await.unwrap();
            let ports = MemoryPorts {
                users,
                sessions,
                limiter: Full(limit),
                clock: world.clock.clone(),
                hasher: cheap_hasher(),
                password_guard: MemoryPasswordGuard::new(cheap_hasher()),
                random: edgegate::adapters::memory::SeededRandom::default(),
                events: Default::default(),
                mail_queue: Default::default(),
                mailer: Default::default(),
                mail_gate: Default::default(),
                mail_ledger: Default::default(),
                devices: MemoryDevices,
                signatures: Default::default(),
                id_token_signer: Default::default(),
                operator_tickets: Default::default(),
                apps: Default::default(),
                vendors: Default::default(),
            };
            let service = AuthService::new(ports, std::rc::Rc::clone(&world.shared));
            let error = prove(&service, &own.tokens).await.unwrap_err();
            assert!(matches!(error, Error::RateLimited(_)), "{error}");
        });
    }
}
