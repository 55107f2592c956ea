//! Imports and exports of user accounts.

use edgegate::adapters::kv_sessions::KeyValue;
use edgegate::domain::account::{EmailAddress, RowRefusal, User};
use edgegate::domain::error::{Code, Error};
use edgegate::domain::mail::Locale;
use edgegate::domain::operator::Scope;
use edgegate::domain::policy::DEPARTED_ID_TTL;
use edgegate::domain::session::Verdict;
use edgegate::ports::{Clock, UserDirectory};
use edgegate::service::import_users::{ImportOptions, ImportReport, RowOutcome};
use edgegate::service::{AuthService, Login};

use crate::fixture::{ADA, PASSWORD, ROOT, client, log_in, on_both, operator_ticket, verdict};

/// The hash of PASSWORD, made by bcryptjs.
const BCRYPT: &str = "$2b$05$R21Q5FM5T.5fD2ZmQRkzEuHNYzUqwZ5avXb45njiGsMZrNJnkV/Ua";

/// The outcome for each line: `imported`, `already_there` or the code of the refusal.
fn told(report: &ImportReport) -> Vec<String> {
    let rows = report.rows.iter();
    rows.map(|(line, outcome)| match outcome {
        RowOutcome::Imported(_) => format!("{line} imported"),
        RowOutcome::AlreadyThere(_) => format!("{line} already_there"),
        RowOutcome::Refused(refusal) => format!("{line} {}", refusal.code()),
    })
    .collect()
}

async fn import<P: edgegate::ports::Ports>(
    service: &AuthService<P>,
    token: &str,
    lines: &[&str],
    options: ImportOptions,
) -> Result<ImportReport, Error> {
    let lines: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| (at + 1, line.as_bytes()))
        .collect();
    service.import_users(token, &lines, options).await
}

async fn find<P: edgegate::ports::Ports>(service: &AuthService<P>, email: &str) -> Option<User> {
    let email = EmailAddress::parse(email).unwrap();
    let users = service.ports().users();
    users.find_by_email(&email).await.unwrap()
}

const NOTHING: ImportOptions = ImportOptions {
    dry_run: false,
    allow_admin: false,
};

on_both!(an_imported_account_signs_in_with_its_old_password, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let token = root.tokens.access_token.expose();
    let line = format!(
        r#"{{"id":"0198c2f4-7b1e-4c3a-9d55-1f0a6f2f8b11","email":"Grace@example.com","email_verified":true,"password_hash":"{BCRYPT}","first_name":"Grace","roles":["user","editor"],"external_id":"auth0|1"}}"#
    );
    let report = import(&world.service, token, &[&line], NOTHING).await.unwrap();
    assert_eq!((told(&report), report.counts()), (vec!["1 imported".to_owned()], [1, 0, 0]));
    let grace = find(&world.service, "grace@example.com").await.unwrap();
    assert_eq!(grace.id.to_string(), "0198c2f4-7b1e-4c3a-9d55-1f0a6f2f8b11");
    assert_eq!(grace.roles.to_vec(), ["editor", "user"]);
    assert_eq!(grace.external_id.as_ref().unwrap().as_str(), "auth0|1");
    assert!(grace.email_verified_at.is_some());
    let signed_in = log_in(&world.service, "grace@example.com").await.unwrap();
    assert_eq!(signed_in.user.id, grace.id);
    let renewed = world.service.renew_token(signed_in.tokens.refresh_token.expose(), &client()).await;
    renewed.unwrap();
    let replaced = find(&world.service, "grace@example.com").await.unwrap().password_hash;
    assert!(replaced.as_str().starts_with("$argon2id$v=19$"));
    assert!(world.service.ports().mailer.take().is_empty(), "nobody is mailed");
    let again = import(&world.service, token, &[&line], NOTHING).await.unwrap();
    assert_eq!(told(&again), ["1 already_there"]);
    assert_eq!(find(&world.service, "grace@example.com").await.unwrap().password_hash, replaced);
});

