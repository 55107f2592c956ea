//! The error about a setting, which an operator reads.

use std::fmt;

use super::is_secret;
use super::names::{self, is_setting};

/// An error in the configuration, for the operator. A client can't cause this error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong with the setting. The text is the end of a sentence that begins with the
    /// setting's name, such as `is "10m", but must be …`.
    pub problem: String,
    /// How to correct the setting and why, in whole sentences. The text doesn't say where the value
    /// is set, because that depends on the program that reads the configuration. For a running
    /// Worker, [`place`](SettingError::place) says where.
    pub remedy: &'static str,
}

impl SettingError {
    /// One sentence that says where the setting of a running Worker is set. It is empty for a
    /// binding.
    #[must_use]
    pub fn place(&self) -> String {
        let setting = self.setting;
        if setting == names::DEV {
            "It is set in .dev.vars.".to_owned()
        } else if is_secret(setting) {
            format!(
                "It is a secret: `npx wrangler secret put {setting}` stores it, and on your own \
                 machine it is in .dev.vars."
            )
        } else if is_setting(setting) {
            "It is set under `vars` in wrangler.toml or wrangler.jsonc, or on your own machine in \
             .dev.vars."
                .to_owned()
        } else {
            String::new()
        }
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}. {}", self.setting, self.problem, self.remedy)?;
        match self.place() {
            place if place.is_empty() => Ok(()),
            place => write!(f, " {place}"),
        }
    }
}

impl std::error::Error for SettingError {}
