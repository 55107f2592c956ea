//! The names of all settings, and a check for names that misspell a setting.

use super::SettingError;
use super::source::shown;

/// The setting `DEV`. Only the file `.dev.vars` may set it.
pub(super) const DEV: &str = "DEV";

/// The settings that are stored with `wrangler secret put`. An error never shows their values.
const SECRETS: [&str; 7] = [
    "SIGNING_KEYS",
    "TICKET_SECRET",
    "MAIL_API_KEY",
    "TURNSTILE_SECRET",
    "PEPPERS",
    "FIREBASE_SIGNER_KEY",
    "ID_TOKEN_KEYS",
];

/// The settings that are set in wrangler.toml. `tests/options.rs` compares this list and
/// [`SECRETS`] with docs/options.md.
const VARIABLES: [&str; 32] = [
    "ISSUER",
    "AUDIENCE",
    "CLIENT_ID",
    "ACCESS_TOKEN_TTL",
    "SESSION_TTL",
    "SESSION_IDLE_TTL",
    "REFRESH_GRACE",
    "ROTATE_AFTER",
    "REUSE",
    "SESSION_STORE",
    "COPIES_SINCE",
    "PASSWORD_MIN_LENGTH",
    "PASSWORD_WORK",
    "ARGON2_MEMORY_KIB",
    "ARGON2_ITERATIONS",
    "IMPORTED_HASHES",
    "EXPORT_HASHES",
    "BREACHED_PASSWORDS",
    "REGISTRATION",
    "ALLOWED_ORIGINS",
    "APP_URL",
    "RESOURCES",
    "CLIENT_ID_METADATA",
    "TURNSTILE_URL",
    "TURNSTILE_SITE_KEY",
    "MAIL_PROVIDER",
    "MAIL_FROM",
    "MAIL_API_URL",
    "MAIL_BUDGET",
    "MAIL_LOCALE",
    "PRODUCT_NAME",
    "LIMITS",
];

/// The length of the longest variable name that is compared with the names of settings. A longer
/// name is not a misspelt setting.
const LONGEST: usize = 40;

pub(super) fn all() -> impl Iterator<Item = &'static str> {
    VARIABLES.into_iter().chain(SECRETS).chain([DEV])
}

pub(super) fn is_setting(name: &str) -> bool {
    all().any(|setting| setting == name)
}

/// Whether a setting is a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// The error about a variable whose name is a misspelt setting. Such a name has the same letters as
/// a setting, but in another case or with other separators. Or it has one wrong, missing,
/// additional or swapped letter (two in long names). `None` if the name is that of a setting, or is
/// not similar to any. Other names are allowed, because a Worker that extends this one has
/// variables of its own.
///
/// ```
/// use edgegate::domain::settings::misspelt;
///
/// let error = misspelt("ACCES_TOKEN_TTL").map(|error| error.setting);
/// assert_eq!(error, Some("ACCESS_TOKEN_TTL"));
/// assert!(misspelt("STRIPE_KEY").is_none());
/// ```
#[must_use]
pub fn misspelt(name: &str) -> Option<SettingError> {
    Some(SettingError {
        setting: meant(name)?,
        problem: format!("is misspelt as {}, so this value is not used", shown(name)),
        remedy: "Correct the name. If it is a variable of your own, give it a name that is less \
                 similar to a setting's.",
    })
}

fn meant(name: &str) -> Option<&'static str> {
    if is_setting(name) || name.len() > LONGEST {
        return None;
    }
    let given = letters(name);
    all()
        .map(|setting| (setting, letters(setting)))
        .map(|(setting, known)| {
            let allowed = match known.len() {
                ..5 => 0,
                5..12 => 1,
                _ => 2,
            };
            let further = known.len().abs_diff(given.len()) > allowed;
            let edits = if further {
                usize::MAX
            } else {
                strsim::osa_distance(&known, &given)
            };
            (edits, allowed, setting)
        })
        .filter(|(edits, allowed, _)| edits <= allowed)
        .min()
        .map(|(_, _, setting)| setting)
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_looks_like_a_misspelt_other_one() {
        for name in all() {
            assert_eq!(meant(name), None, "{name}");
        }
    }

    #[test]
    fn misspelt_names() {
        for (name, setting) in [
            ("ACCES_TOKEN_TTL", "ACCESS_TOKEN_TTL"),
            ("ACCESS_TOKEN_TLL", "ACCESS_TOKEN_TTL"),
            ("ACESS_TOKEN_TLL", "ACCESS_TOKEN_TTL"),
            ("ACCESS-TOKEN-TTL", "ACCESS_TOKEN_TTL"),
            ("accessTokenTtl", "ACCESS_TOKEN_TTL"),
            ("SESION_TTL", "SESSION_TTL"),
            ("SESSION_TTLS", "SESSION_TTL"),
            ("MAIL_FORM", "MAIL_FROM"),
            ("MAIL_APIKEY", "MAIL_API_KEY"),
            ("PEPPER", "PEPPERS"),
            ("ISSUR", "ISSUER"),
            ("ISSUER ", "ISSUER"),
            ("TICKET_SECRETS", "TICKET_SECRET"),
            ("SIGNING_KEY", "SIGNING_KEYS"),
            ("TURNSTYLE_SECRET", "TURNSTILE_SECRET"),
            ("ALLOWED_ORIGIN", "ALLOWED_ORIGINS"),
            ("Dev", "DEV"),
        ] {
            assert_eq!(meant(name), Some(setting), "{name}");
            let text = misspelt(name).unwrap().to_string();
            assert!(text.contains(name) && text.contains(setting), "{text}");
        }
    }

    #[test]
    fn variables_of_an_extended_worker_are_not_misspelt_settings() {
        for name in [
            "",
            "ENV",
            "DEBUG",
            "DEV1",
            "STRIPE_KEY",
            "MAIL_HOST",
            "MAIL_PORT",
            "APP_ENV",
            "APP_KEY",
            "APP_NAME",
            "SESSION_URL",
            "SESSIONS",
            "API_KEY",
            "DATABASE_URL",
            "CLIENT_SECRET",
            "MAILGUN_API_KEY",
            "LOG_LEVEL",
            "LIMITER",
            &"ISSUER".repeat(1_000),
        ] {
            assert_eq!(meant(name), None, "{name}");
        }
    }
}
