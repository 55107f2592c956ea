//! Reads each setting from its text. If the text is bad, the error says what is wrong and how to
//! correct it.

use std::cell::RefCell;

use super::SettingError;
use super::names::{self, is_secret};
use super::origin::is_origin;
use super::published::holds_published_key;
use super::url_fault::origin_fault;
use crate::domain::account::{ForeignHash, ForeignHashing, HashingCost, Peppers};
use crate::domain::policy;
use crate::domain::session::{Reuse, Rules};
use crate::domain::ticket::TicketSecrets;
use edgegate_token::KeySet;

/// The source from which settings are read. It collects the errors about them.
pub(super) struct Source<'a> {
    /// Returns the text of the setting with this name.
    lookup: &'a dyn Fn(&str) -> Option<String>,
    faults: RefCell<Vec<SettingError>>,
}

/// A bad value in the form in which an error shows it. The text before an `@` or after a `?` could
/// be a person's address, a password or a key, so it is replaced by `…`. Never pass the value of a
/// secret.
pub(super) fn shown(value: &str) -> String {
    let (value, query) = match value.split_once('?') {
        Some((before, _)) => (before, "?…"),
        None => (value, ""),
    };
    let mut parts = value.split('@').rev();
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.rfind([' ', '<', ',', '/']);
        let kept = end.and_then(|end| part.get(..=end)).unwrap_or_default();
        text = format!("{kept}…@{text}");
    }
    let text: String = text.chars().take(SHOWN_CHARS).collect();
    format!("\"{}{query}\"", text.escape_debug())
}

const SHOWN_CHARS: usize = 200;

