use super::*;

const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;
const TICKET_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn read(changes: &[(&str, &str)]) -> Result<Settings, SettingError> {
    Settings::read(|name| {
        changes
            .iter()
            .find(|(changed, _)| *changed == name)
            .map(|(_, value)| (*value).to_owned())
            .or_else(|| match name {
                "ISSUER" => Some("https://auth.example.com".to_owned()),
                "SIGNING_KEYS" => Some(KEYS.to_owned()),
                "TICKET_SECRET" => Some(TICKET_SECRET.to_owned()),
                _ => None,
            })
    })
}

#[test]
fn defaults_are_those_of_the_policy() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.access_token_ttl, 600);
    assert_eq!(settings.sessions.session_ttl, 90 * 86_400);
    assert_eq!(settings.sessions.idle_ttl, 30 * 86_400);
    assert_eq!(settings.sessions.grace, 30);
    assert_eq!(settings.sessions.rotate_after, 90);
    assert_eq!(settings.session_store, SessionStoreKind::Kv);
    assert_eq!(settings.password_work, PasswordWork::Inline);
    assert_eq!(settings.passwords.min_length, 15);
    assert_eq!(settings.hashing, HashingCost::default());
    assert_eq!(settings.peppers, Peppers::default());
    assert!(settings.vendors.breached_passwords.is_none());
    assert!(settings.vendors.turnstile.is_none());
    assert_eq!(settings.registration, Registration::Verified);
    assert_eq!(settings.app_url, "https://auth.example.com");
    assert_eq!(settings.mail.route, MailRoute::None);
    assert_eq!(settings.mail.budget, 1000);
    assert!(settings.limits && !settings.dev);
}

