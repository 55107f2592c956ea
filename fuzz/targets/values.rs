//! Reads the small values in a request: ids, names, roles, languages and descriptions of clients.
//! If a parsed value is printed, the result must be the original text or a text that is parsed to
//! the same value. The parts of a client's description that are stored must not exceed their
//! maximum length.

use edgegate::domain::account::{Name, Password, Roles, UserId};
use edgegate::domain::mail::Locale;
use edgegate::domain::policy::{
    CITY_KEPT_CHARS, NAME_MAX_CHARS, PASSWORD_MAX_CHARS, ROLE_MAX_CHARS, ROLES_MAX,
    USER_AGENT_KEPT_CHARS,
};
use edgegate::domain::session::{Client, Place, SessionId};
use edgegate::edge::request::Request;
use edgegate_token::unicode::nfc;

pub fn run(input: &[u8]) {
    let Some(text) = super::text(input) else {
        return;
    };
    if let Some(id) = UserId::parse(text) {
        assert_eq!(id.to_string(), text);
        assert_eq!(UserId::from_bytes(*id.as_bytes()), Some(id));
    }
    if let Some(id) = SessionId::parse(text) {
        assert_eq!(id.to_string(), text);
        let _ = id.begun_at();
    }
    if let Ok(bytes) = <[u8; 16]>::try_from(input)
        && let Some(id) = UserId::from_bytes(bytes)
    {
        assert_eq!(UserId::parse(&id.to_string()), Some(id));
    }
    if let Ok(name) = Name::parse(text) {
        assert_eq!(
            Name::parse(name.as_str()).as_ref().map(Name::as_str),
            Ok(name.as_str())
        );
        assert!(name.as_str().chars().count() <= NAME_MAX_CHARS && !name.as_str().contains('\n'));
    }
    if let Ok(password) = Password::for_login(text) {
        let normal = std::str::from_utf8(password.as_bytes()).unwrap();
        assert!(normal.chars().count() <= PASSWORD_MAX_CHARS);
        let again = Password::for_login(normal).unwrap();
        assert_eq!(again.as_bytes(), password.as_bytes());
    }
    let roles = text.split(',').map(str::to_owned).collect();
    if let Ok(roles) = Roles::new(roles) {
        assert_eq!(
            Roles::new(roles.to_vec()).map(|again| again.to_vec()),
            Ok(roles.to_vec())
        );
        assert!(roles.to_vec().len() <= ROLES_MAX);
        assert!(
            roles
                .to_vec()
                .iter()
                .all(|role| (1..=ROLE_MAX_CHARS).contains(&role.chars().count()))
        );
    }
    if let Some(locale) = Locale::parse(text) {
        assert_eq!(Locale::parse(locale.tag()), Some(locale));
        // If an `Accept-Language` header names only this language, the service must choose it.
        for default in [Locale::English, Locale::German] {
            assert!(text.len() > 200 || Locale::negotiate(Some(text), default) == locale);
        }
    }
    let _ = Locale::negotiate(Some(text), Locale::German);

    let normal = nfc(text);
    assert_eq!(nfc(&normal), normal);

    let (ip, agent) = text.split_once('\n').unwrap_or((text, text));
    let client = Client::new(Some(ip), Some(agent)).at(Place::new(Some(ip), Some(agent)));
    assert!(client.user_agent().len() <= USER_AGENT_KEPT_CHARS);
    assert!(
        client
            .user_agent()
            .bytes()
            .all(|b| (b' '..=b'~').contains(&b))
    );
    assert!(
        client
            .place()
            .country
            .as_ref()
            .is_none_or(|country| country.len() == 2)
    );
    assert!(
        client
            .place()
            .city
            .as_ref()
            .is_none_or(|city| city.chars().count() <= CITY_KEPT_CHARS)
    );
    assert_eq!(
        client.has_address(),
        ip.trim().parse::<std::net::IpAddr>().is_ok()
    );
    assert!(client.network().len() <= 64 && client.limit_key().len() <= 512);

    let request = Request {
        authorization: Some(text),
        content_type: Some(text),
        ..Request::default()
    };
    if let Ok(token) = request.bearer() {
        assert!(!token.is_empty() && text.ends_with(token));
        assert!(text[..7].eq_ignore_ascii_case("bearer "));
    }
    if let Some(media) = request.media_type() {
        assert!(!media.contains(';') && media == media.trim());
    }
}
