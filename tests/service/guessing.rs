//! `PASSWORD_WORK = "durable"`: which clients are delayed after failed logins, and which are not.

use edgegate::domain::error::{Error, LoginRefusal};
use edgegate::domain::mail::Locale;
use edgegate::domain::session::{Caller, Client, Credentials};
use edgegate::ports::Ports;
use edgegate::service::manage_users::Amendment;
use edgegate::service::{AuthService, Login, SignedIn};

use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, ROOT, client, on_both};

const DURABLE: &[(&str, &str)] = &[("PASSWORD_WORK", "durable")];

async fn try_on<P: Ports>(
    service: &AuthService<P>,
    email: &str,
    password: &str,
    caller: impl Into<Caller<'_>>,
) -> Result<SignedIn, Error> {
    service
        .generate_token(Login { email, password }, caller)
        .await
}

fn device(signed_in: &SignedIn) -> (Client, Credentials) {
    on_device(signed_in.device.expose())
}

fn on_device(token: &str) -> (Client, Credentials) {
    (client(), Credentials::default().with_device(Some(token)))
}

on_both!(known_and_unknown_addresses_are_delayed_alike, DURABLE, world => {
    for wait in [1, 2, 4, 8] {
        for email in [ADA, "nobody@example.com", "no address"] {
            let error = try_on(&world.service, email, "a wrong guess", &client()).await.unwrap_err();
            assert!(matches!(error, Error::Login(_)), "{error}");
            for password in ["a wrong guess", PASSWORD] {
                let again = try_on(&world.service, email, password, &client()).await.unwrap_err();
                assert_eq!(again, Error::RateLimited(wait), "{email}");
            }
        }
        world.clock.advance(u64::from(wait));
    }
    // All spellings of an address belong to one account.
    try_on(&world.service, "ADA@example.com", "a wrong guess", &client()).await.unwrap_err();
    assert_eq!(try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap_err(), Error::RateLimited(16));
});

on_both!(nothing_is_kept_before_the_first_failure_nor_after_the_lapse, DURABLE, world => {
    let guard = &world.service.ports().password_guard;
    try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap();
    assert_eq!(guard.accounts(), 0);
    try_on(&world.service, ADA, "a wrong guess", &client()).await.unwrap_err();
    assert_eq!(guard.accounts(), 1);
    world.clock.advance(86_400);
    try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap();
    assert_eq!(guard.accounts(), 0);
});

on_both!(a_known_device_is_not_delayed_and_a_stolen_ticket_has_few_attempts, DURABLE, world => {
    let first = try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap();
    try_on(&world.service, ADA, "a wrong guess", &client()).await.unwrap_err();
    for _ in 0..10 {
        let error = try_on(&world.service, ADA, "a wrong guess", &device(&first)).await.unwrap_err();
        assert_eq!(error, Error::Login(LoginRefusal::WrongPassword));
    }
    assert_eq!(try_on(&world.service, ADA, PASSWORD, &device(&first)).await.unwrap_err(), Error::RateLimited(1));
    // The device ticket (a token that the browser has in a long-lived cookie) has used up its
    // attempts. So the owner is delayed as long as somebody on an unknown device would be. The next
    // login gives the owner a new device ticket, which has attempts of its own.
    world.clock.advance(1);
    let second = try_on(&world.service, ADA, PASSWORD, &device(&first)).await.unwrap();
    try_on(&world.service, ADA, "a wrong guess", &client()).await.unwrap_err();
    try_on(&world.service, ADA, PASSWORD, &device(&second)).await.unwrap();
    assert_eq!(try_on(&world.service, ADA, PASSWORD, &device(&first)).await.unwrap_err(), Error::RateLimited(2));
});

on_both!(a_device_ticket_is_valid_for_its_user_its_epoch_and_its_lifetime, DURABLE, world => {
    let ada = try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap();
    let root = try_on(&world.service, ROOT, PASSWORD, &client()).await.unwrap();
    let refresh = ada.tokens.refresh_token.expose().to_owned();
    let ticket = ada.device.expose().to_owned();
    let mut altered = ticket.clone();
    altered.replace_range(20..21, if &ticket[20..21] == "A" { "B" } else { "A" });
    let huge = "egd_".to_owned() + &"A".repeat(1 << 20);
    try_on(&world.service, ADA, "a wrong guess", &client()).await.unwrap_err();
    for token in ["", "egd_", &huge, &altered, &refresh, root.device.expose()] {
        let on = on_device(token);
        assert_eq!(try_on(&world.service, ADA, PASSWORD, &on).await.unwrap_err(), Error::RateLimited(1));
    }
    try_on(&world.service, ADA, PASSWORD, &device(&ada)).await.unwrap();
    world.service.revoke_tokens(ada.user.id).await.unwrap();
    assert_eq!(try_on(&world.service, ADA, PASSWORD, &device(&ada)).await.unwrap_err(), Error::RateLimited(1));
    world.clock.advance(400 * 86_400);
    try_on(&world.service, ROOT, "a wrong guess", &client()).await.unwrap_err();
    assert_eq!(try_on(&world.service, ROOT, PASSWORD, &device(&root)).await.unwrap_err(), Error::RateLimited(1));
});

