//! The settings for optional services outside the Worker.

use super::SettingError;
use super::mail::is_base_url;
use super::source::{CHANGE_IT, Source, shown};
use super::url_fault::base_url_fault;
use crate::domain::secret::Secret;

/// The URL at which Cloudflare verifies the token of a challenge.
const SITEVERIFY: &str = "https://challenges.cloudflare.com/turnstile/v0/siteverify";

/// Which optional services are called. None by default.
#[derive(Clone, Debug, Default)]
pub struct VendorSettings {
    /// `BREACHED_PASSWORDS`: the URL of the range API in which new passwords are looked up, without
    /// a slash at the end.
    pub breached_passwords: Option<String>,
    /// `TURNSTILE_SECRET` and `TURNSTILE_URL`.
    pub turnstile: Option<Turnstile>,
    /// `TURNSTILE_SITE_KEY`: the key of the widget that the built-in pages show. The code of the
    /// pages (`src/edge/pages`) reads this setting.
    pub turnstile_site_key: Option<String>,
}

/// Cloudflare Turnstile.
#[derive(Clone, Debug)]
pub struct Turnstile {
    /// `TURNSTILE_SECRET`.
    pub secret: Secret,
    /// `TURNSTILE_URL`.
    pub url: String,
}

impl Source<'_> {
    pub(super) fn vendors(&self) -> Result<VendorSettings, SettingError> {
        let breached_passwords =
            self.note(self.base_url("BREACHED_PASSWORDS", "https://api.pwnedpasswords.com/range"));
        let url = self.note(self.base_url("TURNSTILE_URL", SITEVERIFY));
        let secret = self.note(self.turnstile_secret());
        let has_secret = matches!(&secret, Ok(Some(_)) | Err(_));
        let turnstile_site_key = self.note(self.turnstile_site_key(has_secret));
        let url = url?.unwrap_or_else(|| SITEVERIFY.to_owned());
        Ok(VendorSettings {
            breached_passwords: breached_passwords?,
            turnstile: secret?.map(|secret| Turnstile { secret, url }),
            turnstile_site_key: turnstile_site_key?,
        })
    }

    fn turnstile_secret(&self) -> Result<Option<Secret>, SettingError> {
        match self.text("TURNSTILE_SECRET")? {
            Some(secret) if !secret.bytes().all(|b| b.is_ascii_graphic()) => Err(SettingError {
                setting: "TURNSTILE_SECRET",
                problem: "contains a space, a line break or another character that no secret key \
                          has"
                .to_owned(),
                remedy: "Store the secret key of your Turnstile widget alone.",
            }),
            secret => Ok(secret.map(Secret::new)),
        }
    }

    /// Reads `TURNSTILE_SITE_KEY`. The HTML of the pages contains the key, so the key must not have
    /// characters that must be escaped in HTML.
    fn turnstile_site_key(&self, has_secret: bool) -> Result<Option<String>, SettingError> {
        let is_key = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
        let error = |key: &str, fault: &str| SettingError {
            setting: "TURNSTILE_SITE_KEY",
            problem: format!("is {}, {fault}", shown(key)),
            remedy: "Set it to the site key of your Turnstile widget, and store the secret key of \
                     the same widget as TURNSTILE_SECRET. Without the secret nobody checks what \
                     the widget says.",
        };
        match self.text("TURNSTILE_SITE_KEY")? {
            Some(key) if !key.bytes().all(is_key) => {
                Err(error(&key, "which has a character that no site key has"))
            }
            Some(key) if !has_secret => {
                Err(error(&key, "but the secret TURNSTILE_SECRET is missing"))
            }
            key => Ok(key),
        }
    }

    fn base_url(
        &self,
        setting: &'static str,
        example: &str,
    ) -> Result<Option<String>, SettingError> {
        let url = self.text(setting)?;
        match &url {
            Some(url) if !is_base_url(url) => Err(SettingError {
                setting,
                problem: format!(
                    "is {}, {}, such as in \"{example}\"",
                    shown(url),
                    base_url_fault(url)
                ),
                remedy: CHANGE_IT,
            }),
            _ => Ok(url),
        }
    }
}
