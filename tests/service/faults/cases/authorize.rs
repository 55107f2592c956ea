//! Signing in to apps.

use edgegate::domain::authorization::{AppClient, ClientId, ClientType, RedirectUri};
use edgegate::ports::Clients;
use edgegate::service::authorize::{Authorized, Decision, IssuerPage};
use edgegate::service::leave_apps::Leaving;

use super::*;

const QUERY: &str = "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2F\
                     &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
                     &code_challenge_method=S256";

impl<S: SessionStore> World<S> {
    async fn add_app(&self, first_party: bool) {
        let app = AppClient {
            id: ClientId::parse("app").unwrap(),
            name: "App".to_owned(),
            kind: ClientType::Public,
            first_party,
            redirect_uris: vec![RedirectUri::register("https://app.example/").unwrap()],
            post_logout_redirect_uris: vec![],
            resources: vec![],
            scopes: vec![],
            id_token_alg: None,
            disabled_at: None,
            created_at: 0,
            version: 0,
        };
        let apps = &self.service.ports().apps.inner;
        assert!(apps.create(&app, None).await.unwrap());
    }

    /// Lets an app's request arrive. Returns the sealed request (the request as a signed token),
    /// about which the user has to decide on a page.
    async fn sealed(&self) -> String {
        match self.service.authorize(QUERY, None, &client()).await {
            Ok(Authorized::ToPage { request, .. }) => request.expose().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    async fn is_signed_on(&self, ticket: &str) -> bool {
        let answer = self.service.authorize(QUERY, Some(ticket), &client()).await;
        !matches!(
            answer,
            Ok(Authorized::ToPage {
                page: IssuerPage::SignIn,
                ..
            })
        )
    }
}

fn sign_on(facts: &Facts) -> &str {
    facts.ada.tokens.sign_on_ticket.expose()
}

pub(super) fn authorize<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "sign in to an app",
            &[],
            |w| {
                w.add_app(true).await;
                w.facts(String::new()).await
            },
            |w, f| {
                let by = client();
                let answer = w.service.authorize(QUERY, Some(sign_on(f)), &by);
                match answer.await? {
                    Authorized::ToApp(to_app) if to_app.code_of.is_some() => Ok(None),
                    other => panic!("{other:?}"),
                }
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the session continues", w.renews(f.refresh()).await),
                (
                    "there is one grant",
                    w.service.ports().apps.inner.grants_stored() == 1
                ),
            ])
        ),
        case!(
            "show an app's request",
            &[],
            |w| {
                w.add_app(false).await;
                let sealed = w.sealed().await;
                w.facts(sealed).await
            },
            |w, f| {
                let by = client();
                let shown = w.service.show_request(&f.thing, Some(f.refresh()), &by);
                none(shown.await)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[("the session continues", w.renews(f.refresh()).await)])
        ),
        case!(
            "let an app in",
            &[],
            |w| {
                w.add_app(false).await;
                let sealed = w.sealed().await;
                w.facts(sealed).await
            },
            |w, f| {
                let decision = Decision {
                    request: &f.thing,
                    user: f.id(),
                    allow: true,
                };
                let (by, held) = (client(), Some(f.refresh()));
                let decided = w.service.decide_authorization(decision, held, &by);
                let to_app = decided.await?;
                assert!(to_app.code_of.is_some());
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the session continues", w.renews(f.refresh()).await),
                (
                    "there is one grant",
                    w.service.ports().apps.inner.grants_stored() == 1
                ),
            ])
        ),
        case!(
            "sign in again in the same browser",
            &[],
            |w| {
                w.add_app(true).await;
                w.facts(String::new()).await
            },
            |w, f| {
                let login = edgegate::service::Login {
                    email: ADA,
                    password: PASSWORD,
                };
                let held = Credentials::default().with_session(Some(f.refresh()));
                let by = (client(), held);
                let signed_in = w.service.generate_token(login, &by).await?;
                let tokens = signed_in.tokens;
                w.service.leave_session(f.refresh(), tokens.sign_on).await?;
                assert_eq!(tokens.sign_on, f.ada.tokens.sign_on);
                issued(&tokens)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the earlier session is over", !w.renews(f.refresh()).await),
                ("so is its cookie", !w.is_signed_on(sign_on(f)).await),
            ])
        ),
        case!(
            "leave all apps",
            &[],
            |w| {
                w.add_app(true).await;
                w.facts(String::new()).await
            },
            |w, f| {
                let leaving = Leaving::default();
                let (by, held) = (client(), Some(sign_on(f)));
                let left = w.service.leave_apps(leaving, held, true, &by);
                none(left.await)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.accepts(f.access()).await),
                ("nobody is signed on", !w.is_signed_on(sign_on(f)).await),
            ])
        ),
    ]
}
