//! The user enters the password again (a "proof") at a location whose KV cache is stale.

use edgegate::domain::error::Code;
use edgegate::domain::session::{Proof, Proved, RefreshTicket};
use edgegate::ports::{Ports, SessionStore};

use crate::kv::{Deployment, Service, renew, seal};

const STRICT: &[(&str, &str)] = &[("ROTATE_AFTER", "0"), ("REUSE", "strict")];

/// The owner of `ticket` enters the password again at this location. Returns the store's decision
/// and the ticket with the new proof.
fn prove(
    deployment: &Deployment,
    service: &Service,
    ticket: RefreshTicket,
) -> (Proved, RefreshTicket) {
    let proved = RefreshTicket {
        proof: Proof::by_password(deployment.now()),
        ..ticket
    };
    let rules = service.settings().sessions;
    let answer = service
        .ports()
        .sessions()
        .prove(&proved, &rules, deployment.now());
    (deployment.time.run(answer).unwrap(), proved)
}

/// The owner enters the password at a location that has not seen the latest renewals. The answer
/// contains the token that the owner presented, not an older one. An older token would be a used
/// one, and presenting a used token would end the session. So the owner stays signed in, even after
/// the location has seen all renewals.
#[test]
fn a_stale_location_hands_out_the_newest_token() {
    let deployment = Deployment::new(false);
    let [here, stale] = [1, 2].map(|location| deployment.service(location, STRICT));
    let user = deployment.user(1);
    let mut held = deployment
        .time
        .run(deployment.begin(here.ports().sessions(), &user));
    deployment.time.advance(120);
    // The stale location reads the record of the new session, and can then serve this record from
    // its cache for a minute.
    assert_eq!(prove(&deployment, &stale, held).0, Proved::GoesOn);
    for _ in 0..3 {
        deployment.time.advance(2);
        let token = deployment.time.run(renew(&here, &seal(held, STRICT)));
        held = crate::kv::open(&token.unwrap(), STRICT);
    }
    let writes = deployment.kv.take_calls().writes;
    let (answer, proved) = prove(&deployment, &stale, held);
    assert_eq!((answer, proved.counter), (Proved::GoesOn, 3));
    assert_eq!(deployment.kv.take_calls().writes, 0, "after {writes}");
    deployment.time.advance(600);
    for service in [&here, &stale] {
        let renewed = deployment.time.run(renew(service, &seal(proved, STRICT)));
        let next = crate::kv::open(&renewed.unwrap(), STRICT);
        assert_eq!((next.counter, next.proof), (4, proved.proof));
    }
}

/// The owner enters the password at a stale location, which does not know yet that the thief has
/// used the owner's token, and returns this token with the new proof. When this token is presented
/// again, even by the owner, the session ends, also for the thief.
#[test]
fn a_stale_location_hides_no_thief() {
    let deployment = Deployment::new(false);
    let [here, stale] = [1, 2].map(|location| deployment.service(location, STRICT));
    let user = deployment.user(1);
    let stolen = deployment
        .time
        .run(deployment.begin(here.ports().sessions(), &user));
    deployment.time.advance(120);
    assert_eq!(prove(&deployment, &stale, stolen).0, Proved::GoesOn);
    deployment.time.advance(2);
    let thief = deployment
        .time
        .run(renew(&here, &seal(stolen, STRICT)))
        .unwrap();
    let (answer, proved) = prove(&deployment, &stale, stolen);
    assert_eq!(answer, Proved::GoesOn, "the use is not seen there yet");
    deployment.time.advance(61);
    assert_eq!(prove(&deployment, &stale, stolen).0, Proved::Spent);
    let owner = deployment.time.run(renew(&stale, &seal(proved, STRICT)));
    assert_eq!(owner, Err(Code::InvalidGrant));
    deployment.time.advance(61);
    let thief = deployment.time.run(renew(&here, &thief));
    assert_eq!(thief, Err(Code::InvalidGrant));
    assert_eq!(prove(&deployment, &stale, stolen).0, Proved::Over);
}
