//! The settings of optional services outside the Worker.

use super::SettingError;
use super::mail::{NOT_A_BASE_URL, is_base_url};
use super::source::{CHANGE_IT, Source, shown};
use crate::domain::secret::Secret;

/// Where Cloudflare verifies the token of a challenge.
const SITEVERIFY: &str = "https://challenges.cloudflare.com/turnstile/v0/siteverify";

/// Which optional services are called; none by default.
#[derive(Clone, Debug, Default)]
pub struct VendorSettings {
    /// `BREACHED_PASSWORDS`: the range API that new passwords are looked up in, without a slash at
    /// the end.
    pub breached_passwords: Option<String>,
    /// `TURNSTILE_SECRET` and `TURNSTILE_URL`.
    pub turnstile: Option<Turnstile>,
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
            self.base_url("BREACHED_PASSWORDS", "https://api.pwnedpasswords.com/range")?;
        let url = self
            .base_url("TURNSTILE_URL", SITEVERIFY)?
            .unwrap_or_else(|| SITEVERIFY.to_owned());
        let turnstile = match self.text("TURNSTILE_SECRET") {
            None => None,
            Some(secret) if secret.bytes().all(|b| b.is_ascii_graphic()) => Some(Turnstile {
                secret: Secret::new(secret),
                url,
            }),
            Some(_) => {
                return Err(SettingError {
                    setting: "TURNSTILE_SECRET",
                    problem: "contains a space, a line break or another character that no secret \
                              key has"
                        .to_owned(),
                    remedy: "Store only the secret key of your Turnstile widget with `npx wrangler \
                             secret put TURNSTILE_SECRET`.",
                });
            }
        };
        Ok(VendorSettings {
            breached_passwords,
            turnstile,
        })
    }

    fn base_url(
        &self,
        setting: &'static str,
        example: &str,
    ) -> Result<Option<String>, SettingError> {
        let url = self.text(setting);
        match &url {
            Some(url) if !is_base_url(url) => Err(SettingError {
                setting,
                problem: format!("is {}, {NOT_A_BASE_URL}, such as \"{example}\"", shown(url)),
                remedy: CHANGE_IT,
            }),
            _ => Ok(url),
        }
    }
}
