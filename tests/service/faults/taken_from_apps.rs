//! An app exchanges a code or renews. Just before one of the calls of this request, somebody takes
//! the app's rights away. The app must get no tokens, or only tokens that give access to nothing.

use std::cell::Cell;
use std::rc::Rc;

use edgegate::domain::authorization::{ClientId, GrantId};
use edgegate::ports::SessionStore;
use edgegate::service::SignedIn;
use edgegate::service::manage_users::Amendment;
use edgegate_token::json::Json;

use super::world::{World, on_kv, on_memory};
use crate::app_tokens::{self as apps, Asked, SPA, text};
use crate::fixture::ROOT;

#[derive(Clone, Copy, Debug)]
enum Taking {
    WithdrawTheGrant,
    LogOut,
    RevokeAll,
    DisableTheUser,
    DisableTheApp,
    DeleteTheApp,
}

const TAKINGS: [Taking; 6] = [
    Taking::WithdrawTheGrant,
    Taking::LogOut,
    Taking::RevokeAll,
    Taking::DisableTheUser,
    Taking::DisableTheApp,
    Taking::DeleteTheApp,
];

const OF_SPA: Asked<'_> = Asked {
    app: SPA,
    scope: "openid profile",
    resource: None,
};

/// The people who can take the app's rights away: the user and an administrator.
struct People {
    ada: SignedIn,
    root: SignedIn,
    grant: GrantId,
}

async fn take<S: SessionStore>(world: &World<S>, people: &People, taking: Taking) {
    let People { ada, root, grant } = people;
    let (own, admin) = (
        ada.tokens.access_token.expose(),
        root.tokens.access_token.expose(),
    );
    let (service, app) = (&world.service, ClientId::parse(SPA).unwrap());
    match taking {
        Taking::WithdrawTheGrant => drop(service.withdraw_grant(own, *grant).await.unwrap()),
        Taking::LogOut => {
            let refresh_token = ada.tokens.refresh_token.expose();
            service.log_out(refresh_token).await.unwrap();
        }
        Taking::RevokeAll => service.revoke_tokens(ada.user.id).await.unwrap(),
        Taking::DisableTheUser => {
            let change = Amendment {
                disabled: Some(true),
                ..Amendment::default()
            };
            service
                .amend_user(admin, ada.user.id, change)
                .await
                .unwrap();
        }
        Taking::DisableTheApp => apps::change(service, SPA, |app| app.disabled_at = Some(1)).await,
        Taking::DeleteTheApp => drop(service.delete_client(admin, &app).await.unwrap()),
    }
}

/// Whether the app can use its new tokens to read the user's data or to renew.
async fn opens_something<S: SessionStore>(world: &World<S>, given: &Json) -> bool {
    let service = &world.service;
    let renewed = apps::renew(service, &text(given, "refresh_token"), SPA, &[]).await;
    service.userinfo(&text(given, "access_token")).await.is_ok() || renewed.status == 200
}

/// Repeats the app's request. The first time, takes the rights away just before the request's first
/// call of a store, the second time just before its second call, and so on. Returns the number of
/// calls.
async fn walk<S: SessionStore + 'static>(
    store: &str,
    new: impl Fn() -> World<S>,
    renews: bool,
    taking: Taking,
) -> usize {
    let mut at = 0;
    loop {
        let world = Rc::new(new());
        let ada = apps::begin(&world.service).await;
        let code = apps::code(&world.service, &ada, OF_SPA).await;
        let grants = world.service.list_grants(ada.tokens.access_token.expose());
        let people = People {
            grant: grants.await.unwrap()[0].grant.id,
            root: world.log_in(ROOT, crate::fixture::PASSWORD).await.unwrap(),
            ada,
        };
        let exchange = async || apps::exchange(&world.service, &code, SPA).await;
        let before = if renews {
            text(&apps::json(&exchange().await), "refresh_token")
        } else {
            String::new()
        };
        let is_taken = Rc::new(Cell::new(false));
        let (other, done) = (Rc::clone(&world), Rc::clone(&is_taken));
        world.line.meanwhile_at(at, move || {
            pollster::block_on(take(&other, &people, taking));
            done.set(true);
        });
        let answer = if renews {
            apps::renew(&world.service, &before, SPA, &[]).await
        } else {
            exchange().await
        };
        if !is_taken.get() {
            assert_eq!(answer.status, 200, "{answer:?}");
            return at;
        }
        let case = format!("{store}, renews: {renews}, {taking:?} before call {at}");
        let is_given = answer.status == 200;
        assert!(
            is_given || [400, 401].contains(&answer.status),
            "{case}: {answer:?}"
        );
        if is_given {
            assert!(
                !opens_something(&world, &apps::json(&answer)).await,
                "{case}"
            );
        }
        at += 1;
    }
}

#[test]
fn what_is_taken_from_an_app_during_its_request_is_taken() {
    let settings = &[("ROTATE_AFTER", "0")];
    let mut moments = 0;
    for taking in TAKINGS {
        for renews in [false, true] {
            pollster::block_on(async {
                moments += walk("memory", || on_memory(settings), renews, taking).await;
                moments += walk("kv", || on_kv(settings), renews, taking).await;
            });
        }
    }
    assert!(moments > 100, "{moments}");
}
