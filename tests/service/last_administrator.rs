//! A change that would leave no enabled administrator is refused, unless the request allows it.

use edgegate::domain::error::Error;
use edgegate::domain::mail::Locale::English;
use edgegate::service::manage_users::{Amendment, Invitee};

use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, ROOT, client, log_in, on_both, ticket};

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

on_both!(the_last_administrator_stays, &[], world => {
    let service = &world.service;
    let root = log_in(service, ROOT).await.unwrap();
    let (id, token) = (root.user.id, root.tokens.access_token.expose());
    for change in [roles(&["user"]), roles(&[]), roles(&["administrator"]), disabled(true), Amendment { disabled: Some(true), ..roles(&["admin"]) }] {
        assert_eq!(service.amend_user(token, id, change).await.unwrap_err(), Error::LastAdministrator);
    }
    assert_eq!(service.delete_account(token, id, English).await.unwrap_err(), Error::LastAdministrator);
    let own = service.delete_own_account(token, PASSWORD, &client(), English).await;
    assert_eq!(own.unwrap_err(), Error::LastAdministrator);
    // Nothing has changed, not even the version of the row, and no notice of a deletion was sent.
    assert_eq!(service.read_user(token, id).await.unwrap().version, root.user.version);
    assert!(world.deliver_all().await.is_empty());
    // A change after which the user is still an administrator succeeds.
    service.amend_user(token, id, roles(&["admin", "editor"])).await.unwrap();
});

on_both!(a_disabled_administrator_does_not_count, &[], world => {
    let service = &world.service;
    let root = log_in(service, ROOT).await.unwrap();
    let ada = log_in(service, ADA).await.unwrap();
    let token = root.tokens.access_token.expose();
    service.amend_user(token, ada.user.id, roles(&["admin"])).await.unwrap();
    service.amend_user(token, ada.user.id, disabled(true)).await.unwrap();
    assert_eq!(service.amend_user(token, root.user.id, disabled(true)).await.unwrap_err(), Error::LastAdministrator);
    // A disabled administrator may lose the role and be deleted.
    service.amend_user(token, ada.user.id, roles(&["user"])).await.unwrap();
    service.amend_user(token, ada.user.id, roles(&["admin"])).await.unwrap();
    service.delete_account(token, ada.user.id, English).await.unwrap();
});

on_both!(two_who_remove_each_other_leave_one, &[], world => {
    let service = &world.service;
    let root = log_in(service, ROOT).await.unwrap();
    let ada = log_in(service, ADA).await.unwrap();
    service.amend_user(root.tokens.access_token.expose(), ada.user.id, roles(&["admin", "user"])).await.unwrap();
    let ada = log_in(service, ADA).await.unwrap();
    let (first, second) = futures_util::future::join(
        service.delete_account(root.tokens.access_token.expose(), ada.user.id, English),
        service.amend_user(ada.tokens.access_token.expose(), root.user.id, roles(&["user"])),
    ).await;
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
});

on_both!(an_invited_administrator_counts_once_they_have_a_password, &[], world => {
    let service = &world.service;
    let root = log_in(service, ROOT).await.unwrap();
    let token = root.tokens.access_token.expose();
    // Nobody reads this mail, because the address is mistyped.
    let invitee = Invitee { email: "grace@exmaple.com", first_name: None, last_name: None };
    let admin = Some(vec!["admin".to_owned(), "user".to_owned()]);
    let grace = service.create_user(token, invitee, admin, English).await.unwrap();
    let invitation = ticket(&world.deliver_all().await[0]);
    for change in [roles(&["user"]), disabled(true)] {
        let amended = service.amend_user(token, root.user.id, change).await;
        assert_eq!(amended.unwrap_err(), Error::LastAdministrator);
    }
    let deleted = service.delete_account(token, root.user.id, English).await;
    assert_eq!(deleted.unwrap_err(), Error::LastAdministrator);
    let own = service.delete_own_account(token, PASSWORD, &client(), English).await;
    assert_eq!(own.unwrap_err(), Error::LastAdministrator);
    // A user who has only been invited may lose the role. An invited user is regarded as an
    // administrator only once they have a password.
    service.amend_user(token, grace.id, roles(&["user"])).await.unwrap();
    service.amend_user(token, grace.id, roles(&["admin"])).await.unwrap();
    service.confirm_reset(&invitation, NEW_PASSWORD, &client(), English).await.unwrap();
    service.amend_user(token, root.user.id, roles(&["user"])).await.unwrap();
});