impl<'a> Source<'a> {
    pub(super) const fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            faults: RefCell::new(Vec::new()),
        }
    }

    /// If the setting could not be read, notes the error. Returns `read` unchanged.
    pub(super) fn note<T>(&self, read: Result<T, SettingError>) -> Result<T, SettingError> {
        if let Err(fault) = &read {
            self.faults.borrow_mut().push(fault.clone());
        }
        read
    }

    pub(super) fn into_faults(self) -> Vec<SettingError> {
        self.faults.into_inner()
    }

    /// A setting's text.
    ///
    /// # Errors
    /// When the text is empty, because it is unclear whether the operator wanted to switch the
    /// setting off. Also when the text is in quotation marks, which a shell or a file of variables
    /// should have removed.
    pub(super) fn text(&self, setting: &'static str) -> Result<Option<String>, SettingError> {
        let Some(text) = (self.lookup)(setting) else {
            return Ok(None);
        };
        let trimmed = text.trim();
        let error = |problem: &str, remedy| {
            Err(SettingError {
                setting,
                problem: problem.to_owned(),
                remedy,
            })
        };
        if trimmed.is_empty() {
            return error(
                if text.is_empty() {
                    "is \"\", which is empty"
                } else {
                    "is empty: it has only spaces or line breaks"
                },
                if is_secret(setting) {
                    "Restore its value from your copy. If this service never had one, remove the \
                     empty value: an empty secret would be silently ignored."
                } else {
                    "Give it a value, or remove it: an empty value would be silently ignored."
                },
            );
        }
        let is_quoted = ['"', '\''].iter().any(|mark| {
            trimmed
                .strip_prefix(*mark)
                .is_some_and(|rest| rest.ends_with(*mark))
        });
        if is_quoted {
            return error(
                &if is_secret(setting) {
                    "begins and ends with a quotation mark".to_owned()
                } else {
                    format!(
                        "is {}, which begins and ends with a quotation mark",
                        shown(&text)
                    )
                },
                "Remove the quotation marks around the value: they would be part of it.",
            );
        }
        Ok(Some(text))
    }

    pub(super) fn is_set(&self, setting: &str) -> bool {
        (self.lookup)(setting).is_some()
    }

    pub(super) fn issuer(&self) -> Result<String, SettingError> {
        let error = |problem: String| SettingError {
            setting: "ISSUER",
            problem,
            remedy: "Set it to the origin of this Worker, such as \"https://auth.example.com\". \
                     Every token names it as its issuer.",
        };
        match self.text("ISSUER")? {
            None => Err(error("is missing".to_owned())),
            Some(issuer) if is_origin(&issuer) => Ok(issuer),
            Some(issuer) => Err(error(format!(
                "is {}, {}",
                shown(&issuer),
                origin_fault(&issuer)
            ))),
        }
    }

    pub(super) fn dev(&self) -> Result<bool, SettingError> {
        self.choice(names::DEV, "0", &[("0", false), ("1", true)])
            .map_err(|error| SettingError {
                remedy: "Change it to \"1\" on your own machine, or remove it: only local \
                         development needs it.",
                ..error
            })
    }

    pub(super) fn limits(&self, dev: bool) -> Result<bool, SettingError> {
        let limits = self.choice("LIMITS", "on", &[("on", true), ("off", false)])?;
        if limits || dev {
            return Ok(limits);
        }
        Err(SettingError {
            setting: "LIMITS",
            problem: "is \"off\" outside local development".to_owned(),
            remedy: "Set it to \"on\" or remove it: without limits anyone may guess passwords at any \
                     rate.",
        })
    }

    pub(super) fn name(&self, setting: &'static str) -> Result<String, SettingError> {
        let name = self.text(setting)?.unwrap_or_else(|| "edgegate".to_owned());
        if name.len() <= 255 && name.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(name)
        } else {
            Err(SettingError {
                setting,
                problem: format!(
                    "is {}, but must be 1 to 255 visible ASCII characters without spaces",
                    shown(&name)
                ),
                remedy: "Change it, or remove it to use the default, edgegate.",
            })
        }
    }

    pub(super) fn number(
        &self,
        setting: &'static str,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<u64, SettingError> {
        let Some(text) = self.text(setting)? else {
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
        let text = self.text(setting)?.unwrap_or_else(|| default.to_owned());
        choices
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                not_a_choice(setting, &text, &names)
            })
    }

    pub(super) fn session_rules(&self, access_token_ttl: u64) -> Result<Rules, SettingError> {
        let session_ttl = self.note(self.number(
            "SESSION_TTL",
            policy::SESSION_TTL,
            policy::MIN_SESSION_TTL..=policy::MAX_SESSION_TTL,
        ));
        let grace = self.note(self.number(
            "REFRESH_GRACE",
            policy::REFRESH_GRACE,
            0..=policy::MAX_REFRESH_GRACE,
        ));
        let rotate_after = self.note(self.number(
            "ROTATE_AFTER",
            policy::ROTATE_AFTER,
            0..=policy::MAX_ROTATE_AFTER,
        ));
        let idle_ttl = self.note(self.number(
            "SESSION_IDLE_TTL",
            policy::SESSION_IDLE_TTL.min(*session_ttl.as_ref().unwrap_or(&u64::MAX)),
            policy::MIN_SESSION_TTL..=policy::MAX_SESSION_TTL,
        ));
        let reuse = self.note(self.choice(
            "REUSE",
            "same_client",
            &[
                ("same_client", Reuse::SameClient),
                ("strict", Reuse::Strict),
            ],
        ));
        let rules = Rules {
            grace: grace?,
            rotate_after: rotate_after?,
            reuse: reuse?,
            session_ttl: session_ttl?,
            idle_ttl: idle_ttl?,
        };
        self.note(times_agree(&rules, access_token_ttl))?;
        Ok(rules)
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
        let memory_kib = self.note(number(
            "ARGON2_MEMORY_KIB",
            policy::ARGON2_MEMORY_KIB,
            policy::ARGON2_MAX_MEMORY_KIB,
        ));
        let iterations = self.note(number(
            "ARGON2_ITERATIONS",
            policy::ARGON2_ITERATIONS,
            policy::ARGON2_MAX_ITERATIONS,
        ));
        let cost = HashingCost {
            memory_kib: memory_kib?,
            iterations: iterations?,
        };
        if cost.is_enough() {
            return Ok(cost);
        }
        self.note(Err(SettingError {
            setting: "ARGON2_MEMORY_KIB",
            problem: format!(
                "is \"{}\" and ARGON2_ITERATIONS is \"{}\", which is weaker than OWASP recommends",
                cost.memory_kib, cost.iterations
            ),
            remedy: "Remove both to use the defaults. Or set them to at least 47104 KiB with 1 \
                     iteration, 19456 with 2, 12288 with 3, 9216 with 4 or 7168 with 5.",
        }))
    }

    pub(super) fn peppers(&self, issuer: &str) -> Result<Peppers, SettingError> {
        let error = |problem: String, remedy| SettingError {
            setting: "PEPPERS",
            problem,
            remedy,
        };
        let text = self.text("PEPPERS")?.unwrap_or_default();
        if holds_published_key(&text, issuer) {
            return Err(error(
                PUBLISHED.to_owned(),
                "Keep a copy of it, then replace it by a key from `npx edgegate keys make \
                 --pepper`. If passwords were hashed with it, their owners must reset them.",
            ));
        }
        Peppers::parse(&text).map_err(|why| {
            error(
                why.to_string(),
                "Restore your copy, or correct what was pasted wrongly. Keep every key that was in \
                 it: a password that was hashed with a lost key can't be verified.",
            )
        })
    }

    pub(super) fn foreign_hashing(&self) -> Result<ForeignHashing, SettingError> {
        let with_key = self.note(self.signer_key());
        let before = with_key
            .as_ref()
            .map_or_else(|_| ForeignHashing::default(), Clone::clone);
        let hashing = self.note(self.imported_hashes(before));
        with_key.and(hashing)
    }

    fn signer_key(&self) -> Result<ForeignHashing, SettingError> {
        let hashing = ForeignHashing::default();
        match self.text("FIREBASE_SIGNER_KEY")? {
            None => Ok(hashing),
            Some(text) => hashing.with_signer_key(&text).ok_or_else(|| SettingError {
                setting: "FIREBASE_SIGNER_KEY",
                problem: "is not 32 to 128 bytes in base64".to_owned(),
                remedy: "Store the value of base64_signer_key from \"Password hash parameters\" in \
                         the Firebase console, alone.",
            }),
        }
    }

    fn imported_hashes(&self, hashing: ForeignHashing) -> Result<ForeignHashing, SettingError> {
        let Some(text) = self.text("IMPORTED_HASHES")? else {
            return Ok(hashing);
        };
        let error = |fault: &str| SettingError {
            setting: "IMPORTED_HASHES",
            problem: format!("is {}, {fault}", shown(&text)),
            remedy: "Set it to what the imported hashes begin with, up to their salt, such as \
                     \"$2b$10\" or \"$pbkdf2-sha256$600000\". Or remove it.",
        };
        let hashing = hashing
            .with_usual(&text)
            .map_err(|why| error(why.parameters_fault()))?;
        let is_firebase = hashing.usual().is_some_and(ForeignHash::is_firebase);
        if is_firebase && hashing.signer_key().is_none() {
            return Err(error("but FIREBASE_SIGNER_KEY is missing"));
        }
        Ok(hashing)
    }

    pub(super) fn signing_keys(&self, issuer: &str) -> Result<KeySet, SettingError> {
        const GENERATE: &str = "Restore your copy. If this service never had one, generate a \
                                private JWK Set with `npx edgegate keys make`.";
        let error = |problem: String, remedy| SettingError {
            setting: "SIGNING_KEYS",
            problem,
            remedy,
        };
        let text = self
            .text("SIGNING_KEYS")?
            .ok_or_else(|| error("is missing".to_owned(), GENERATE))?;
        if holds_published_key(&text, issuer) {
            return Err(error(
                PUBLISHED.to_owned(),
                "Replace it by a new private JWK Set from `npx edgegate keys make`. Access tokens \
                 that the published key signed are then rejected, and clients renew them.",
            ));
        }
        KeySet::from_private_jwks(&text).map_err(|why| {
            error(
                format!("is not a usable private JWK Set ({why})"),
                "Restore your copy, or correct what was pasted wrongly. Only if there is no copy, \
                 use a new one from `npx edgegate keys make`: access tokens that an old key signed \
                 are then rejected, and clients renew them.",
            )
        })
    }

    pub(super) fn ticket_secrets(&self, issuer: &str) -> Result<TicketSecrets, SettingError> {
        const GENERATE: &str = "Restore your copy: another secret signs everyone out and voids \
                                mailed links. If this service never had one, generate it with \
                                `npx edgegate keys make`.";
        let error = |problem: String, remedy| SettingError {
            setting: "TICKET_SECRET",
            problem,
            remedy,
        };
        let text = self
            .text("TICKET_SECRET")?
            .ok_or_else(|| error("is missing".to_owned(), GENERATE))?;
        if holds_published_key(&text, issuer) {
            return Err(error(
                PUBLISHED.to_owned(),
                "Replace it by one from `npx edgegate keys make`. That signs everyone out and \
                 voids mailed links, and it must: with the published secret anyone can make both.",
            ));
        }
        TicketSecrets::parse(&text).map_err(|why| {
            error(
                why.to_string(),
                "Restore your copy, or correct what was pasted wrongly. Only if there is no copy, \
                 use a new one from `npx edgegate keys make`: it signs everyone out and voids \
                 mailed links.",
            )
        })
    }
}

