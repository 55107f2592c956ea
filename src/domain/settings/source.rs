//! Reads each setting from its text, and says what is wrong with it and how to correct it.

use super::SettingError;
use super::origin::is_origin;
use super::published::holds_published_key;
use crate::domain::account::{HashingCost, Peppers};
use crate::domain::policy;
use crate::domain::session::{Reuse, Rules};
use crate::domain::ticket::TicketSecrets;
use edgegate_token::KeySet;

/// Where settings are read from.
pub(super) struct Source<'a> {
    /// Gives a setting's text by its name.
    pub(super) lookup: &'a dyn Fn(&str) -> Option<String>,
}

/// How an error shows a bad value. A value with `@` or `?` may hold a person's address, a password
/// or a key in a URL, so it is not shown. Never pass a secret.
pub(super) fn shown(value: &str) -> String {
    if value.contains(['@', '?']) {
        return "a value with \"@\" or \"?\" (not shown: it may hold an address or a key)"
            .to_owned();
    }
    let text = value.chars().take(SHOWN_CHARS);
    format!(
        "\"{}\"",
        text.flat_map(char::escape_default).collect::<String>()
    )
}

const SHOWN_CHARS: usize = 200;

impl Source<'_> {
    pub(super) fn text(&self, setting: &str) -> Option<String> {
        (self.lookup)(setting).filter(|text| !text.is_empty())
    }

    pub(super) fn issuer(&self) -> Result<String, SettingError> {
        let error = |problem: String| SettingError {
            setting: "ISSUER",
            problem,
            remedy: "Set it under [vars] in wrangler.toml to the origin of this Worker, such as \
                     \"https://auth.example.com\": https (http only on a loopback address), lower \
                     case, no path, no slash at the end. Every token names it as its issuer.",
        };
        match self.text("ISSUER") {
            None => Err(error("is missing".to_owned())),
            Some(issuer) if is_origin(&issuer) => Ok(issuer),
            Some(issuer) => Err(error(format!(
                "is {}, which is not an origin as a browser writes it",
                shown(&issuer)
            ))),
        }
    }

    pub(super) fn name(&self, setting: &'static str) -> Result<String, SettingError> {
        let name = self.text(setting).unwrap_or_else(|| "edgegate".to_owned());
        if name.len() <= 255 && name.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(name)
        } else {
            Err(SettingError {
                setting,
                problem: format!(
                    "is {}, but must be 1 to 255 visible ASCII characters without spaces",
                    shown(&name)
                ),
                remedy: "Change it under [vars] in wrangler.toml, or remove it to use the default, \
                         edgegate.",
            })
        }
    }

    pub(super) fn number(
        &self,
        setting: &'static str,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<u64, SettingError> {
        let Some(text) = self.text(setting) else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| SettingError {
                setting,
                problem: format!(
                    "is {}, but must be a whole number from {} to {}",
                    shown(&text),
                    range.start(),
                    range.end()
                ),
                remedy: CHANGE_IT,
            })
    }

    pub(super) fn choice<T: Copy>(
        &self,
        setting: &'static str,
        default: &str,
        choices: &[(&str, T)],
    ) -> Result<T, SettingError> {
        let text = self.text(setting).unwrap_or_else(|| default.to_owned());
        choices
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| SettingError {
                setting,
                problem: format!(
                    "is {}, but must be {}",
                    shown(&text),
                    choices
                        .iter()
                        .map(|(name, _)| format!("\"{name}\""))
                        .collect::<Vec<_>>()
                        .join(" or ")
                ),
                remedy: CHANGE_IT,
            })
    }

    pub(super) fn session_rules(&self, access_token_ttl: u64) -> Result<Rules, SettingError> {
        let session_ttl = self.number(
            "SESSION_TTL",
            policy::SESSION_TTL,
            policy::MIN_SESSION_TTL..=policy::MAX_SESSION_TTL,
        )?;
        let grace = self.number(
            "REFRESH_GRACE",
            policy::REFRESH_GRACE,
            0..=policy::MAX_REFRESH_GRACE,
        )?;
        let rotate_after = self.number(
            "ROTATE_AFTER",
            policy::ROTATE_AFTER,
            0..=policy::MAX_ROTATE_AFTER,
        )?;
        let least = grace.saturating_add(policy::KV_STALENESS);
        if rotate_after != 0 && rotate_after < least {
            return Err(SettingError {
                setting: "ROTATE_AFTER",
                problem: format!(
                    "is {rotate_after}, but must be 0 or at least {least}: REFRESH_GRACE ({grace}) \
                     plus {} s in which Workers KV may serve old data",
                    policy::KV_STALENESS
                ),
                remedy: "Raise it in wrangler.toml, or set it to 0 to rotate at every renewal: with \
                         less, a page that loads in another tab could look like a thief.",
            });
        }
        let idle_ttl = self.number(
            "SESSION_IDLE_TTL",
            policy::SESSION_IDLE_TTL.min(session_ttl),
            policy::MIN_SESSION_TTL..=session_ttl,
        )?;
        // A renewal that keeps its token writes nothing, so the recorded last use is older than the
        // last renewal.
        let least = rotate_after
            .saturating_add(access_token_ttl)
            .saturating_add(policy::RENEWAL_LATENESS);
        if idle_ttl < least && idle_ttl < session_ttl {
            return Err(SettingError {
                setting: "SESSION_IDLE_TTL",
                problem: format!(
                    "is {idle_ttl}, but must be SESSION_TTL ({session_ttl}) or at least {least}: \
                     ROTATE_AFTER ({rotate_after}) plus ACCESS_TOKEN_TTL ({access_token_ttl}) plus \
                     {} s for a late renewal",
                    policy::RENEWAL_LATENESS
                ),
                remedy: "Raise it in wrangler.toml, or lower ACCESS_TOKEN_TTL or ROTATE_AFTER: with \
                         less, clients in use would be signed out.",
            });
        }
        Ok(Rules {
            grace,
            rotate_after,
            reuse: self.choice(
                "REUSE",
                "same_client",
                &[
                    ("same_client", Reuse::SameClient),
                    ("strict", Reuse::Strict),
                ],
            )?,
            session_ttl,
            idle_ttl,
        })
    }

    pub(super) fn password_min_length(&self) -> Result<usize, SettingError> {
        let default = policy::PASSWORD_MIN_LENGTH as u64;
        let floor = policy::PASSWORD_MIN_LENGTH_FLOOR as u64;
        let ceiling = policy::PASSWORD_MAX_CHARS as u64;
        let length = self.number("PASSWORD_MIN_LENGTH", default, floor..=ceiling)?;
        usize::try_from(length).map_err(|_| SettingError {
            setting: "PASSWORD_MIN_LENGTH",
            problem: format!("is {length}, which is too large"),
            remedy: CHANGE_IT,
        })
    }

    pub(super) fn hashing_cost(&self) -> Result<HashingCost, SettingError> {
        let number = |setting, default: u32, most: u32| {
            self.number(setting, u64::from(default), 1..=u64::from(most))
                .map(|number| u32::try_from(number).unwrap_or(most))
        };
        let cost = HashingCost {
            memory_kib: number(
                "ARGON2_MEMORY_KIB",
                policy::ARGON2_MEMORY_KIB,
                policy::ARGON2_MAX_MEMORY_KIB,
            )?,
            iterations: number(
                "ARGON2_ITERATIONS",
                policy::ARGON2_ITERATIONS,
                policy::ARGON2_MAX_ITERATIONS,
            )?,
        };
        if cost.is_enough() {
            return Ok(cost);
        }
        Err(SettingError {
            setting: "ARGON2_MEMORY_KIB",
            problem: format!(
                "is {} and ARGON2_ITERATIONS is {}, which is weaker than OWASP recommends",
                cost.memory_kib, cost.iterations
            ),
            remedy: "Remove both from wrangler.toml to use the defaults. Or set them to at least \
                     47104 KiB with 1 iteration, 19456 with 2, 12288 with 3, 9216 with 4 or 7168 \
                     with 5.",
        })
    }

    pub(super) fn peppers(&self, issuer: &str) -> Result<Peppers, SettingError> {
        let error = |problem: String, remedy| SettingError {
            setting: "PEPPERS",
            problem,
            remedy,
        };
        let text = self.text("PEPPERS").unwrap_or_default();
        if holds_published_key(&text, issuer) {
            return Err(error(
                PUBLISHED.to_owned(),
                "Generate a key with `npm run keys -- --pepper` and store it with `npx wrangler \
                 secret put PEPPERS`.",
            ));
        }
        Peppers::parse(&text).map_err(|why| {
            error(
                why.to_string(),
                "Correct it and store it again with `npx wrangler secret put PEPPERS`. Keep every \
                 key that was in it: a password that was hashed with a lost key can't be verified.",
            )
        })
    }

    pub(super) fn signing_keys(&self, issuer: &str) -> Result<KeySet, SettingError> {
        const GENERATE: &str = "Generate a private JWK Set with `npm run keys` and store it with \
                                `npx wrangler secret put SIGNING_KEYS`.";
        let error = |problem: String, remedy| SettingError {
            setting: "SIGNING_KEYS",
            problem,
            remedy,
        };
        let text = self
            .text("SIGNING_KEYS")
            .ok_or_else(|| error("is missing".to_owned(), GENERATE))?;
        if holds_published_key(&text, issuer) {
            return Err(error(PUBLISHED.to_owned(), GENERATE));
        }
        KeySet::from_private_jwks(&text).map_err(|why| {
            error(
                format!("is not a usable private JWK Set ({why})"),
                "Correct it and store it again with `npx wrangler secret put SIGNING_KEYS`. Or \
                 store a new one from `npm run keys`: access tokens that an old key signed are \
                 then rejected, and clients renew them.",
            )
        })
    }

    pub(super) fn ticket_secrets(&self, issuer: &str) -> Result<TicketSecrets, SettingError> {
        const GENERATE: &str = "Generate one with `npm run keys` and store it with `npx wrangler \
                                secret put TICKET_SECRET`.";
        let error = |problem: String, remedy| SettingError {
            setting: "TICKET_SECRET",
            problem,
            remedy,
        };
        let text = self
            .text("TICKET_SECRET")
            .ok_or_else(|| error("is missing".to_owned(), GENERATE))?;
        if holds_published_key(&text, issuer) {
            return Err(error(PUBLISHED.to_owned(), GENERATE));
        }
        TicketSecrets::parse(&text).map_err(|why| {
            error(
                why.to_string(),
                "Correct it and store it again with `npx wrangler secret put TICKET_SECRET`. A new \
                 one from `npm run keys` works too, but signs everyone out and voids mailed links.",
            )
        })
    }
}

pub(super) const CHANGE_IT: &str =
    "Change it under [vars] in wrangler.toml, or remove it to use the default.";
const PUBLISHED: &str = "contains a key that is published in an example or a test, so anyone can \
                         use it";
