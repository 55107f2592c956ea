//! Which events are recorded when a limit is reached or a vendor fails.

use super::accounts::grace;

scenarios!(
    hitting_limits,
    keeping_a_mail,
    losing_a_mail,
    failing_to_send,
    losing_a_pepper,
    missing_a_vendor,
);
use super::*;

/// A limiter that refuses every request at one limit.
struct Full(Limit);

impl RateLimiter for Full {
    async fn admit(&self, limit: Limit, _key: &str) -> bool {
        limit != self.0
    }
}

fn hitting_limits(seen: &mut Seen) {
    let world = on_memory(&[]);
    let (one, reset) = (
        world.log_in(ADA),
        pollster::block_on(world.reset_ticket(ADA)),
    );
    let names = [
        id(one.user.id, "ada"),
        session(&one, "one"),
        pseudonym(&world, ADA),
    ];
    let mut told = |limit| {
        let ports = MemoryPorts {
            users: MemoryUsers::default(),
            sessions: MemorySessions::default(),
            hasher: cheap_hasher(),
            password_guard: MemoryPasswordGuard::new(cheap_hasher()),
            limiter: Full(limit),
            clock: world.clock.clone(),
            random: SeededRandom::default(),
            events: MemoryEvents::default(),
            mail_queue: MemoryMailQueue::default(),
            mail_gate: Default::default(),
            mailer: MemoryMailer::default(),
            mail_ledger: MemoryMailLedger::default(),
            devices: MemoryDevices,
            signatures: Default::default(),
            id_token_signer: Default::default(),
            operator_tickets: Default::default(),
            apps: Default::default(),
            vendors: Default::default(),
        };
        let service = AuthService::new(ports, Rc::clone(&world.shared));
        pollster::block_on(async {
            let login = |email| Login {
                email,
                password: PASSWORD,
            };
            for email in [ADA, "not an address"] {
                let _ = service.generate_token(login(email), &client()).await;
            }
            let refresh_token = one.tokens.refresh_token.expose();
            let _ = service.renew_token(refresh_token, &client()).await;
            let _ = service
                .confirm_reset(&reset, NEW_PASSWORD, &client(), English)
                .await;
        });
        let mut told = seen.told(&service.ports().events, &names);
        told.retain(|line| line.starts_with("limit_hit"));
        told
    };
    assert_eq!(
        told(Limit::Client),
        [
            "limit_hit! client",
            "limit_hit! client",
            "limit_hit! client session_id=one",
            "limit_hit! client"
        ]
    );
    assert_eq!(
        told(Limit::ClientOnAccount),
        [
            "limit_hit! client_on_account address=hashed",
            "limit_hit! client_on_account",
            "limit_hit! client_on_account user_id=ada",
        ]
    );
    assert_eq!(told(Limit::ClientRenewals), ["limit_hit! client_renewals"]);

    // The ids are the same as in the previous world, because the random numbers of both worlds come
    // from the same seed.
    let world = on_memory(&[("PASSWORD_WORK", "durable")]);
    let guess = || {
        let login = Login {
            email: ADA,
            password: "a wrong guess",
        };
        pollster::block_on(world.service.generate_token(login, &client())).unwrap_err()
    };
    guess();
    guess();
    assert_eq!(
        seen.told(&world.service.ports().events, &names),
        [
            "sign_in_failed! wrong_password user_id=ada address=hashed",
            "limit_hit! account address=hashed",
        ]
    );
}

fn missing_a_vendor(seen: &mut Seen) {
    let world = on_memory(&[]);
    let ada = world.log_in(ADA);
    let names = [id(ada.user.id, "ada")];
    let events = &world.service.ports().events;
    seen.told(events, &names);
    world.service.ports().vendors.unreachable.set(true);
    let challenge = Credentials::default().with_challenge(Some("token"));
    let caller = (client(), challenge);
    pollster::block_on(async {
        let login = Login {
            email: ADA,
            password: "not the password at all",
        };
        let _ = world.service.generate_token(login, &caller).await;
        let _ = world.service.reset_password(ADA, &caller, English).await;
    });
    let told = seen.told(events, &names);
    let unreachable = "vendor_unreachable! vendor failed: it does not answer turnstile";
    assert_eq!([told[0].as_str(), told[2].as_str()], [unreachable; 2]);
    assert_eq!(told.len(), 3);
    let (own, from) = (ada.tokens.access_token.expose(), client());
    let change = world
        .service
        .change_password(own, PASSWORD, NEW_PASSWORD, &from, English);
    pollster::block_on(change).unwrap();
    let told = seen.told(events, &names);
    let unreachable = "vendor_unreachable! vendor failed: it does not answer breached_passwords";
    assert_eq!(told[0], unreachable);
}

