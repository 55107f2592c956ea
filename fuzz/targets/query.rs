//! Reads the queries of two routes. `/auth/authorized` may say that a token is authorized only if
//! the service knows all criteria in the query and the token meets all of them. The list of users
//! must accept each of its parameters at most once.

use edgegate::domain::account::EmailAddress;
use edgegate::edge::request::Request;

use super::body::decoded;
use super::request::send;
use super::world::{log_in, service};

pub fn run(input: &[u8]) {
    let Some(query) = super::text(input) else {
        return;
    };
    let service = service();
    let ada = log_in(&service, "ada@example.com");
    let root = log_in(&service, "root@example.com");
    let query = query.replace("{user}", &ada.user);
    let secrets = [ada.access.clone(), root.access.clone()];
    let get = |path: &'static str, token: &str| {
        let authorization = format!("Bearer {token}");
        let request = Request {
            method: "GET",
            path,
            query: &query,
            authorization: Some(&authorization),
            ..Request::default()
        };
        send(&service, &request, &secrets)
    };
    let pairs = decoded(query.as_bytes());
    let given = |name: &str| -> Vec<&str> {
        pairs
            .iter()
            .filter(|(of, _)| of == name)
            .map(|(_, value)| value.as_str())
            .collect()
    };

    let answer = get("/auth/authorized", &ada.access);
    assert!(
        matches!(answer.status, 200 | 400 | 403),
        "{}",
        answer.status
    );
    if answer.status != 400 {
        assert!(!pairs.is_empty());
        let known = |name: &str| ["role", "user_id", "email"].contains(&name);
        assert!(
            pairs
                .iter()
                .all(|(name, value)| known(name) && !value.is_empty())
        );
        let (roles, ids, emails) = (given("role"), given("user_id"), given("email"));
        let is_ada = |text: &str| {
            EmailAddress::parse(text).is_ok_and(|address| address.canonical() == "ada@example.com")
        };
        let holds = (roles.is_empty() || roles.contains(&"user"))
            && ids.iter().all(|id| *id == ada.user)
            && emails.iter().all(|email| is_ada(email));
        assert_eq!(answer.status == 200, holds, "{query}");
        assert!(ids.len() <= 1 && emails.len() <= 1);
    }

    let answer = get("/auth/users", &root.access);
    assert!(
        matches!(answer.status, 200 | 400 | 422),
        "{}",
        answer.status
    );
    if answer.status == 200 {
        for (name, _) in &pairs {
            let known = ["cursor", "limit", "email", "prefix"];
            assert!(known.contains(&name.as_str()), "{name}");
            assert_eq!(given(name).len(), 1, "{name} is there twice");
        }
        assert!(given("email").is_empty() || given("prefix").is_empty());
    }
    let refused = get("/auth/users", &ada.access);
    assert!(matches!(refused.status, 400 | 403), "{}", refused.status);
}