#[test]
fn a_bad_setting_is_named() {
    for (setting, value) in [
        ("ISSUER", ""),
        ("ISSUER", "http://auth.example.com"),
        ("ISSUER", "https://auth.example.com/"),
        ("ISSUER", "https://Auth.example.com"),
        ("ISSUER", "https://user@auth.example.com"),
        ("ISSUER", "http://127.0.0.1.evil.example"),
        ("ISSUER", "https://auth.example.com:443"),
        ("ISSUER", "https://auth.example.com:x"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "null"),
        ("ALLOWED_ORIGINS", "https://app.example.com/"),
        ("ALLOWED_ORIGINS", "http://app.example.com"),
        (
            "ALLOWED_ORIGINS",
            "https://app.example.com;https://b.example",
        ),
        (
            "ALLOWED_ORIGINS",
            "https://app.example.com https://*.example.com",
        ),
        ("AUDIENCE", "two words"),
        // Below OWASP's least, and above a Worker's memory.
        ("ARGON2_MEMORY_KIB", "19455"),
        ("ARGON2_MEMORY_KIB", "65537"),
        ("ARGON2_MEMORY_KIB", "7167"),
        ("ARGON2_ITERATIONS", "11"),
        ("ARGON2_ITERATIONS", "0"),
        ("BREACHED_PASSWORDS", "api.pwnedpasswords.com"),
        ("BREACHED_PASSWORDS", "http://api.pwnedpasswords.com/range"),
        (
            "BREACHED_PASSWORDS",
            "https://api.pwnedpasswords.com/range/",
        ),
        ("TURNSTILE_URL", "siteverify"),
        ("TURNSTILE_SECRET", "two words"),
        ("TURNSTILE_SITE_KEY", "two words"),
        // Without TURNSTILE_SECRET nobody checks what the widget says.
        ("TURNSTILE_SITE_KEY", "0x4AAAAAAA"),
        ("PEPPERS", "not a pepper"),
        ("PEPPERS", "1:AAECAwQFBgcICQoLDA0ODw"),
        ("ACCESS_TOKEN_TTL", "0"),
        ("ACCESS_TOKEN_TTL", "86400"),
        ("ACCESS_TOKEN_TTL", "10m"),
        ("SESSION_TTL", "40000000"),
        ("SESSION_IDLE_TTL", "7776001"),
        ("REFRESH_GRACE", "-1"),
        ("ROTATE_AFTER", "89"),
        ("REUSE", "lenient"),
        ("SESSION_STORE", "redis"),
        ("PASSWORD_WORK", "worker"),
        ("PASSWORD_MIN_LENGTH", "7"),
        ("REGISTRATION", "invited"),
        ("APP_URL", "http://app.example.com"),
        ("APP_URL", "https://app.example.com/"),
        ("APP_URL", "https://app.example.com/#a"),
        ("MAIL_PROVIDER", "smtp"),
        ("MAIL_PROVIDER", "outbox"),
        ("MAIL_BUDGET", "0"),
        ("MAIL_LOCALE", "fr"),
        ("PRODUCT_NAME", "two\nlines"),
        ("LIMITS", "off"),
        ("LIMITS", "none"),
        ("DEV", "true"),
        ("SIGNING_KEYS", ""),
        ("SIGNING_KEYS", "{}"),
        (
            "SIGNING_KEYS",
            r#"{"keys":[{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        ),
        ("TICKET_SECRET", ""),
        ("TICKET_SECRET", "c2hvcnQ"),
    ] {
        let error = read(&[(setting, value)]).unwrap_err();
        assert_eq!(error.setting, setting, "{setting}={value}: {error}");
    }
}

/// A client in use rotates its refresh token at the first renewal that comes at least
/// `ROTATE_AFTER` after the last rotation. At that renewal the recorded last use may be as old as
/// `ROTATE_AFTER`, an access token's lifetime and a late renewal together. The session must not
/// have expired as idle by then.
#[test]
fn a_client_in_use_does_not_go_idle() {
    for (access, rotate, idle, session, fits) in [
        // The other settings have their defaults.
        ("600", "90", "809", "7776000", false),
        ("600", "90", "810", "7776000", true),
        ("3600", "90", "3809", "7776000", false),
        ("3600", "90", "3810", "7776000", true),
        ("600", "3600", "4319", "7776000", false),
        ("600", "3600", "4320", "7776000", true),
        ("3600", "3600", "7319", "7776000", false),
        ("3600", "3600", "7320", "7776000", true),
        ("600", "0", "719", "7776000", false),
        ("600", "0", "720", "7776000", true),
        ("180", "0", "300", "7776000", true),
        ("181", "0", "300", "7776000", false),
        // What lives no longer than its idle time can't go idle.
        ("600", "90", "300", "300", true),
        ("600", "90", "809", "809", true),
        ("600", "90", "809", "810", false),
    ] {
        let given = [
            ("ACCESS_TOKEN_TTL", access),
            ("ROTATE_AFTER", rotate),
            ("SESSION_IDLE_TTL", idle),
            ("SESSION_TTL", session),
        ];
        match read(&given) {
            Ok(_) => assert!(fits, "{given:?}"),
            Err(error) => {
                assert!(!fits, "{given:?}: {error}");
                assert_eq!(error.setting, "SESSION_IDLE_TTL");
                let text = error.to_string();
                for part in ["ACCESS_TOKEN_TTL", "ROTATE_AFTER", access, rotate, idle] {
                    assert!(text.contains(part), "{part}: {text}");
                }
            }
        }
    }
    // By default it is SESSION_TTL where that is less.
    assert!(read(&[("SESSION_TTL", "300")]).is_ok());
}

#[test]
fn origins_are_separated_by_commas_or_spaces() {
    assert!(read(&[]).unwrap().allowed_origins.is_empty());
    let text = "https://a.example, https://b.example:8443 http://localhost:5173,";
    let origins = [
        "https://a.example",
        "https://b.example:8443",
        "http://localhost:5173",
    ];
    let settings = read(&[("ALLOWED_ORIGINS", text)]).unwrap();
    assert_eq!(settings.allowed_origins, origins);
    let alone = |text: &str| {
        let text = text.to_owned();
        Settings::read_allowed_origins(move |name| {
            (name == "ALLOWED_ORIGINS").then(|| text.clone())
        })
    };
    assert_eq!(alone(text), origins);
    assert!(alone("https://a.example *").is_empty());
}

#[test]
fn an_error_shows_the_bad_value_and_where_to_change_it() {
    for (setting, value) in [
        ("ISSUER", "https://auth.example.com/"),
        ("ALLOWED_ORIGINS", "*"),
        ("AUDIENCE", "two words"),
        ("ACCESS_TOKEN_TTL", "10m"),
        ("SESSION_STORE", "redis"),
        ("APP_URL", "http://app.example.com"),
        ("MAIL_API_URL", "ftp://mail.example"),
        ("BREACHED_PASSWORDS", "api.pwnedpasswords.com"),
        ("TURNSTILE_URL", "siteverify"),
    ] {
        let error = read(&[(setting, value)]).unwrap_err().to_string();
        let shown = format!(
            "{setting} {} \"{value}\"",
            match setting {
                "ALLOWED_ORIGINS" => "contains",
                _ => "is",
            }
        );
        assert!(error.starts_with(&shown), "{error}");
        assert!(error.contains("wrangler.toml"), "{error}");
    }
    let line = read(&[("PRODUCT_NAME", "two\nlines")]).unwrap_err();
    assert!(
        line.to_string()
            .starts_with("PRODUCT_NAME is \"two\\nlines\"")
    );
    for value in ["https://user:word@a.example", "https://a.example?key=word"] {
        let error = read(&[("APP_URL", value)]).unwrap_err().to_string();
        assert!(!error.contains("word"), "{error}");
    }
}

#[test]
fn no_secret_in_an_error_or_in_debug() {
    let secret = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY";
    for (setting, value) in [
        ("SIGNING_KEYS", secret.to_owned()),
        ("TICKET_SECRET", format!("{secret}=")),
        ("PEPPERS", secret.to_owned()),
        ("MAIL_API_KEY", format!("{secret}\n")),
        ("TURNSTILE_SECRET", format!("{secret}\n")),
    ] {
        let error = read(&[(setting, &value)]).unwrap_err();
        assert_eq!(error.setting, setting);
        assert!(!error.to_string().contains(secret), "{error}");
    }
    let settings = format!("{:?}", read(&[]).unwrap());
    assert!(
        !settings.contains(KEYS.split('"').nth(17).unwrap()),
        "{settings}"
    );
    assert!(!settings.contains("AAECAw"), "{settings}");
}

#[test]
fn development_takes_a_loopback_issuer_and_dev() {
    let loopback = ("ISSUER", "http://127.0.0.1:8787");
    assert!(read(&[loopback, ("DEV", "1")]).unwrap().dev);
    assert!(!read(&[loopback]).unwrap().dev);
    assert!(!read(&[("DEV", "1")]).unwrap().dev);
    assert!(
        !read(&[loopback, ("DEV", "1"), ("LIMITS", "off")])
            .unwrap()
            .limits
    );
    assert_eq!(
        read(&[loopback, ("LIMITS", "off")]).unwrap_err().setting,
        "LIMITS"
    );
}

#[test]
fn loopback_hosts() {
    for host in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
        assert!(is_loopback_host(host), "{host}");
    }
    for host in [
        "",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "0.0.0.0",
        "10.0.0.1",
        "2130706433",
    ] {
        assert!(!is_loopback_host(host), "{host}");
    }
}
