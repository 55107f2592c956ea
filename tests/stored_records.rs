//! After a deploy, the service must still be able to read the records that it stored before. So the
//! bytes of these records must not change.
//!
//! `tests/vectors/stored/records.json` has a sample of each record, written by the version of
//! November 2026. The current version must read all of them. It must also write the same bytes, so
//! that an operator can go back to the old version.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use std::rc::Rc;

use edgegate::adapters::argon2::Argon2Hasher;
use edgegate::adapters::kv_sessions::KeyValue;
use edgegate::adapters::kv_sessions::KvSessions;
use edgegate::adapters::memory::{
    MemoryBackground, MemoryKeyValue, MemorySessions, NoSleep, SeededRandom,
};
use edgegate::domain::account::{
    AccountNames, DeviceTicket, DeviceTickets, EmailAddress, FailedTries, FreedAddresses,
    HashingCost, KnownId, LinkNonce, Name, Password, PasswordHash, Peppers, Roles, TriedBy, User,
    UserId, Verification,
};
use edgegate::domain::link::{Links, NewAddressLink, RegistrationLink, State, UserLink};
use edgegate::domain::mail::{
    Counted, Job, Lane, LinkLife, Locale, MailKeys, NoticedAct, Pool, RouteClass, Tally, Task,
};
use edgegate::domain::request_id::RequestId;
use edgegate::domain::session::{
    Client, ClientFingerprint, EndReason, Fingerprints, Holder, Place, Presented, Proof,
    RefreshTicket, RefreshTokens, Reuse, Rules, SessionId, Verdict,
};
use edgegate::domain::ticket::TicketSecrets;
use edgegate::ports::{Ending, NewSession, PasswordHasher, Renewal, SessionStore};
use pollster::block_on;
use serde_json::{Value, json};

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const ISSUER: &str = "https://auth.example.com";
const NOW: u64 = 1_767_225_600;
const DAY: u64 = 86_400;
const PEPPERS: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn sample(pointer: &str) -> Value {
    let file = include_str!("vectors/stored/records.json");
    let records: Value = serde_json::from_str(file).unwrap();
    records.pointer(pointer).unwrap().clone()
}

fn text(pointer: &str) -> String {
    sample(pointer).as_str().unwrap().to_owned()
}

fn secrets() -> TicketSecrets {
    TicketSecrets::parse(SECRET).unwrap()
}

fn user_id() -> UserId {
    UserId::new((NOW - DAY) * 1000, &[1; 10])
}

fn session_id(number: u8) -> SessionId {
    SessionId::new(NOW * 1000, &[number; 10])
}

fn email() -> EmailAddress {
    EmailAddress::parse("Ada@example.com").unwrap()
}

fn client() -> Client {
    Client::new(
        Some("203.0.113.9"),
        Some("Mozilla/5.0 (X11; Linux \"x86_64\")"),
    )
    .at(Place::new(Some("DE"), Some("S\u{e3}o Paulo")))
}

fn rules() -> Rules {
    Rules {
        grace: 30,
        rotate_after: 90,
        reuse: Reuse::SameClient,
        session_ttl: 90 * DAY,
        idle_ttl: 30 * DAY,
    }
}

fn ticket(session: u8, counter: u32) -> RefreshTicket {
    RefreshTicket {
        user: user_id(),
        session: session_id(session),
        epoch: 3,
        counter,
        expires_at: NOW + 90 * DAY,
        proof: Proof::by_password(NOW + 1),
        sign_on: None,
    }
}

fn presented(ticket: RefreshTicket, now: u64, by: bool) -> Presented {
    let by = by.then(|| Fingerprints::only(ClientFingerprint([0x5d, 0x41, 0xc0, 0xa7])));
    Presented {
        ticket,
        by,
        now,
        app: None,
    }
}

fn user() -> User {
    User {
        id: user_id(),
        email: email(),
        password_hash: PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        first_name: None,
        last_name: None,
        roles: Roles::user(),
        email_verified_at: Some(NOW),
        disabled_at: None,
        session_epoch: 3,
        version: 4,
        link_generation: 1,
        link_nonce: LinkNonce::new(&[7; 16]),
        external_id: None,
        created_at: NOW - DAY,
        updated_at: NOW - DAY,
    }
}

