use edgegate::domain::error::{Code, Error};
use edgegate::domain::mail::Locale;

use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, client, log_in, on_both, other_client};

on_both!(a_new_password_ends_every_session_and_begins_one, &[], world => {
    let service = &world.service;
    let other = service.generate_token(edgegate::service::Login { email: ADA, password: PASSWORD }, &other_client()).await.unwrap();
    let own = log_in(service, ADA).await.unwrap();
    let access_token = own.tokens.access_token.expose();
    let fresh = service.change_password(access_token, PASSWORD, NEW_PASSWORD, &client(), Locale::English).await.unwrap();
    for old in [&own, &other] {
        assert!(service.renew_token(old.tokens.refresh_token.expose(), &client()).await.is_err());
        assert!(!service.is_authorized_by_role(old.tokens.access_token.expose(), &["user"]).await);
    }
    assert!(service.renew_token(fresh.tokens.refresh_token.expose(), &client()).await.is_ok());
    assert!(service.is_authorized_by_role(fresh.tokens.access_token.expose(), &["user"]).await);
    assert!(world.can_log_in(ADA, NEW_PASSWORD).await);
    assert_eq!(world.deliver_all().await.len(), 1, "the owner gets a notice");
});

on_both!(what_is_wrong_changes_nothing, &[], world => {
    let service = &world.service;
    let own = log_in(service, ADA).await.unwrap();
    let access_token = own.tokens.access_token.expose();
    for (token, current, new, code) in [
        ("", PASSWORD, NEW_PASSWORD, Code::InvalidToken),
        (access_token, NEW_PASSWORD, NEW_PASSWORD, Code::InvalidCredentials),
        (access_token, "", NEW_PASSWORD, Code::InvalidCredentials),
        (access_token, PASSWORD, "short", Code::WeakPassword),
        (access_token, &"a".repeat(600), NEW_PASSWORD, Code::InvalidField),
    ] {
        let error = service.change_password(token, current, new, &client(), Locale::English).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    assert!(world.can_log_in(ADA, PASSWORD).await);
    assert!(world.deliver_all().await.is_empty());
});

on_both!(of_two_at_once_one_wins, &[], world => {
    let service = &world.service;
    let own = log_in(service, ADA).await.unwrap();
    let access_token = own.tokens.access_token.expose();
    let client = client();
    let change = |new| service.change_password(access_token, PASSWORD, new, &client, Locale::English);
    let (one, two) = futures_util::future::join(change("the first passphrase"), change("the second passphrase")).await;
    let lost = one.err().or(two.err()).unwrap();
    assert!(matches!(lost, Error::Access(_) | Error::CurrentPassword), "{lost}");
});

// Each change of the password sends a mail, so the limit on mails per network (the mail gate) also
// limits the number of changes. Without a mail provider, the Worker has no mail gate, and a call to
// the gate would fail.
on_both!(without_a_mail_provider_changes_are_not_counted, &[("MAIL_PROVIDER", "none")], world => {
    let service = &world.service;
    let mut token = log_in(service, ADA).await.unwrap().tokens.access_token;
    let mut passwords = [PASSWORD, NEW_PASSWORD];
    for n in 0..6 {
        let [now, next] = passwords;
        let changed = service.change_password(token.expose(), now, next, &client(), Locale::English).await;
        token = changed.unwrap_or_else(|error| panic!("{n}: {error}")).tokens.access_token;
        passwords = [next, now];
    }
});
