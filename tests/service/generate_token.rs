use edgegate::domain::account::{EmailAddress, PasswordHash, UserId};
use edgegate::domain::error::{Code, Error, FieldProblem, LoginRefusal};
use edgegate::domain::session::SessionId;
use edgegate::ports::{Clock, UserDirectory};
use edgegate::service::Login;
use edgegate::service::manage_users::Amendment;
use edgegate_token::{Expected, verify};

use crate::fixture::{ADA, PASSWORD, ROOT, client, log_in, on_both};

on_both!(a_login_returns_two_tokens_and_the_user, &[], world => {
    let signed_in = log_in(&world.service, " ada@example.com ".trim()).await.unwrap();
    let settings = world.service.settings();
    let now = world.clock.now_ms() / 1000;
    let token = verify(
        signed_in.tokens.access_token.expose(),
        &settings.keys,
        &Expected::new(settings.issuer.as_str(), settings.audience.as_str()),
        now,
    )
    .unwrap();
    let claims = token.claims();
    assert_eq!(UserId::parse(&claims.sub), Some(signed_in.user.id));
    assert_eq!(SessionId::parse(&claims.sid), Some(signed_in.tokens.session));
    assert_eq!((claims.iat, claims.exp), (now, now + 600));
    assert_eq!(claims.roles, ["user"]);
    assert_eq!(claims.email.as_deref(), Some(ADA));
    assert!(claims.email_verified);
    assert!(signed_in.tokens.refresh_token.expose().starts_with("egr_"));
    assert_eq!(signed_in.tokens.refresh_token_expires_in, 90 * 86_400);
});

on_both!(each_login_is_a_session_of_its_own, &[], world => {
    let (one, two) = (log_in(&world.service, ADA).await.unwrap(), log_in(&world.service, ADA).await.unwrap());
    assert_ne!(one.tokens.session, two.tokens.session);
    assert_ne!(one.tokens.access_token, two.tokens.access_token);
    assert_ne!(one.tokens.refresh_token, two.tokens.refresh_token);
});

on_both!(a_password_does_not_expire, &[], world => {
    world.clock.advance(10 * 365 * 86_400);
    assert!(log_in(&world.service, ADA).await.is_ok(), "an old password stays valid (NIST SP 800-63B-4 section 3.1.1.2)");
});

on_both!(every_refusal_has_one_code, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let ada = log_in(&world.service, ADA).await.unwrap();
    for (email, password, refusal) in [
        (ADA, "wrong horse battery staple", LoginRefusal::WrongPassword),
        (ADA, "", LoginRefusal::WrongPassword),
        ("nobody@example.com", PASSWORD, LoginRefusal::UnknownAddress),
    ] {
        let error = world.service.generate_token(Login { email, password }, &client()).await.unwrap_err();
        assert_eq!(error, Error::Login(refusal));
        assert_eq!(error.code(), Code::InvalidCredentials);
    }
    for email in ["", "not an address", "ada@example.com\r\nBcc: x@y.example"] {
        let error = world.service.generate_token(Login { email, password: PASSWORD }, &client()).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidCredentials);
    }
    let disable = Amendment { disabled: Some(true), ..Amendment::default() };
    world.service.amend_user(root.tokens.access_token.expose(), ada.user.id, disable).await.unwrap();
    assert_eq!(log_in(&world.service, ADA).await.unwrap_err(), Error::Login(LoginRefusal::Disabled));
});

on_both!(overlong_fields_are_named, &[], world => {
    let long = "a".repeat(255);
    let email = Login { email: &long, password: PASSWORD };
    assert_eq!(
        world.service.generate_token(email, &client()).await.unwrap_err(),
        Error::Field("email", FieldProblem::TooLong)
    );
    let password = Login { email: ADA, password: &"p".repeat(129) };
    assert_eq!(
        world.service.generate_token(password, &client()).await.unwrap_err(),
        Error::Field("password", FieldProblem::TooLong)
    );
});

// RFC 5321 section 4.5.3.1.3: an address has at most 254 bytes.
on_both!(the_longest_address_may_log_in, &[], world => {
    let label = "d".repeat(63);
    let local = "a".repeat(64);
    let longest = format!("{local}@{label}.{label}.{}", "d".repeat(61));
    let client = client();
    let login = |email| Login { email, password: PASSWORD };
    let service = &world.service;
    let refused = service.generate_token(login(&longest), &client).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidCredentials);
    let longer = format!("{longest}d");
    let refused = service.generate_token(login(&longer), &client).await.unwrap_err();
    assert_eq!(refused, Error::Field("email", FieldProblem::TooLong));
});

fn most_roles() -> Vec<String> {
    (10..42)
        .map(|number| format!("{number}{}", "r".repeat(62)))
        .collect()
}

on_both!(a_user_with_all_roles_that_there_may_be_may_log_in, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let ada = log_in(&world.service, ADA).await.unwrap();
    let grant = Amendment { roles: Some(most_roles()), ..Amendment::default() };
    world.service.amend_user(root.tokens.access_token.expose(), ada.user.id, grant).await.unwrap();
    let all = log_in(&world.service, ADA).await.unwrap();
    assert_eq!(all.user.roles.to_vec(), most_roles());
});

const LONG: &[(&str, &str)] = &[("AUDIENCE", LONG_NAME), ("CLIENT_ID", LONG_NAME)];
const LONG_NAME: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
    bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\
    ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

on_both!(the_log_says_that_roles_make_a_token_too_long, LONG, world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let ada = log_in(&world.service, ADA).await.unwrap();
    let grant = Amendment { roles: Some(most_roles()), ..Amendment::default() };
    world.service.amend_user(root.tokens.access_token.expose(), ada.user.id, grant).await.unwrap();
    let Err(Error::Internal(why)) = log_in(&world.service, ADA).await else {
        panic!("no such token fits");
    };
    assert!(why.contains("shorten the user's roles"), "{why}");
});

on_both!(nothing_secret_in_debug, &[], world => {
    let text = format!("{:?}", log_in(&world.service, ADA).await.unwrap());
    assert!(!text.contains("egr_") && !text.contains("eyJ"), "{text}");
    assert!(!text.contains(ADA) && !text.contains("argon2"), "{text}");
    // When the service is printed, the secrets in its settings are hidden.
    let text = format!("{:?}", world.service);
    assert!(text.contains("Shared { settings: "), "{text}");
    assert!(!text.contains("kHiqJjEb"), "{text}");
});

on_both!(a_hash_of_another_system_is_verified_once_and_replaced, &[], world => {
    let users = &world.service.ports().users;
    let email = EmailAddress::parse(ADA).unwrap();
    let hash = async || users.find_by_email(&email).await.unwrap().unwrap().password_hash;
    let ada = users.find_by_email(&email).await.unwrap().unwrap();
    // This hash was made by bcryptjs.
    let foreign = PasswordHash::new("$2b$05$R21Q5FM5T.5fD2ZmQRkzEuHNYzUqwZ5avXb45njiGsMZrNJnkV/Ua".to_owned());
    users.rehash(ada.id, &ada.password_hash, &foreign).await.unwrap();
    let login = Login { email: ADA, password: "wrong horse battery staple" };
    world.service.generate_token(login, &client()).await.unwrap_err();
    assert_eq!(hash().await, foreign);
    log_in(&world.service, ADA).await.unwrap();
    let replaced = hash().await;
    // The new hash has the cost of the fixture's hasher.
    assert!(replaced.as_str().starts_with("$argon2id$v=19$m=1024,t=1,p=1$"));
    log_in(&world.service, ADA).await.unwrap();
    assert_eq!(hash().await, replaced);
});