// ---- Workers KV ---------------------------------------------------------------------------------

type Kv = KvSessions<MemoryKeyValue, SeededRandom, NoSleep, MemoryBackground, MemorySessions>;

fn kv() -> (MemoryKeyValue, Kv) {
    let kv = MemoryKeyValue::default();
    let store = KvSessions::new(
        kv.clone(),
        SeededRandom::default(),
        NoSleep,
        MemoryBackground::default(),
        Rc::default(),
        Some(MemorySessions::default()),
    );
    (kv, store)
}

fn renew(store: &Kv, presented: &Presented, client: &Client) -> Renewal {
    let rules = rules();
    let user = async { Ok(Some(user())) };
    block_on(store.renew(presented, client, &rules, user)).unwrap()
}

fn key(kind: &str, session: u8) -> String {
    format!("{kind}:{}:{}", user_id(), session_id(session))
}

/// Everything in the namespace: keys, values and metadata.
fn content(kv: &MemoryKeyValue) -> Value {
    let keys = block_on(kv.list("", None)).unwrap().keys;
    let entries = keys.into_iter().map(|(key, metadata)| {
        let value = kv.value(&key).unwrap();
        json!({ "key": key, "value": value, "metadata": metadata })
    });
    entries.collect()
}

/// Writes seven sessions: 1 is new, 2 is renewed, 3 is renewed by a client without an address, and
/// 4 to 7 have ended.
fn write_kv() -> Value {
    let (kv, store) = kv();
    let client = client();
    for session in 1..=7 {
        let new = NewSession {
            user: user_id(),
            session: session_id(session),
            epoch: 3,
            version: 0,
            client: &client,
            expires_at: NOW + 90 * DAY,
            idle_ttl: 30 * DAY,
            most: None,
            holder: Holder::default(),
        };
        block_on(store.begin(&new, NOW)).unwrap();
    }
    for (session, has_address) in [(2, true), (3, false)] {
        let presented = presented(ticket(session, 0), NOW + 100, has_address);
        let renewal = renew(&store, &presented, &Client::default());
        assert!(matches!(renewal.verdict, Verdict::Fresh(_)));
    }
    for (session, reason) in [
        (4, EndReason::LoggedOut),
        (5, EndReason::Reused),
        (6, EndReason::EndedByUser),
        (7, EndReason::OverLimit),
    ] {
        block_on(store.end(
            &Ending::by_id(user_id(), session_id(session)),
            reason,
            NOW + 200,
        ))
        .unwrap();
    }
    block_on(store.outdate(user_id(), 4, 3900, NOW + 200)).unwrap();
    content(&kv)
}

/// A store that contains the samples, and in addition a session from a version that did not record
/// proofs.
fn sampled_kv() -> Kv {
    let (kv, store) = kv();
    let older = json!([{
        "key": key("session", 8),
        "value": text("/kv_before_proofs"),
        "metadata": sample("/kv/4/metadata"),
    }]);
    for entries in [sample("/kv"), older] {
        for entry in entries.as_array().unwrap() {
            let text = |name: &str| entry[name].as_str().map(str::to_owned);
            let (key, value) = (text("key").unwrap(), text("value").unwrap());
            block_on(kv.write(&key, &value, text("metadata"), 60)).unwrap();
        }
    }
    store
}

