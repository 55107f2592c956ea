//! Refresh tokens that this deployment must reject, and used tokens that are presented again.

use edgegate::adapters::memory::Calls;
use edgegate::domain::error::Code;
use edgegate::domain::event::Act;
use edgegate::domain::mail::Task;
use edgegate::domain::session::{RefreshTicket, SessionId};
use edgegate::ports::{Clock, Ports};

use crate::kv::{Deployment, TICKET_SECRET, renew, seal};

/// Texts that are not a token of a session that exists. If the MAC of a token is wrong, the service
/// rejects it without a call to the store.
#[test]
fn bad_tickets() {
    const OTHER_SECRET: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
    let deployment = Deployment::new(false);
    let service = deployment.service(1, &[]);
    let (ada, bob) = (deployment.user(1), deployment.user(2));
    let store = service.ports().sessions();
    let ticket = deployment.time.run(deployment.begin(store, &ada));
    deployment.time.advance(600);
    let ahead = SessionId::new(deployment.time.now_ms() + 3_600_000, &[7; 10]);
    let genuine = seal(ticket, &[]);
    let refused = |token: &str| {
        let _ = deployment.kv.take_calls();
        deployment.users.calls.set(0);
        let answer = deployment.time.run(renew(&service, token));
        assert_eq!(answer, Err(Code::InvalidGrant), "{token}");
        let calls = deployment.kv.take_calls();
        if calls == Calls::default() {
            assert_eq!(deployment.users.calls.get(), 0, "asked for the user");
        }
        calls
    };

    for changes in [
        [("TICKET_SECRET", OTHER_SECRET)],
        [("ISSUER", "https://other.example.com")],
    ] {
        assert_eq!(
            refused(&seal(ticket, &changes)),
            Calls::default(),
            "another deployment"
        );
    }
    for token in [
        "",
        "egr_",
        &genuine[..genuine.len() - 1],
        &format!("{genuine}A"),
        &genuine.replacen("egr_", "egv_", 1),
    ] {
        assert_eq!(refused(token), Calls::default(), "no ticket");
    }
    // The token's MAC was made with a secret. Now the operator removes this secret from the
    // settings.
    let both = format!("{OTHER_SECRET},{}", TICKET_SECRET);
    let promoted = deployment.service(1, &[("TICKET_SECRET", &both)]);
    assert!(deployment.time.run(renew(&promoted, &genuine)).is_ok());
    let dropped = deployment.service(1, &[("TICKET_SECRET", OTHER_SECRET)]);
    let _ = deployment.kv.take_calls();
    let answer = deployment.time.run(renew(&dropped, &genuine));
    assert_eq!(answer, Err(Code::InvalidGrant));
    assert_eq!(
        deployment.kv.take_calls(),
        Calls::default(),
        "a removed key"
    );

    // These tokens have a valid MAC, which only the service can make. The service reads the
    // session, rejects the token, and writes nothing.
    for (what, forged) in [
        (
            "another user's session",
            RefreshTicket {
                user: bob.id,
                ..ticket
            },
        ),
        (
            "the last counter",
            RefreshTicket {
                counter: u32::MAX,
                ..ticket
            },
        ),
        (
            "from the future",
            RefreshTicket {
                session: ahead,
                ..ticket
            },
        ),
        ("another epoch", RefreshTicket { epoch: 1, ..ticket }),
        (
            "expired",
            RefreshTicket {
                expires_at: deployment.now(),
                ..ticket
            },
        ),
    ] {
        assert_eq!(refused(&seal(forged, &[])).writes, 0, "{what}");
    }
    assert!(deployment.time.run(renew(&service, &genuine)).is_ok());
}

#[test]
fn a_reuse_causes_a_notice() {
    let strict = &[
        ("ROTATE_AFTER", "0"),
        ("REUSE", "strict"),
        ("MAIL_PROVIDER", "cloudflare-binding"),
        ("MAIL_FROM", "login@example.com"),
    ];
    let deployment = Deployment::new(false);
    let service = deployment.service(1, strict);
    let user = deployment.user(1);
    let store = service.ports().sessions();
    let ticket = deployment.time.run(deployment.begin(store, &user));
    let token = seal(ticket, strict);
    deployment.time.advance(90);
    deployment.time.run(renew(&service, &token)).unwrap();
    assert!(service.ports().mail_queue.take().is_empty());
    deployment.time.advance(90);
    deployment.time.run(renew(&service, &token)).unwrap_err();
    deployment.time.run(renew(&service, &token)).unwrap_err();
    // The used token was presented twice, but only one mail is queued.
    let jobs = service.ports().mail_queue.take();
    let [job] = jobs.as_slice() else {
        panic!("{jobs:?}");
    };
    assert!(matches!(&job.task, Task::SessionEnded { to, .. } if *to == user.email));
    let verdicts: Vec<_> = service
        .ports()
        .events
        .take()
        .into_iter()
        .map(|event| match event.act {
            Act::Renewal {
                verdict, session, ..
            } => {
                assert_eq!(session, ticket.session);
                verdict.reason()
            }
            act => panic!("{act:?}"),
        })
        .collect();
    assert_eq!(verdicts, ["fresh", "reused", "ended"]);
}
