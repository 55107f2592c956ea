use super::*;

const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;
const TICKET_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn lookup(changes: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    |name| {
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
    }
}

fn read(changes: &[(&str, &str)]) -> Result<Settings, SettingError> {
    Settings::read(lookup(changes))
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

/// Settings with bad values. Each of them causes an error that names the setting.
const BAD: &[(&str, &str)] = &[
    ("ISSUER", ""),
    ("ISSUER", "auth.example.com"),
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
    ("AUDIENCE", "\"edgegate\""),
    ("CLIENT_ID", "two words"),
    // The first value is below OWASP's minimum, and the second needs more memory than a Worker has.
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
    // Without TURNSTILE_SECRET the service can't verify the token that the widget returns.
    ("TURNSTILE_SITE_KEY", "0x4AAAAAAA"),
    ("TURNSTILE_SECRET", ""),
    ("TURNSTILE_SECRET", " \n"),
    ("TURNSTILE_SECRET", "'0x4AAAAAAA'"),
    ("PEPPERS", "not a pepper"),
    ("PEPPERS", ""),
    ("PEPPERS", "1:AAECAwQFBgcICQoLDA0ODw"),
    ("FIREBASE_SIGNER_KEY", "not a key"),
    ("FIREBASE_SIGNER_KEY", ""),
    ("FIREBASE_SIGNER_KEY", "AAECAwQFBgcICQoLDA0ODw=="),
    ("IMPORTED_HASHES", "bcrypt"),
    ("IMPORTED_HASHES", "md5"),
    ("IMPORTED_HASHES", "$2b$14"),
    ("IMPORTED_HASHES", "$pbkdf2-sha256$100"),
    // Without FIREBASE_SIGNER_KEY a hash of this kind can't be computed.
    ("IMPORTED_HASHES", "$firescrypt$ln=14,r=8,p=1"),
    ("EXPORT_HASHES", "yes"),
    ("ACCESS_TOKEN_TTL", "0"),
    ("ACCESS_TOKEN_TTL", "86400"),
    ("ACCESS_TOKEN_TTL", "10m"),
    ("SESSION_TTL", "40000000"),
    ("SESSION_IDLE_TTL", "7776001"),
    ("REFRESH_GRACE", "-1"),
    ("ROTATE_AFTER", "89"),
    ("REUSE", "lenient"),
    ("SESSION_STORE", "redis"),
    ("COPIES_SINCE", "-1"),
    ("COPIES_SINCE", "2026-11-29"),
    ("COPIES_SINCE", "1767225600000"),
    ("PASSWORD_WORK", "worker"),
    ("PASSWORD_MIN_LENGTH", "7"),
    ("REGISTRATION", "invited"),
    ("APP_URL", ""),
    ("APP_URL", "http://app.example.com"),
    ("APP_URL", "https://app.example.com/"),
    ("APP_URL", "https://app.example.com/#a"),
    ("RESOURCES", "https://api.example.com"),
    ("RESOURCES", "[1]"),
    ("CLIENT_ID_METADATA", "yes"),
    ("ID_TOKEN_KEYS", ""),
    ("ID_TOKEN_KEYS", "{}"),
    ("ID_TOKEN_KEYS", r#"{"keys":[{"kty":"RSA","kid":"a"}]}"#),
    ("MAIL_PROVIDER", "smtp"),
    ("MAIL_PROVIDER", "outbox"),
    ("MAIL_API_KEY", ""),
    ("MAIL_API_KEY", "key-123\n"),
    ("MAIL_API_KEY", "\"key-123\""),
    ("MAIL_API_URL", "mail.example"),
    ("MAIL_FROM", "nobody"),
    ("MAIL_FROM", "Example login@example.com"),
    ("MAIL_FROM", "Example login@example.com>"),
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
];

#[test]
fn a_bad_setting_is_named() {
    for (setting, value) in BAD {
        let error = read(&[(setting, value)]).unwrap_err();
        assert_eq!(error.setting, *setting, "{setting}={value}: {error}");
        let faults = Settings::faults(lookup(&[(setting, value)]));
        assert_eq!(faults, [error], "{setting}={value}");
    }
}

/// An error shows the value as it was read, without the parts that could be a person's address or a
/// key.
#[test]
fn every_message_shows_the_value_unless_it_is_a_secret_and_a_remedy() {
    for (setting, value) in BAD {
        let error = read(&[(setting, value)]).unwrap_err();
        let text = error.to_string();
        let is_hidden = value.contains(['@', '?']);
        if is_secret(setting) {
            assert!(value.trim().is_empty() || !text.contains(value), "{text}");
        } else if is_hidden {
            assert!(error.problem.contains("…@"), "{text}");
            assert!(!error.problem.contains("login@"), "{text}");
        } else {
            // The list of origins can be long, so an error shows only the bad origin.
            let part = value.rsplit([' ']).next().unwrap();
            let shown = if *setting == "ALLOWED_ORIGINS" {
                part
            } else {
                value
            };
            let shown = format!("\"{}\"", shown.escape_debug());
            assert!(text.contains(&shown), "{shown}: {text}");
        }
        assert!(error.remedy.len() > 20, "{text}");
        assert!(error.place().contains(".dev.vars"), "{text}");
        assert!(text.ends_with(&error.place()), "{text}");
    }
    let names: std::collections::BTreeSet<_> = BAD.iter().map(|(setting, _)| *setting).collect();
    let all = names::all().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names, all, "every setting has a bad value above");
}

#[test]
fn all_faults_are_found_at_once() {
    let bad: Vec<_> = BAD
        .iter()
        .filter(|(setting, value)| {
            // These four settings are checked together with other settings, which have bad values
            // in this test.
            ![
                "LIMITS",
                "SESSION_IDLE_TTL",
                "ROTATE_AFTER",
                "ARGON2_MEMORY_KIB",
            ]
            .contains(setting)
                && !value.is_empty()
                && (*setting, *value) != ("MAIL_PROVIDER", "outbox")
        })
        .copied()
        .collect();
    let found: std::collections::BTreeSet<_> = Settings::faults(lookup(&bad))
        .into_iter()
        .map(|fault| fault.setting)
        .collect();
    assert_eq!(found, bad.iter().map(|(setting, _)| *setting).collect());

    let provider = [("MAIL_PROVIDER", "cloudflare")];
    let missing: Vec<_> = Settings::faults(lookup(&provider))
        .into_iter()
        .map(|fault| fault.setting)
        .collect();
    assert_eq!(missing, ["MAIL_API_KEY", "MAIL_API_URL", "MAIL_FROM"]);
    assert!(Settings::faults(lookup(&[])).is_empty());
}

/// Following a remedy must not destroy a secret that the operator might still have. So the remedy
/// tells the operator to look for a copy before making a new key.
#[test]
fn a_lost_secret_is_restored_before_a_new_one_is_made() {
    for (setting, value) in [
        ("SIGNING_KEYS", ""),
        ("SIGNING_KEYS", "{}"),
        ("TICKET_SECRET", ""),
        ("TICKET_SECRET", "c2hvcnQ"),
        ("PEPPERS", ""),
        ("PEPPERS", "not a pepper"),
        ("MAIL_API_KEY", ""),
        ("TURNSTILE_SECRET", ""),
        ("ID_TOKEN_KEYS", ""),
        ("ID_TOKEN_KEYS", "{}"),
    ] {
        let remedy = read(&[(setting, value)]).unwrap_err().remedy;
        assert!(remedy.starts_with("Restore "), "{setting}: {remedy}");
    }
    for missing in ["SIGNING_KEYS", "TICKET_SECRET"] {
        let without = |name: &str| (name != missing).then(|| lookup(&[])(name)).flatten();
        let error = Settings::read(without).unwrap_err();
        assert_eq!(error.problem, "is missing");
        assert!(error.remedy.starts_with("Restore "), "{error}");
    }
}

/// A client that is in use renews its session whenever its access token expires. Its refresh token
/// is rotated at the first renewal that is at least `ROTATE_AFTER` after the last rotation. Only a
/// rotation stores the time of the last use. So until the next rotation, this time can become as
/// old as the sum of three times: `ROTATE_AFTER`, the lifetime of an access token, and the delay of
/// a late renewal. The session must not expire as idle before that.
#[test]
fn a_client_in_use_does_not_go_idle() {
    for (access, rotate, idle, session, fits) in [
        // The other settings have their default values.
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
        // If a session's whole lifetime is not longer than its idle time, the session can't expire
        // as idle.
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
    // If SESSION_TTL is shorter than the default idle time, the idle time is SESSION_TTL.
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
fn a_message_shows_no_address_password_or_key() {
    for (value, shown) in [
        ("https://user:pa55@a.example", "\"https://…@a.example\""),
        ("https://a.example?key=pa55", "\"https://a.example?…\""),
        ("https://pa55@b@a.example", "\"https://…@…@a.example\""),
    ] {
        let error = read(&[("APP_URL", value)]).unwrap_err().to_string();
        assert!(!error.contains("pa55"), "{error}");
        assert!(error.contains(shown), "{error}");
    }
    let sender = [("MAIL_FROM", "Example word@example.com, other@example.com")];
    let error = read(&sender).unwrap_err().to_string();
    assert!(
        !error.contains("word@") && !error.contains("other@"),
        "{error}"
    );
}

#[test]
fn a_sender_that_is_not_an_address_is_explained() {
    let angle_brackets = "an address that follows a name must be between \"<\" and \">\"";
    for (value, why) in [
        ("example.com", "is not an email address"),
        ("Example login@example.com", angle_brackets),
        (
            "Example <example.com>",
            "what is between \"<\" and \">\" is not an email address",
        ),
    ] {
        let error = read(&[("MAIL_FROM", value)]).unwrap_err();
        assert!(error.problem.ends_with(why), "{error}");
    }
}

#[test]
fn a_switch_of_local_development_has_its_own_remedy() {
    let error = read(&[("DEV", "yes")]).unwrap_err();
    assert!(error.remedy.contains("on your own machine"), "{error}");
}

/// A binding is not a setting, so the message about a binding does not say where it is set.
#[test]
fn a_message_says_where_a_setting_is_set() {
    let message = |setting| {
        let problem = "is missing".to_owned();
        let remedy = "Add it.";
        SettingError {
            setting,
            problem,
            remedy,
        }
        .to_string()
    };
    assert_eq!(message("SESSIONS"), "SESSIONS is missing. Add it.");
    assert_eq!(
        message("DEV"),
        "DEV is missing. Add it. It is set in .dev.vars."
    );
    assert!(message("ISSUER").ends_with(" in .dev.vars."));
}

#[test]
fn a_contradiction_names_both_settings() {
    let error = read(&[("SESSION_TTL", "3600"), ("SESSION_IDLE_TTL", "2592000")]).unwrap_err();
    assert_eq!(
        error.problem,
        "is \"2592000\", but must be at most SESSION_TTL, which is 3600"
    );
    assert_eq!(error.setting, "SESSION_IDLE_TTL");
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
        ("ID_TOKEN_KEYS", secret.to_owned()),
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