#[test]
fn kv_records_are_written_as_before() {
    let written = write_kv();
    // Earlier versions do not read the records of ended single sign-ons, so the test compares these
    // records separately.
    let is_sign_off = |entry: &&Value| entry["key"].as_str().unwrap().starts_with("signed_off:");
    let entries = written.as_array().unwrap();
    let others: Vec<&Value> = entries.iter().filter(|it| !is_sign_off(it)).collect();
    assert_eq!(json!(others), sample("/kv"));
    let sign_offs: Vec<(&str, &str)> = entries
        .iter()
        .filter(is_sign_off)
        .map(|entry| {
            (
                entry["key"].as_str().unwrap(),
                entry["value"].as_str().unwrap(),
            )
        })
        .collect();
    // The record of an ended single sign-on has the same content as the record of the ended session
    // with the same id. If a session ended because of the limit, its sign-on has not ended, so
    // there is no such record.
    let expected = [(4, "logged_out"), (5, "reused"), (6, "ended_by_user")].map(|(of, reason)| {
        let value = format!(r#"{{"reason":"{reason}","at":{}}}"#, NOW + 200);
        (key("signed_off", of), value)
    });
    let expected: Vec<(&str, &str)> = expected.iter().map(|(k, v)| (&**k, &**v)).collect();
    assert_eq!(sign_offs, expected);
}

#[test]
fn kv_records_of_the_version_before_are_read() {
    // The proof (the time at which the user entered the password) in the records is newer than the
    // proof in the ticket. So the answer shows which of the two proofs was used.
    let own = Some(Proof::by_password(NOW));
    let recorded = Some(Proof::by_password(NOW + 1));
    let renewed = |session, counter, now, has_address| {
        let ticket = RefreshTicket {
            proof: Proof::by_password(NOW),
            ..ticket(session, counter)
        };
        let presented = presented(ticket, now, has_address);
        let renewal = renew(&sampled_kv(), &presented, &client());
        let proof = renewal.ticket.map(|ticket| ticket.proof);
        (renewal.verdict.reason(), proof)
    };
    assert_eq!(renewed(1, 0, NOW + 10, true), ("kept", own));
    assert_eq!(renewed(1, 0, NOW + 300, true), ("fresh", own));
    // The record contains the number of the used token, the time of the use, and the client.
    assert_eq!(renewed(2, 0, NOW + 129, true), ("repeated", recorded));
    assert_eq!(renewed(2, 0, NOW + 130, true), ("late", recorded));
    assert_eq!(renewed(2, 0, NOW + 130, false), ("reused", None));
    assert_eq!(renewed(2, 1, NOW + 300, true), ("fresh", recorded));
    assert_eq!(renewed(3, 0, NOW + 129, true), ("repeated", recorded));
    assert_eq!(renewed(3, 0, NOW + 130, true), ("reused", None));
    assert_eq!(renewed(8, 0, NOW + 130, true), ("late", own));
    for ended in 4..=7 {
        assert_eq!(renewed(ended, 0, NOW + 10, true), ("ended", None));
    }

    let store = sampled_kv();
    let active = block_on(store.list(user_id(), 3, NOW)).unwrap();
    let ids: Vec<_> = active.iter().map(|session| session.id).collect();
    assert_eq!(ids, [1, 2, 3, 8].map(session_id));
    let new = &active[0];
    assert_eq!(new.last_used_at, NOW);
    assert_eq!(new.user_agent, client().user_agent());
    assert_eq!(
        (&new.network, &new.place),
        (&client().network(), client().place())
    );
    let used = &active[1];
    assert_eq!(used.last_used_at, NOW + 100);
    assert_eq!(
        (&*used.network, &used.place),
        ("unknown", &Place::default())
    );
    assert_eq!(block_on(store.list(user_id(), 4, NOW)).unwrap(), []);

    for session in 1..=7 {
        let known = block_on(store.revocation(user_id(), session_id(session), None, NOW)).unwrap();
        assert_eq!(
            (known.ended, known.minimum_version),
            (session >= 4, Some(4))
        );
    }
}

// ---- Objects ------------------------------------------------------------------------------------

const KNOWN: [TriedBy; 2] = [
    TriedBy::Known(KnownId([1; 16])),
    TriedBy::Known(KnownId([0xfe; 16])),
];

fn failed_tries() -> FailedTries {
    let mut tries = FailedTries::default();
    let by = [KNOWN[1], KNOWN[1], KNOWN[0], TriedBy::Stranger];
    for (by, at) in by.into_iter().zip(NOW * 1000..) {
        let admitted = tries.admit(by, at).unwrap();
        tries.fail(admitted, at);
    }
    tries
}

fn tally() -> Tally {
    let mut tally = Tally::default();
    for (counted, at) in [
        Counted::Request(RouteClass::Reset),
        Counted::Request(RouteClass::Reset),
        Counted::Request(RouteClass::Other),
        Counted::FirstRequest {
            class: RouteClass::Reset,
            most: 9,
        },
        Counted::KnownMail,
        Counted::Act(NoticedAct::PasswordChange),
        Counted::Act(NoticedAct::AddressChange),
    ]
    .into_iter()
    .zip(NOW..)
    {
        tally.count(counted, at);
    }
    tally
}

fn write_objects() -> Value {
    let keys = MailKeys::new(&secrets(), ISSUER);
    json!({
        "account_name": AccountNames::new(&secrets(), ISSUER).of(&email()).as_str(),
        "failed": failed_tries().to_text(),
        "gate_names": [keys.network(&client()).as_str(), keys.larger_network(&client()).as_str(), keys.user(user_id()).as_str()],
        "tally": tally().encode(),
    })
}

#[test]
fn object_records_are_written_as_before_and_read() {
    assert_eq!(write_objects(), sample("/objects"));
    assert_eq!(
        FailedTries::parse(&text("/objects/failed")),
        Some(failed_tries())
    );
    assert_eq!(Tally::decode(&text("/objects/tally")), Some(tally()));
}

// ---- Tickets ------------------------------------------------------------------------------------

fn user_link() -> UserLink {
    UserLink {
        user: user_id(),
        state: State::for_reset(&user()),
        expires_at: NOW + 3600,
    }
}

fn new_address_link() -> NewAddressLink {
    NewAddressLink {
        account: user_link(),
        email: email(),
    }
}

fn registration_link() -> RegistrationLink {
    RegistrationLink {
        email: email(),
        first_name: Name::parse("Ada").ok(),
        last_name: None,
        asked_at: NOW,
        expires_at: NOW + DAY,
    }
}

fn device_ticket() -> DeviceTicket {
    DeviceTicket {
        user: user_id(),
        epoch: 3,
        id: KnownId([9; 16]),
        expires_at: NOW + 400 * DAY,
    }
}

fn write_tickets() -> Value {
    let links = Links::new(&secrets(), ISSUER);
    json!({
        "refresh": RefreshTokens::new(&secrets(), ISSUER).seal(ticket(1, 5)).expose(),
        "device": DeviceTickets::new(&secrets(), ISSUER).seal(&device_ticket()).expose(),
        "reset": links.seal_reset(user_link()).expose(),
        "verification": links.seal_verification(user_link()).expose(),
        "new_address": links.seal_new_address(&new_address_link()).expose(),
        "registration": links.seal_registration(&registration_link()).expose(),
    })
}

#[test]
fn tickets_are_written_as_before_and_read() {
    assert_eq!(write_tickets(), sample("/tickets"));
    let refresh_tokens = RefreshTokens::new(&secrets(), ISSUER);
    assert_eq!(
        refresh_tokens.open(&text("/tickets/refresh")),
        Some(ticket(1, 5))
    );
    let before_proofs = RefreshTicket {
        proof: Proof::by_password(NOW),
        ..ticket(1, 5)
    };
    assert_eq!(
        refresh_tokens.open(&text("/refresh_before_proofs")),
        Some(before_proofs)
    );
    let devices = DeviceTickets::new(&secrets(), ISSUER);
    assert_eq!(
        devices.open(&text("/tickets/device")),
        Some(device_ticket())
    );
    let links = Links::new(&secrets(), ISSUER);
    assert_eq!(
        links.open_reset(&text("/tickets/reset"), NOW),
        Some(user_link())
    );
    let opened = links.open_verification(&text("/tickets/verification"), NOW);
    assert_eq!(opened, Some(user_link()));
    let opened = links.open_new_address(&text("/tickets/new_address"), NOW);
    assert_eq!(opened, Some(new_address_link()));
    let opened = links.open_registration(&text("/tickets/registration"), NOW);
    assert_eq!(opened, Some(registration_link()));
}

// ---- Queued mails -------------------------------------------------------------------------------

fn jobs() -> Vec<Job> {
    let state = State::for_new_address(&user());
    let tasks = [
        Task::Reset { email: email() },
        Task::Registration {
            email: email(),
            first_name: Name::parse("Ada").ok(),
            last_name: None,
        },
        Task::Verification { email: email() },
        Task::Invitation {
            user: user_id(),
            state,
        },
        Task::NewAddress {
            user: user_id(),
            email: email(),
            state,
        },
        Task::AddressChangeAsked { to: email() },
        Task::AddressChanged { to: email() },
        Task::PasswordChanged { to: email() },
        Task::AccountDeleted { to: email() },
        Task::SessionEnded {
            to: email(),
            device: Some("Firefox, Linux".to_owned()),
            place: None,
        },
    ];
    let pools = [
        Pool::First,
        Pool::Medium,
        Pool::Rest,
        Pool::None,
        Pool::Known(user_id()),
    ];
    let tasks = tasks.into_iter().zip(pools.into_iter().cycle()).zip(0..);
    let jobs = tasks.map(|((task, pool), number)| Job {
        id: format!("{number:032x}"),
        asked_at: NOW,
        locale: if number % 2 == 0 {
            Locale::English
        } else {
            Locale::German
        },
        tries: number,
        pool,
        paid: number % 3 == 0,
        request: None,
        app_request: None,
        task,
    });
    jobs.collect()
}

fn write_jobs() -> Value {
    jobs().iter().map(|job| Value::from(job.encode())).collect()
}

#[test]
fn queued_mails_are_written_as_before_and_read() {
    assert_eq!(write_jobs(), sample("/jobs"));
    for (job, text) in jobs().into_iter().zip(sample("/jobs").as_array().unwrap()) {
        assert_eq!(Job::decode(text.as_str().unwrap()), Some(job));
    }
    let request = "6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34";
    let with_request = Job {
        locale: Locale::German,
        request: RequestId::parse(request),
        ..jobs().remove(0)
    };
    let stored = text("/job_with_a_request");
    assert_eq!(with_request.encode(), stored);
    assert_eq!(Job::decode(&stored), Some(with_request));
    // The version of November 2026 can read this line too, because it parses the line as a language
    // tag.
    let language = stored.split('\n').nth(3).unwrap();
    assert_eq!(Locale::parse(language), Some(Locale::German));
    let old = Job::decode(&text("/job_of_format_1")).unwrap();
    assert_eq!((old.asked_at, old.tries, old.paid), (NOW, 0, false));
    assert!(old.task == Task::Reset { email: email() });
}

// ---- Columns of D1 ------------------------------------------------------------------------------

fn lane() -> Lane {
    let mut lane = Lane::default();
    for (job, at) in [
        "00000000000000000000000000000001",
        "00000000000000000000000000000002",
    ]
    .into_iter()
    .zip([NOW, NOW + 3600])
    {
        assert!(lane.admit(job, 3600, at, true).is_some());
    }
    lane
}

fn hashers() -> [(&'static str, Argon2Hasher); 2] {
    let peppers = Peppers::parse(PEPPERS).unwrap();
    [
        ("plain", Argon2Hasher::default()),
        (
            "peppered",
            Argon2Hasher::new(HashingCost::default(), peppers),
        ),
    ]
}

fn password() -> Password {
    Password::for_login("correct horse battery staple").unwrap()
}

fn write_hashes() -> Value {
    let hashes = hashers().map(|(name, hasher)| {
        let hash = block_on(hasher.hash(&password(), &[5; 16])).unwrap();
        (name.to_owned(), Value::from(hash.as_str()))
    });
    Value::Object(hashes.into_iter().collect())
}

fn write_columns() -> Value {
    let freed = FreedAddresses::new(&secrets(), ISSUER);
    json!({
        "freed_address": freed.freed(&email(), NOW).key,
        "lane_key": MailKeys::new(&secrets(), ISSUER).lane("l:ada@example.com"),
        "lane": lane().encode(),
        "link_nonce": user().link_nonce.as_str(),
        "email_canonical": email().canonical(),
        "user": user_id().to_string(),
    })
}

#[test]
fn columns_of_d1_are_written_as_before_and_read() {
    assert_eq!(write_columns(), sample("/columns"));
    assert_eq!(Lane::decode(&text("/columns/lane")), Some(lane()));
    let life = lane().admit("00000000000000000000000000000003", 3600, NOW + 90_000, true);
    assert!(life.is_some_and(|LinkLife { begins_at, .. }| begins_at == NOW + 90_000));

    assert_eq!(write_hashes(), sample("/password_hashes"));
    for (name, hasher) in hashers() {
        let stored = PasswordHash::new(text(&format!("/password_hashes/{name}")));
        let verified = block_on(hasher.verify(&password(), &stored));
        assert_eq!(verified, Ok(Verification::Matches { rehash: false }));
    }
}
