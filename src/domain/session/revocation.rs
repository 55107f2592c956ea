//! Why a session ends, and what makes an access token invalid before it expires.

use serde::{Deserialize, Serialize};

use super::fence::UserCopy;
use crate::domain::policy::DELETED_VERSION;

/// Why a session ended. When a session ends, the session store records the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The session's owner logged out.
    LoggedOut,
    /// A refresh token that was already used was presented again: it was stolen or leaked.
    Reused,
    /// The session's owner ended it from another session.
    EndedByUser,
    /// The user began more sessions than the policy allows, and this session was the oldest.
    OverLimit,
    /// The same user signed in again in the same browser.
    Replaced,
    /// The session belongs to an app, and the user withdrew the app's access.
    GrantWithdrawn,
    /// The authorization code that the session began with was presented again: it was stolen or
    /// leaked.
    CodeReplayed,
}

impl EndReason {
    /// The stored form, `snake_case`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Reused => "reused",
            Self::EndedByUser => "ended_by_user",
            Self::OverLimit => "over_limit",
            Self::Replaced => "replaced",
            Self::GrantWithdrawn => "grant_withdrawn",
            Self::CodeReplayed => "code_replayed",
        }
    }

    /// Whether a browser's session that ends for this reason also ends its sign-on (the login that
    /// the apps in one browser share), and with the sign-on the sessions of the apps. The sign-on
    /// does not end if, for instance, the session was replaced or the user had too many sessions,
    /// because in these cases nobody has logged out.
    #[must_use]
    pub const fn ends_the_sign_on(self) -> bool {
        matches!(self, Self::LoggedOut | Self::Reused | Self::EndedByUser)
    }
}

/// The facts in a session store that make access tokens invalid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The session has ended, or it is an app's session whose sign-on (the login through which the
    /// user entered the app) has ended.
    pub ended: bool,
    /// Access tokens of the user are invalid if their claim `ver` is smaller than this number. The
    /// client must renew such a token.
    pub minimum_version: Option<u64>,
}

impl Revocation {
    /// The revocation for a session that has not ended. The user's database row decides which
    /// access tokens are valid. If the user is disabled or has no row, none of the user's access
    /// tokens is valid.
    #[must_use]
    pub fn by_row(row: Option<&UserCopy>) -> Self {
        let row = row.filter(|row| !row.disabled);
        Self {
            ended: false,
            minimum_version: Some(row.map_or(DELETED_VERSION, |row| row.version)),
        }
    }

    /// The revocation for a session that has ended. The user's row does not matter.
    #[must_use]
    pub const fn by_end() -> Self {
        Self {
            ended: true,
            minimum_version: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The session stores in Workers KV and in Durable Objects use the same names for the reasons.
    /// docs/storage.md lists the names.
    #[test]
    fn a_reason_is_stored_under_one_name() {
        for (reason, name) in [
            (EndReason::LoggedOut, "logged_out"),
            (EndReason::Reused, "reused"),
            (EndReason::EndedByUser, "ended_by_user"),
            (EndReason::OverLimit, "over_limit"),
            (EndReason::Replaced, "replaced"),
            (EndReason::GrantWithdrawn, "grant_withdrawn"),
            (EndReason::CodeReplayed, "code_replayed"),
        ] {
            assert_eq!(reason.as_str(), name);
            assert_eq!(serde_json::to_value(reason).unwrap(), name);
        }
    }

    #[test]
    fn the_row_decides_unless_the_session_has_ended() {
        let row = UserCopy {
            version: 4,
            epoch: 0,
            roles: vec![],
            email: "ada@example.com".to_owned(),
            email_canonical: "ada@example.com".to_owned(),
            email_verified: true,
            disabled: false,
        };
        let disabled = UserCopy {
            disabled: true,
            ..row.clone()
        };
        for (row, minimum) in [
            (Some(&row), 4),
            (Some(&disabled), DELETED_VERSION),
            (None, DELETED_VERSION),
        ] {
            let revocation = Revocation::by_row(row);
            assert!(!revocation.ended);
            assert_eq!(revocation.minimum_version, Some(minimum));
        }
        let ended = Revocation {
            ended: true,
            minimum_version: None,
        };
        assert_eq!(Revocation::by_end(), ended);
    }
}
