//! The whole life of a token: a user logs in, the token is checked, renewed and revoked. The
//! service runs with in-memory adapters, so the example needs no database.
//!
//! Run it with `cargo run --example token_life`.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::rc::Rc;

use edgegate::adapters::memory::{ManualClock, MemoryPorts, MemorySessions};
use edgegate::domain::mail::Locale;
use edgegate::domain::session::Client;
use edgegate::domain::settings::Settings;
use edgegate::service::{AuthService, Login, NewAccount, Shared};

fn main() -> Result<(), Box<dyn Error>> {
    // These secrets are for examples only. `npx edgegate keys make` makes secrets for a real
    // service.
    let settings = Settings::read(|name| {
        let value = match name {
            "ISSUER" => "https://auth.example.com",
            "SIGNING_KEYS" => {
                r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"example","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#
            }
            "REGISTRATION" => "open",
            "TICKET_SECRET" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            _ => return None,
        };
        Some(value.to_owned())
    })?;
    let ports = MemoryPorts::<MemorySessions, ManualClock>::default();
    let clock = ports.clock.clone();
    let service = AuthService::new(ports, Rc::new(Shared::new(settings)));
    pollster::block_on(live(&service, &clock))
}

async fn live(
    service: &AuthService<MemoryPorts>,
    clock: &ManualClock,
) -> Result<(), Box<dyn Error>> {
    let client = Client::new(Some("203.0.113.9"), Some("example/1"));
    let (email, password) = ("ada@example.com", "an analytical engine");
    let account = NewAccount {
        email,
        password: Some(password),
        first_name: Some("Ada"),
        last_name: None,
    };
    service.register(account, &client, Locale::English).await?;

    let login = Login { email, password };
    let signed_in = service.generate_token(login, &client).await?;
    let tokens = signed_in.tokens;
    let id = signed_in.user.id.to_string();
    println!("logged in; the access token lives {} s", tokens.expires_in);

    let access_token = tokens.access_token.expose();
    assert!(service.is_authorized_by_role(access_token, &["user"]).await);
    assert!(
        !service
            .is_authorized_by_role(access_token, &["admin"])
            .await
    );
    assert!(service.is_authorized_by_user_id(access_token, &id).await);
    // The account is new, and its owner has not verified the address yet.
    assert!(!service.is_authorized_by_email(access_token, email).await);
    println!("role: yes; another role: no; user id: yes; unverified address: no");

    clock.advance(600);
    assert!(!service.is_authorized_by_role(access_token, &["user"]).await);
    let renewed = service
        .renew_token(tokens.refresh_token.expose(), &client)
        .await?;
    println!(
        "the access token expired; renewed ({})",
        renewed.verdict.reason()
    );
    let access_token = renewed.tokens.access_token.expose();
    assert!(service.is_authorized_by_role(access_token, &["user"]).await);

    service.revoke_tokens(signed_in.user.id).await?;
    assert!(!service.is_authorized_by_role(access_token, &["user"]).await);
    let refused = service
        .renew_token(renewed.tokens.refresh_token.expose(), &client)
        .await;
    assert!(refused.is_err());
    println!("revoked: neither token counts any more");
    Ok(())
}
