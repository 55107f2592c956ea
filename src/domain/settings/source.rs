//! Settings read from their texts, each with its error and its remedy.

use super::SettingError;
use super::origin::is_origin;
use super::published::holds_published_key;
use crate::domain::account::{HashingCost, Peppers};
use crate::domain::policy;
use crate::domain::session::{Reuse, Rules};
use crate::domain::ticket::TicketSecrets;
use edgegate_token::KeySet;

/// Gives a setting's text by its name.
pub(super) struct Source<'a> {
    pub(super) lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl Source<'_> {
    pub(super) fn text(&self, setting: &str) -> Option<String> {
        (self.lookup)(setting).filter(|text| !text.is_empty())
    }

    pub(super) fn issuer(&self) -> Result<String, SettingError> {
        let remedy = "set it in wrangler.toml to the origin of this Worker, as \"https://auth.example.com\", \
                      without a path or a slash at the end";
        let error = |problem: &str| SettingError {
            setting: "ISSUER",
            problem: problem.to_owned(),
            remedy,
        };
        match self.text("ISSUER") {
            None => Err(error("is missing")),
            Some(issuer) if is_origin(&issuer) => Ok(issuer),
            Some(_) => Err(error(
                "is no origin as a browser writes it, in lower case, https or http on a loopback address",
            )),
        }
    }

    pub(super) fn name(&self, setting: &'static str) -> Result<String, SettingError> {
        let name = self.text(setting).unwrap_or_else(|| "edgegate".to_owned());
        if name.len() <= 255 && name.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(name)
        } else {
            Err(SettingError {
                setting,
                problem: "is not a name".to_owned(),
                remedy: "use 1 to 255 visible ASCII characters",
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
                    "is \"{text}\", not a whole number from {} to {}",
                    range.start(),
                    range.end()
                ),
                remedy: "set it in wrangler.toml, or remove it for the default",
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
                    "is \"{text}\"; this version knows {}",
                    choices
                        .iter()
                        .map(|(name, _)| format!("\"{name}\""))
                        .collect::<Vec<_>>()
                        .join(" and ")
                ),
                remedy: "set it in wrangler.toml, or remove it for the default",
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
                    "is {rotate_after}, less than REFRESH_GRACE and the 60 s of KV's staleness together ({least})"
                ),
                remedy: "raise it, or set it to 0 to rotate at every renewal",
            });
        }
        let idle_ttl = self.number(
            "SESSION_IDLE_TTL",
            policy::SESSION_IDLE_TTL.min(session_ttl),
            policy::MIN_SESSION_TTL..=session_ttl,
        )?;
        // A renewal that keeps its token writes nothing, so the last use on record is older than the last renewal.
        let least = rotate_after
            .saturating_add(access_token_ttl)
            .saturating_add(policy::RENEWAL_LATENESS);
        if idle_ttl < least && idle_ttl < session_ttl {
            return Err(SettingError {
                setting: "SESSION_IDLE_TTL",
                problem: format!(
                    "is {idle_ttl}, less than ROTATE_AFTER ({rotate_after}), ACCESS_TOKEN_TTL ({access_token_ttl}) and {} s for a late renewal together ({least}): clients in use would be signed out",
                    policy::RENEWAL_LATENESS
                ),
                remedy: "raise it, or lower ACCESS_TOKEN_TTL or ROTATE_AFTER",
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
            problem: "is too large".to_owned(),
            remedy: "lower it",
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
                "is {} with ARGON2_ITERATIONS {}, weaker than OWASP asks for",
                cost.memory_kib, cost.iterations
            ),
            remedy: "use at least 47104 with 1, 19456 with 2, 12288 with 3, 9216 with 4 or 7168 with 5, or remove both",
        })
    }

    pub(super) fn peppers(&self, issuer: &str) -> Result<Peppers, SettingError> {
        let error = |problem: String| SettingError {
            setting: "PEPPERS",
            problem,
            remedy: "make one with `npm run keys -- --pepper` and store it with `npx wrangler secret put PEPPERS`",
        };
        let text = self.text("PEPPERS").unwrap_or_default();
        if holds_published_key(&text, issuer) {
            return Err(error(PUBLISHED.to_owned()));
        }
        Peppers::parse(&text).map_err(|why| error(why.to_string()))
    }

    pub(super) fn signing_keys(&self, issuer: &str) -> Result<KeySet, SettingError> {
        let error = |problem: String| SettingError {
            setting: "SIGNING_KEYS",
            problem,
            remedy: "make a private JWK Set with `npm run keys` and store it with `npx wrangler secret put SIGNING_KEYS`",
        };
        let text = self
            .text("SIGNING_KEYS")
            .ok_or_else(|| error("is missing".to_owned()))?;
        if holds_published_key(&text, issuer) {
            return Err(error(PUBLISHED.to_owned()));
        }
        KeySet::from_private_jwks(&text).map_err(|why| error(format!("can't be used ({why})")))
    }

    pub(super) fn ticket_secrets(&self, issuer: &str) -> Result<TicketSecrets, SettingError> {
        let error = |problem: String| SettingError {
            setting: "TICKET_SECRET",
            problem,
            remedy: "make one with `npm run keys` and store it with `npx wrangler secret put TICKET_SECRET`",
        };
        let text = self
            .text("TICKET_SECRET")
            .ok_or_else(|| error("is missing".to_owned()))?;
        if holds_published_key(&text, issuer) {
            return Err(error(PUBLISHED.to_owned()));
        }
        TicketSecrets::parse(&text).map_err(|why| error(why.to_string()))
    }
}

const PUBLISHED: &str = "holds a key out of an example or a test, which everybody knows";