on_both!(a_session_is_known_and_may_fail_with_ten_wrong_current_passwords, DURABLE, world => {
    let ada = try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap();
    try_on(&world.service, ADA, "a wrong guess", &client()).await.unwrap_err();
    let token = ada.tokens.access_token.expose();
    let (service, locale) = (&world.service, Locale::English);
    for number in 0..10 {
        let refused = match number % 3 {
            0 => service.change_password(token, "a wrong guess", NEW_PASSWORD, &client(), locale).await.err(),
            1 => service.change_email(token, "new@example.com", "a wrong guess", &client(), locale).await.err(),
            _ => service.delete_own_account(token, "a wrong guess", &client(), locale).await.err(),
        };
        assert_eq!(refused, Some(Error::CurrentPassword), "{number}");
    }
    let refused = service.change_password(token, PASSWORD, NEW_PASSWORD, &client(), locale).await.unwrap_err();
    assert_eq!(refused, Error::RateLimited(1));
    // Another session of the same user is not delayed. The answer to a change of the password
    // contains a new device ticket (a token for a long-lived cookie). With this ticket, the next
    // login is not delayed.
    let other = try_on(service, ADA, PASSWORD, &device(&ada)).await.unwrap();
    let token = other.tokens.access_token.expose();
    let changed = service.change_password(token, PASSWORD, NEW_PASSWORD, &client(), locale).await.unwrap();
    try_on(service, ADA, NEW_PASSWORD, &device(&changed)).await.unwrap();
    assert_eq!(try_on(service, ADA, NEW_PASSWORD, &device(&other)).await.unwrap_err(), Error::RateLimited(1));
});

on_both!(the_right_password_of_a_disabled_account_is_delayed_like_a_wrong_one, DURABLE, world => {
    let root = try_on(&world.service, ROOT, PASSWORD, &client()).await.unwrap();
    let ada = try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap();
    let disable = Amendment { disabled: Some(true), ..Amendment::default() };
    world.service.amend_user(root.tokens.access_token.expose(), ada.user.id, disable).await.unwrap();
    let refused = try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap_err();
    assert_eq!(refused, Error::Login(LoginRefusal::Disabled));
    assert_eq!(try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap_err(), Error::RateLimited(1));
});

on_both!(a_reset_lets_the_owner_in_while_strangers_guess, DURABLE, world => {
    let ticket = world.reset_ticket(ADA).await;
    let mut now = 0;
    while now < 2000 {
        match try_on(&world.service, ADA, "a wrong guess", &client()).await.unwrap_err() {
            Error::RateLimited(wait) => { now += wait; world.clock.advance(wait.into()); }
            _ => continue,
        }
    }
    let user = world.service.confirm_reset(&ticket, NEW_PASSWORD, &client(), Locale::English).await.unwrap();
    try_on(&world.service, ADA, "a wrong guess", &client()).await.unwrap_err();
    let known = on_device(world.service.device_ticket(&user).expose());
    try_on(&world.service, ADA, NEW_PASSWORD, &known).await.unwrap();
    assert!(matches!(try_on(&world.service, ADA, NEW_PASSWORD, &client()).await, Err(Error::RateLimited(_))));
});

on_both!(without_limits_nobody_is_delayed_and_inline_counts_nothing, &[("PASSWORD_WORK", "durable"), ("LIMITS", "off")], world => {
    for _ in 0..3 {
        let error = try_on(&world.service, ADA, "a wrong guess", &client()).await.unwrap_err();
        assert_eq!(error, Error::Login(LoginRefusal::WrongPassword));
    }
    assert!(try_on(&world.service, ADA, PASSWORD, &client()).await.unwrap().device.expose().starts_with("egd_"));
    let inline = crate::fixture::on_memory(&[]);
    for _ in 0..3 {
        try_on(&inline.service, ADA, "a wrong guess", &client()).await.unwrap_err();
    }
    assert!(inline.log_in(ADA).device.expose().starts_with("egd_"));
    assert_eq!(inline.service.ports().password_guard.hashed(), 0);
});