// With a valid configuration, this function is never called. It is separate, so that the first
// request of an isolate doesn't have to compile it.
#[cold]
#[inline(never)]
fn not_a_choice(setting: &'static str, text: &str, names: &[&str]) -> SettingError {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    SettingError {
        setting,
        problem: format!("is {}, but must be {}", shown(text), quoted.join(" or ")),
        remedy: CHANGE_IT,
    }
}

pub(super) const CHANGE_IT: &str = "Change it, or remove it to use the default.";
pub(super) const PUBLISHED: &str = "contains a key that is published in an example or a test, so anyone can \
                         use it";

/// Checks that the lifetimes of sessions and tokens fit together.
fn times_agree(rules: &Rules, access_token_ttl: u64) -> Result<(), SettingError> {
    let Rules {
        grace,
        rotate_after,
        session_ttl,
        idle_ttl,
        ..
    } = *rules;
    let least = grace.saturating_add(policy::KV_STALENESS);
    if rotate_after != 0 && rotate_after < least {
        return Err(SettingError {
            setting: "ROTATE_AFTER",
            problem: format!(
                "is \"{rotate_after}\", but must be 0 or at least {least}: REFRESH_GRACE ({grace}) \
                 plus {} s in which Workers KV may serve old data",
                policy::KV_STALENESS
            ),
            remedy: "Raise it, or set it to 0 to rotate at every renewal: with less, a page that \
                     loads in another tab could look like a thief.",
        });
    }
    if idle_ttl > session_ttl {
        return Err(SettingError {
            setting: "SESSION_IDLE_TTL",
            problem: format!(
                "is \"{idle_ttl}\", but must be at most SESSION_TTL, which is {session_ttl}"
            ),
            remedy: "Lower SESSION_IDLE_TTL, remove it, or raise SESSION_TTL: a session can't be \
                     idle for longer than it lasts.",
        });
    }
    // A renewal that does not rotate the token writes nothing. So it is possible that the stored
    // time of the last use is earlier than the last renewal.
    let least = rotate_after
        .saturating_add(access_token_ttl)
        .saturating_add(policy::RENEWAL_LATENESS);
    if idle_ttl < least && idle_ttl < session_ttl {
        return Err(SettingError {
            setting: "SESSION_IDLE_TTL",
            problem: format!(
                "is \"{idle_ttl}\", but must be SESSION_TTL ({session_ttl}) or at least {least}: \
                 ROTATE_AFTER ({rotate_after}) plus ACCESS_TOKEN_TTL ({access_token_ttl}) plus {} s \
                 for a late renewal",
                policy::RENEWAL_LATENESS
            ),
            remedy: "Raise it, or lower ACCESS_TOKEN_TTL or ROTATE_AFTER: with less, clients in use \
                     would be signed out.",
        });
    }
    Ok(())
}
