//! The methods that other Workers call: their names, their JSON arguments and their answers.

use edgegate::domain::error::Code;
use edgegate::domain::mail::{Job, Locale};
use edgegate::edge::answer::Answer;
use edgegate::edge::rpc::call;
use edgegate::ports::SessionStore;

use crate::fixture::{ADA, PASSWORD, World, on_both};

async fn text<S: SessionStore>(world: &World<S>, method: &str, arguments: &str) -> String {
    answer(world, method, arguments)
        .await
        .body
        .unwrap()
        .into_owned()
}

async fn answer<S: SessionStore>(world: &World<S>, method: &str, arguments: &str) -> Answer {
    call(&world.service, method, arguments).await.unwrap()
}

async fn refused<S: SessionStore>(world: &World<S>, method: &str, arguments: &str) -> Code {
    call(&world.service, method, arguments)
        .await
        .unwrap_err()
        .code
}

fn member(json: &str, name: &str) -> String {
    let (_, rest) = json.split_once(&format!("\"{name}\":\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

on_both!(each_method_by_its_name, &[], world => {
    let signed_in = text(&world, "generate_token", &format!(
        r#"["{ADA}","{PASSWORD}",{{"ip":"203.0.113.9","user_agent":null}}]"#
    )).await;
    let (access, id) = (member(&signed_in, "access_token"), member(&signed_in, "id"));
    let refresh = member(&signed_in, "refresh_token");
    for (method, arguments, status) in [
        ("is_authorized_by_role", format!(r#"["{access}",["admin","user"]]"#), 200),
        ("is_authorized_by_role", format!(r#"["{access}",["admin"]]"#), 403),
        ("is_authorized_by_role", format!(r#"["{access}",[]]"#), 403),
        ("is_authorized_by_user_id", format!(r#"["{access}","{id}"]"#), 200),
        ("is_authorized_by_user_id", format!(r#"["{access}","{access}"]"#), 403),
        ("is_authorized_by_email", format!(r#"["{access}","ADA@example.com"]"#), 200),
        ("is_authorized_by_email", format!(r#"["{access}","root@example.com"]"#), 403),
        ("reset_password", format!(r#"["{ADA}"]"#), 204),
    ] {
        assert_eq!(answer(&world, method, &arguments).await.status, status, "{method}{arguments}");
    }
    let renewed = text(&world, "renew_token", &format!(r#"["{refresh}"]"#)).await;
    assert!(!renewed.contains("\"user\""));
    assert_eq!(answer(&world, "revoke_tokens", &format!(r#"["{id}"]"#)).await.status, 204);
    let again = member(&renewed, "refresh_token");
    assert_eq!(refused(&world, "renew_token", &format!(r#"["{again}"]"#)).await, Code::InvalidGrant);
    let roles = format!(r#"["{access}",["user"]]"#);
    assert_eq!(refused(&world, "is_authorized_by_role", &roles).await, Code::InvalidToken);
});

on_both!(invalid_arguments_are_rejected, &[], world => {
    for (method, arguments, code) in [
        ("generate_token", "", Code::InvalidRequest),
        ("generate_token", "{}", Code::InvalidRequest),
        ("generate_token", r#"["\ud800","x"]"#, Code::InvalidRequest),
        ("generate_token", "[]", Code::InvalidField),
        ("generate_token", r#"["a@b",null]"#, Code::InvalidField),
        ("generate_token", r#"[false,"x"]"#, Code::InvalidRequest),
        ("generate_token", r#"["a@b","x",false]"#, Code::InvalidRequest),
        ("generate_token", r#"["a@b","x",["ip"]]"#, Code::InvalidRequest),
        ("generate_token", r#"["a@b","x",{"ip":1}]"#, Code::InvalidRequest),
        ("generate_token", r#"["a@b","x",{"ip":"1.2.3.4:80"}]"#, Code::InvalidField),
        ("generate_token", r#"["a@b","x",{"userAgent":"x"}]"#, Code::InvalidRequest),
        ("revoke_tokens", r#"["7"]"#, Code::InvalidField),
        ("renew_token", r#"["egr_"]"#, Code::InvalidGrant),
        ("reset_password", r#"["nobody"]"#, Code::InvalidField),
        ("is_authorized_by_role", r#"["x","user"]"#, Code::InvalidRequest),
        ("is_authorized_by_role", r#"["x",["user",false]]"#, Code::InvalidRequest),
        ("is_authorized_by_role", r#"["x"]"#, Code::InvalidField),
        ("is_authorized", r#"["x","y"]"#, Code::NotFound),
    ] {
        assert_eq!(refused(&world, method, arguments).await, code, "{method}{arguments}");
    }
});

// The caller does not pass its client's address to the service, and a thief has a copy of each
// refresh token. If the owner and the thief use the same token, and the second use comes after the
// grace period, the session ends.
on_both!(without_a_client_a_stolen_refresh_token_is_noticed, &[], world => {
    for client in ["", ",null", r#",{"user_agent":"the same"}"#] {
        let login = text(&world, "generate_token", &format!(r#"["{ADA}","{PASSWORD}"{client}]"#)).await;
        let mut owner = member(&login, "refresh_token");
        let mut thief = owner.clone();
        let mut rounds = 0;
        let refused = loop {
            assert!(rounds < 3, "owner and thief go on beside each other");
            rounds += 1;
            for held in [&mut owner, &mut thief] {
                world.clock.advance(600);
                match call(&world.service, "renew_token", &format!(r#"["{held}"{client}]"#)).await {
                    Ok(answer) => *held = member(&answer.body.unwrap(), "refresh_token"),
                    Err(_) => break,
                }
            }
            if call(&world.service, "renew_token", &format!(r#"["{owner}"{client}]"#)).await.is_err() {
                break refused(&world, "renew_token", &format!(r#"["{thief}"{client}]"#)).await;
            }
        };
        assert_eq!(refused, Code::InvalidGrant);
    }
});

// A call by RPC does not say which language the user prefers.
on_both!(a_reset_by_rpc_is_in_mail_locale, &[("MAIL_LOCALE", "de")], world => {
    answer(&world, "reset_password", &format!(r#"["{ADA}"]"#)).await;
    let [job]: [Job; 1] = world.service.ports().mail_queue.take().try_into().unwrap();
    assert_eq!(job.locale, Locale::German);
});