on_both!(bad_lines_are_named_and_the_others_imported, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let token = root.tokens.access_token.expose();
    let ada = find(&world.service, ADA).await.unwrap();
    let lines = [
        r#"{"email":"one@example.com","external_id":"x"}"#,
        "[",
        r#"{"email":"ONE@example.com"}"#,
        r#"{"email":"two@example.com","external_id":"x"}"#,
        &format!(r#"{{"email":"ADA@Example.com","password_hash":"{BCRYPT}","roles":["user"]}}"#),
        &format!(r#"{{"id":"{}","email":"three@example.com"}}"#, ada.id),
        r#"{"email":"four@example.com","password_hash":"5f4dcc3b5aa765d61d8327deb882cf99"}"#,
        r#"{"email":"five@example.com","password_hash":"hunter2"}"#,
        r#"{"email":"six@example.com","password_hash":"$2b$14$R21Q5FM5T.5fD2ZmQRkzEuHNYzUqwZ5avXb45njiGsMZrNJnkV/Ua"}"#,
        r#"{"email":"seven@example.com","roles":["admin"]}"#,
        r#"{"email":"eight@example.com","disabled":true}"#,
    ];
    let expected = [
        "1 imported", "2 json_list", "3 duplicate_in_request", "4 duplicate_in_request", "5 already_there",
        "6 id_taken", "7 hash_weak", "8 hash_unknown", "9 hash_too_costly", "10 administrator", "11 imported",
    ];
    let dry = ImportOptions { dry_run: true, ..NOTHING };
    let judged = import(&world.service, token, &lines, dry).await.unwrap();
    assert_eq!(told(&judged), expected);
    assert!(find(&world.service, "one@example.com").await.is_none(), "a dry run writes nothing");
    let report = import(&world.service, token, &lines, NOTHING).await.unwrap();
    assert_eq!(told(&report), expected);
    assert_eq!(report.counts(), [2, 1, 8]);
    assert_eq!(find(&world.service, ADA).await.unwrap(), ada, "never overwritten");
    assert!(find(&world.service, "eight@example.com").await.unwrap().disabled_at.is_some());
    let taken = [r#"{"email":"nine@example.com","external_id":"x"}"#];
    let report = import(&world.service, token, &taken, NOTHING).await.unwrap();
    assert_eq!(report.rows, [(1, RowOutcome::Refused(RowRefusal::ExternalIdTaken))]);
});

on_both!(an_import_makes_an_administrator_only_if_told_twice, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let token = root.tokens.access_token.expose();
    let allowed = ImportOptions { allow_admin: true, ..NOTHING };
    let plain = [r#"{"email":"one@example.com"}"#];
    import(&world.service, token, &plain, allowed).await.unwrap();
    assert_eq!(find(&world.service, "one@example.com").await.unwrap().roles.to_vec(), ["user"]);
    let admin = [r#"{"email":"two@example.com","roles":["user","admin"]}"#];
    let report = import(&world.service, token, &admin, NOTHING).await.unwrap();
    assert_eq!(told(&report), ["1 administrator"]);
    assert!(find(&world.service, "two@example.com").await.is_none());
    drop(world.service.ports().events.take());
    let report = import(&world.service, token, &admin, allowed).await.unwrap();
    assert_eq!(told(&report), ["1 imported"]);
    // The audit log says who became an administrator. It says so only once, even if the import is
    // repeated.
    let recorded = |world: &crate::fixture::World<_>| {
        let events = world.service.ports().events.take();
        let acts = events.iter().map(|event| event.act.name().to_owned());
        acts.collect::<Vec<String>>()
    };
    assert_eq!(recorded(&world), ["accounts_imported", "roles_changed"]);
    import(&world.service, token, &admin, allowed).await.unwrap();
    assert_eq!(recorded(&world), ["accounts_imported"]);
});

on_both!(imports_and_exports_are_for_administrators_with_a_recent_proof, &[("EXPORT_HASHES", "on")], world => {
    let lines = [r#"{"email":"one@example.com"}"#];
    let code = async |token: &str| {
        let imported = import(&world.service, token, &lines, NOTHING).await.err();
        let exported = world.service.export_users(token, None, 10, false).await.err();
        let code = imported.as_ref().map(Error::code);
        assert_eq!(code, exported.as_ref().map(Error::code));
        code
    };
    let ada = log_in(&world.service, ADA).await.unwrap();
    assert_eq!(code(ada.tokens.access_token.expose()).await, Some(Code::Forbidden));
    assert_eq!(code("none").await, Some(Code::InvalidToken));
    let root = log_in(&world.service, ROOT).await.unwrap();
    world.clock.advance(601);
    let renewed = world.service.renew_token(root.tokens.refresh_token.expose(), &client()).await.unwrap();
    let token = renewed.tokens.access_token.expose();
    assert_eq!(code(token).await, Some(Code::ReauthenticationRequired));
    assert!(find(&world.service, "one@example.com").await.is_none());
});

on_both!(an_operator_imports_and_exports_with_a_ticket_for_accounts, &[], world => {
    let lines = [r#"{"email":"one@example.com"}"#];
    let now = world.service.ports().clock.now_ms() / 1000;
    let ticket = |number, scope| operator_ticket(&world.service.ports().operator_tickets, number, scope, now);
    for (number, scope) in Scope::ALL.into_iter().enumerate().filter(|(_, scope)| *scope != Scope::Users) {
        let ticket = ticket(number as u8, scope.as_str());
        let imported = import(&world.service, &ticket, &lines, NOTHING).await;
        assert_eq!(imported.unwrap_err(), Error::Forbidden, "{scope:?}");
        let exported = world.service.export_users(&ticket, None, 10, false).await;
        assert_eq!(exported.unwrap_err(), Error::Forbidden, "{scope:?}");
    }
    assert!(find(&world.service, "one@example.com").await.is_none());
    let ticket = ticket(100, Scope::Users.as_str());
    let report = import(&world.service, &ticket, &lines, NOTHING).await.unwrap();
    assert_eq!(report.counts(), [1, 0, 0]);
    let admin = [r#"{"email":"two@example.com","roles":["admin"]}"#];
    let report = import(&world.service, &ticket, &admin, NOTHING).await.unwrap();
    assert_eq!(told(&report), ["1 administrator"]);
    let hashes = world.service.export_users(&ticket, None, 10, true).await;
    assert_eq!(hashes.unwrap_err(), Error::Forbidden, "EXPORT_HASHES is not set");
    assert_eq!(world.service.export_users(&ticket, None, 10, false).await.unwrap().len(), 3);
});

on_both!(an_export_is_an_import_elsewhere, &[("EXPORT_HASHES", "on")], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let token = root.tokens.access_token.expose();
    let exported = world.service.export_users(token, None, 500, true).await.unwrap();
    assert_eq!(exported.len(), 2);
    let next = world.service.export_users(token, Some(exported[0].id), 500, false).await.unwrap();
    assert_eq!(next, exported[1..]);
    let rows = exported.iter().map(|user| edgegate::domain::account::ExportRow::new(user, true));
    let lines: Vec<String> = rows.map(|row| edgegate::domain::json::encode(&row)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let there = import(&world.service, token, &lines, ImportOptions { allow_admin: true, ..NOTHING }).await.unwrap();
    assert_eq!(there.counts(), [0, 2, 0]);
    // Another service imports the exported lines. Then the users can sign in there, with the same
    // passwords and ids.
    let other = crate::fixture::on_memory(&[]);
    let admin = log_in(&other.service, ROOT).await.unwrap();
    let there = find(&other.service, ADA).await.unwrap();
    other.remove(&there).await;
    other.service.ports().users.postpone_departure(there.id, None).await.unwrap();
    let report = import(&other.service, admin.tokens.access_token.expose(), &lines, ImportOptions { allow_admin: true, ..NOTHING }).await.unwrap();
    assert_eq!(report.counts(), [1, 1, 0]);
    let ada = log_in(&other.service, ADA).await.unwrap();
    assert_eq!(ada.user.id, find(&world.service, ADA).await.unwrap().id);
});

on_both!(the_id_of_an_account_that_was_just_deleted_is_refused, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let token = root.tokens.access_token.expose();
    let ada = find(&world.service, ADA).await.unwrap();
    let line = format!(r#"{{"id":"{}","email":"{ADA}","password_hash":"{BCRYPT}"}}"#, ada.id);
    let other = r#"{"id":"0198c2f4-7b1e-4c3a-9d55-1f0a6f2f8b11","email":"one@example.com"}"#;
    world.service.delete_account(token, ada.id, Locale::English).await.unwrap();
    let dry = ImportOptions { dry_run: true, ..NOTHING };
    for options in [dry, NOTHING] {
        let report = import(&world.service, token, &[&line, other], options).await.unwrap();
        assert_eq!(told(&report), ["1 id_deleted", "2 imported"]);
    }
    assert!(find(&world.service, ADA).await.is_none());
    // A line without an id gets a new id, so it can be imported although the old id is still
    // blocked.
    let anew = format!(r#"{{"email":"{ADA}","password_hash":"{BCRYPT}"}}"#);
    let report = import(&world.service, token, &[&anew], dry).await.unwrap();
    assert_eq!(told(&report), ["1 imported"]);
    // A day later, the cron job has deleted the remaining records of the deleted account. So no
    // record rejects the tokens of the new account, which has the same id.
    world.clock.advance(301);
    world.service.clear_departures().await.unwrap();
    world.clock.advance(DEPARTED_ID_TTL);
    // KV itself deletes this record after 65 minutes, but the in-memory store does not, so the test
    // does it.
    world.kv.delete(&format!("stale:{}", ada.id)).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let token = root.tokens.access_token.expose();
    let report = import(&world.service, token, &[&line], NOTHING).await.unwrap();
    assert_eq!(told(&report), ["1 imported"]);
    let again = log_in(&world.service, ADA).await.unwrap();
    assert_eq!(again.user.id, ada.id);
    world.service.bearer(again.tokens.access_token.expose()).await.unwrap();
});

on_both!(no_earlier_session_of_an_imported_id_goes_on, &[], world => {
    let earlier = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let ada = find(&world.service, ADA).await.unwrap();
    let line = format!(r#"{{"id":"{}","email":"{ADA}","password_hash":"{BCRYPT}"}}"#, ada.id);
    // The database was lost, but the session store was not.
    world.remove(&ada).await;
    world.service.ports().users.postpone_departure(ada.id, None).await.unwrap();
    let token = root.tokens.access_token.expose();
    let report = import(&world.service, token, &[&line], NOTHING).await.unwrap();
    assert_eq!(told(&report), ["1 imported"]);
    let refused = world.service.renew_token(earlier.tokens.refresh_token.expose(), &client()).await;
    assert_eq!(verdict(&refused.unwrap_err()), Some(Verdict::OtherEpoch));
    let now = log_in(&world.service, ADA).await.unwrap();
    world.service.renew_token(now.tokens.refresh_token.expose(), &client()).await.unwrap();
});

on_both!(password_hashes_are_exported_only_if_the_operator_allows_it, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let token = root.tokens.access_token.expose();
    let refused = world.service.export_users(token, None, 10, true).await.unwrap_err();
    assert_eq!(refused, Error::Forbidden);
    let users = world.service.export_users(token, None, 10, false).await.unwrap();
    let row = edgegate::domain::json::encode(&edgegate::domain::account::ExportRow::new(&users[0], false));
    assert!(!row.contains("argon2id") && row.contains("@example.com"), "{row}");
    let login = Login { email: ADA, password: PASSWORD };
    world.service.generate_token(login, &client()).await.unwrap();
});