/// The queue rejects a notice, so the notice is stored in the ledger.
fn keeping_a_mail(seen: &mut Seen) {
    let world = on_memory(&[]);
    let one = world.log_in(ADA);
    let ports = world.service.ports();
    let _ = ports.events.take();
    ports.mail_queue.set_down(true);
    let own = one.tokens.access_token.expose();
    let from = client();
    let change = world
        .service
        .change_password(own, PASSWORD, NEW_PASSWORD, &from, English);
    pollster::block_on(change).unwrap();
    let told = seen.told(&ports.events, &user_and_session(&one));
    assert!(
        told.contains(&"mail_kept! queue failed: down password_changed".to_owned()),
        "{told:?}"
    );
}

fn failing_to_send(seen: &mut Seen) {
    let world = on_memory(&[]);
    let ports = world.service.ports();
    pollster::block_on(async {
        let service = &world.service;
        service
            .reset_password(ADA, &client(), English)
            .await
            .unwrap();
        let job = ports.mail_queue.take().remove(0);
        let _ = ports.events.take();
        ports.mailer.fail_once(MailFailure::Account {
            reason: "401".to_owned(),
            retry_after: None,
        });
        service.deliver_from_queue(&job.encode(), &job.id).await;
        assert_eq!(
            seen.told(&ports.events, &[]),
            ["mail_refused! 401 1 attempt failed within 0 s"]
        );
        ports.mailer.set_down(true);
        for _ in 0..2 {
            service.deliver_from_queue(&job.encode(), &job.id).await;
            world.clock.advance(120);
        }
        service.retry_kept_mail(true).await.unwrap();
        assert_eq!(
            seen.told(&ports.events, &[]),
            [
                "mail_outage! down 2 attempts failed within 120 s",
                "mail_refused! 401 1 attempt failed within 0 s",
            ]
        );
    });
}

/// Three hashes that can't be checked. The pepper of the first is no longer in the settings. The
/// second can't be read. The third is a Firebase hash, and the settings have no signer key for it.
fn losing_a_pepper(seen: &mut Seen) {
    for (hash, reason) in [
        (
            "$argon2id$v=19$m=19456,t=2,p=1,keyid=Bw$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "unknown_pepper",
        ),
        ("$argon2id$broken", "broken_hash"),
        (
            "$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$Bw==",
            "no_signer_key",
        ),
    ] {
        let world = on_memory(&[]);
        let one = world.log_in(ADA);
        let ports = world.service.ports();
        let _ = ports.events.take();
        pollster::block_on(async {
            let email = EmailAddress::parse(ADA).unwrap();
            let user = ports.users.find_by_email(&email).await.unwrap().unwrap();
            let hash = PasswordHash::new(hash.to_owned());
            let stored = &user.password_hash;
            ports.users.rehash(user.id, stored, &hash).await.unwrap();
            let login = Login {
                email: ADA,
                password: PASSWORD,
            };
            let _ = world.service.generate_token(login, &client()).await;
            let own = one.tokens.access_token.expose();
            let _ = world
                .service
                .reauthenticate(own, PASSWORD, None, &client())
                .await;
        });
        let mut names = user_and_session(&one).to_vec();
        names.push(pseudonym(&world, ADA));
        assert_eq!(
            seen.told(&ports.events, &names),
            [
                format!("sign_in_failed! {reason} user_id=ada address=hashed"),
                format!("password_check_failed! {reason} user_id=ada session_id=one"),
            ]
        );
    }
}

fn losing_a_mail(seen: &mut Seen) {
    let deployed = settings(&[
        ("ISSUER", "https://auth.example.com"),
        ("DEV", "0"),
        ("REGISTRATION", "open"),
    ]);
    let service: AuthService<MemoryPorts> = AuthService::new(
        MemoryPorts::default(),
        Rc::new(edgegate::service::Shared::new(deployed)),
    );
    let registered =
        pollster::block_on(service.register(grace(Some(PASSWORD)), &client(), English));
    assert!(matches!(registered, Ok(Registered::SignedIn(_))));
    let told = seen.told(&service.ports().events, &[]);
    assert_eq!(
        told[1],
        "mail_not_queued! MAIL_PROVIDER is not set. Set it under `vars` in wrangler.toml or wrangler.jsonc to the provider that sends your mail. verification"
    );
}
