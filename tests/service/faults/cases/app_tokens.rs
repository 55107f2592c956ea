//! Apps that get, renew and revoke their tokens, and ask about them.

use edgegate::domain::error::Error;
use edgegate::ports::SessionStore;
use edgegate::service::authorize::Authorized;
use edgegate::service::client_authentication::ClientCredentials;
use edgegate::service::exchange_code::CodeExchange;
use edgegate::service::renew_app_token::AppRenewal;
use edgegate_token::json::Json;

use super::super::{Case, World};
use super::{none, violated};
use crate::app_tokens::{self as apps, Asked, SPA, VERIFIER, WEB, WEB_SECRET, callback, text};
use crate::fixture::client;

const OF_SPA: Asked<'_> = Asked {
    app: SPA,
    scope: "openid profile",
    resource: None,
};
const OF_WEB: Asked<'_> = Asked {
    app: WEB,
    scope: "openid notes.read",
    resource: Some(apps::API),
};

fn of_spa() -> ClientCredentials {
    ClientCredentials {
        client_id: SPA.to_owned(),
        secret: None,
    }
}

fn of_web() -> ClientCredentials {
    ClientCredentials {
        client_id: WEB.to_owned(),
        secret: Some(edgegate::domain::secret::Secret::new(WEB_SECRET.to_owned())),
    }
}

async fn tokens<S: SessionStore>(world: &World<S>, asked: Asked<'_>) -> Json {
    let ada = apps::begin(&world.service).await;
    apps::tokens(&world.service, &ada, asked).await
}

async fn renews<S: SessionStore>(world: &World<S>, refresh_token: &str) -> bool {
    let renewal = AppRenewal {
        refresh_token,
        scope: None,
        resource: None,
    };
    let renewed = world
        .service
        .renew_app_token(renewal, &of_spa(), &client())
        .await;
    renewed.is_ok()
}

/// Whether the service knows the app. If so, it shows a page for the app's request.
async fn enter<S: SessionStore>(world: &World<S>, sign_on: &str) -> Result<bool, Error> {
    let query = apps::documents::query(apps::documents::ID);
    let by = client();
    let entered = world.service.authorize(&query, Some(sign_on), &by).await?;
    Ok(matches!(entered, Authorized::ToPage { .. }))
}

/// How many sessions of apps the user has.
async fn sessions<S: SessionStore>(world: &World<S>, access_token: &str) -> usize {
    let sessions = world.service.list_sessions(access_token).await.unwrap();
    let of_apps = sessions.iter().filter(|own| own.session.app.is_some());
    of_apps.count()
}

pub(super) fn app_tokens<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "exchange a code",
            &[],
            |w| {
                let ada = apps::begin(&w.service).await;
                let code = apps::code(&w.service, &ada, OF_SPA).await;
                w.facts(code).await
            },
            |w, f| {
                let exchange = CodeExchange {
                    code: &f.thing,
                    redirect_uri: &callback(SPA),
                    verifier: VERIFIER,
                    resource: None,
                };
                none(
                    w.service
                        .exchange_code(exchange, &of_spa(), &client())
                        .await,
                )
            },
            // It is possible that the first attempt has exchanged the code already. In that case
            // the app has to request a new code.
            Error::Grant(_),
            |w, f, _mails| violated(&[
                ("one session at most", sessions(w, f.access()).await <= 1),
                (
                    "the browser's session continues",
                    w.renews(f.refresh()).await
                ),
            ])
        ),
        case!(
            "renew as an app",
            &[("ROTATE_AFTER", "0")],
            |w| {
                let given = tokens(w, OF_SPA).await;
                w.facts(text(&given, "refresh_token")).await
            },
            |w, f| {
                let renewal = AppRenewal {
                    refresh_token: &f.thing,
                    scope: None,
                    resource: None,
                };
                none(
                    w.service
                        .renew_app_token(renewal, &of_spa(), &client())
                        .await,
                )
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the token renews again", renews(w, &f.thing).await),
                ("one session", sessions(w, f.access()).await == 1),
            ])
        ),
        case!(
            "revoke as an app",
            &[],
            |w| {
                let given = tokens(w, OF_SPA).await;
                w.facts(text(&given, "refresh_token")).await
            },
            |w, f| {
                none(
                    w.service
                        .revoke_app_token(&f.thing, &of_spa(), &client())
                        .await,
                )
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the app renews no more", !renews(w, &f.thing).await),
                (
                    "the browser's session continues",
                    w.renews(f.refresh()).await
                ),
            ])
        ),
        case!(
            "enter an app that nobody registered",
            apps::documents::ON,
            |w| {
                let vendors = &w.service.ports().vendors.inner;
                let (id, document) = apps::documents::published();
                vendors.documents.borrow_mut().insert(id, document);
                w.facts(String::new()).await
            },
            |w, f| {
                // If the app's document can't be fetched, the service does not know the app until
                // the next request.
                enter(w, f.ada.tokens.sign_on_ticket.expose()).await?;
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[(
                "the next request enters",
                enter(w, f.ada.tokens.sign_on_ticket.expose()).await == Ok(true)
            )])
        ),
        case!(
            "ask as an app",
            &[],
            |w| {
                let given = tokens(w, OF_WEB).await;
                w.facts(text(&given, "access_token")).await
            },
            |w, f| {
                let claims = w.service.introspect(&f.thing, &of_web(), &client()).await?;
                assert!(claims.is_some());
                w.service.userinfo(&f.thing).await?;
                w.service.require_no_app_token(f.refresh()).await?;
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[("the session continues", w.accepts(f.access()).await)])
        ),
    ]
}
