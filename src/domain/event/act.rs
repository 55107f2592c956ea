//! The catalogue.

use super::Pseudonym;
use crate::domain::account::{Roles, UserId};
use crate::domain::error::{LinkRefusal, LoginRefusal};
use crate::domain::session::{SessionId, Verdict};

/// What was done, or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// `signed_in`: a session has begun, by a password that was right or has just been chosen.
    SignedIn {
        /// Whose it is.
        user: UserId,
        /// The session.
        session: SessionId,
    },
    /// `sign_in_failed`.
    SignInFailed {
        /// Why.
        refusal: LoginRefusal,
        /// The account that was tried, if there is one.
        user: Option<UserId>,
        /// The address that was tried, if it is one.
        address: Option<Pseudonym>,
    },
    /// A genuine refresh token was presented: `renewed`, `renewal_refused`, or `token_reused` for a spent one that came back,
    /// which has ended its session.
    Renewal {
        /// Whose token it was.
        user: UserId,
        /// Of which session.
        session: SessionId,
        /// What was decided.
        verdict: Verdict,
    },
    /// `signed_out`: by one of the session's own tokens.
    SignedOut {
        /// Whose session it was.
        user: UserId,
        /// The session.
        session: SessionId,
    },
    /// `session_ended`: by its owner, out of the list.
    SessionEnded {
        /// Whose session it was.
        user: UserId,
        /// The session that has ended.
        session: SessionId,
    },
    /// `other_sessions_ended`: all of a user's but one.
    OtherSessionsEnded {
        /// Whose they were.
        user: UserId,
        /// The one that goes on.
        session: SessionId,
    },
    /// `sessions_revoked`: all of a user's.
    SessionsRevoked {
        /// Whose they were.
        user: UserId,
        /// The user or the administrator who did it; `None` for a Worker that is bound to this one.
        by: Option<UserId>,
    },
    /// `reset_requested`, for an account or for none: nobody has looked.
    ResetRequested {
        /// For which address.
        address: Pseudonym,
    },
    /// `password_reset`: chosen with a mailed link. Every session has ended.
    PasswordReset {
        /// Whose it is.
        user: UserId,
    },
    /// `password_changed`: chosen with the current one. Every session has ended.
    PasswordChanged {
        /// Whose it is.
        user: UserId,
        /// The session in which it was asked for.
        session: SessionId,
    },
    /// `password_check_failed`: someone who is signed in was asked for the current password.
    PasswordCheckFailed {
        /// Whose it is.
        user: UserId,
        /// The session in which it was asked for.
        session: SessionId,
    },
    /// `reauthenticated`: someone who is signed in has given the right password again.
    Reauthenticated {
        /// Whose it is.
        user: UserId,
        /// The session, which goes on.
        session: SessionId,
    },
    /// `registration_requested`, for an address that has an account or has none.
    RegistrationRequested {
        /// Which address.
        address: Pseudonym,
    },
    /// `registered`: an account is there, made by its owner.
    Registered {
        /// Whose it is.
        user: UserId,
        /// Its address.
        address: Pseudonym,
    },
    /// `verification_requested`: the mail was asked for once more.
    VerificationRequested {
        /// For which address.
        address: Pseudonym,
    },
    /// `email_verified`, of an account that was there.
    EmailVerified {
        /// Whose it is.
        user: UserId,
    },
    /// `email_change_requested`.
    EmailChangeRequested {
        /// Whose it is.
        user: UserId,
        /// The session in which it was asked for.
        session: SessionId,
        /// The address that is to be.
        address: Pseudonym,
    },
    /// `email_changed`.
    EmailChanged {
        /// Whose it is.
        user: UserId,
        /// The address from now on.
        address: Pseudonym,
    },
    /// `link_refused`: a mailed link of any kind.
    LinkRefused {
        /// Why.
        refusal: LinkRefusal,
        /// Whose account it is for, when it is genuine and for one.
        user: Option<UserId>,
    },
    /// `account_created`: by an administrator.
    AccountCreated {
        /// Whose it is.
        user: UserId,
        /// The administrator.
        by: UserId,
        /// Its address.
        address: Pseudonym,
    },
    /// `account_deleted`.
    AccountDeleted {
        /// Whose it was.
        user: UserId,
        /// The user or an administrator.
        by: UserId,
    },
    /// `roles_changed`.
    RolesChanged {
        /// Whose they are.
        user: UserId,
        /// The administrator.
        by: UserId,
        /// All of them from now on.
        roles: Roles,
    },
    /// `user_disabled`, which ends every session, or `user_enabled`.
    DisabledChanged {
        /// Who.
        user: UserId,
        /// The administrator.
        by: UserId,
        /// Which of the two.
        disabled: bool,
    },
    /// `access_denied`: a valid access token, for something that its user may not do.
    AccessDenied {
        /// Whose token it was.
        user: UserId,
        /// Of which session.
        session: SessionId,
    },
    /// `limit_hit`: too many tries.
    LimitHit {
        /// Which limit.
        limit: &'static str,
        /// Whose tries it counts.
        whose: Whose,
    },
    /// `vendor_unreachable`: what another service was to say could not be found out.
    VendorUnreachable {
        /// Which: `breached_passwords`, and the password was taken; `turnstile`, and a login went on, while anything else was refused.
        vendor: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// `mail_not_queued`: a mail that nobody waits for could not be queued; what it tells of has happened all the same.
    MailNotQueued {
        /// Which mail.
        mail: &'static str,
        /// What the platform said.
        reason: String,
    },
}

/// Whose tries a limit counts, beside the network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of the network alone, or on no account.
    Anybodys,
    /// Those at an address.
    Address(Pseudonym),
    /// Those on a user's links.
    User(UserId),
    /// Those in a session.
    Session(SessionId),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
    /// It went wrong.
    Failed,
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Act {
    /// Its stable name, `snake_case`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "signed_in",
            Self::SignInFailed { .. } => "sign_in_failed",
            Self::Renewal { verdict, .. } => match verdict {
                Verdict::Reused => "token_reused",
                verdict if goes_on(*verdict) => "renewed",
                _ => "renewal_refused",
            },
            Self::SignedOut { .. } => "signed_out",
            Self::SessionEnded { .. } => "session_ended",
            Self::OtherSessionsEnded { .. } => "other_sessions_ended",
            Self::SessionsRevoked { .. } => "sessions_revoked",
            Self::ResetRequested { .. } => "reset_requested",
            Self::PasswordReset { .. } => "password_reset",
            Self::PasswordChanged { .. } => "password_changed",
            Self::PasswordCheckFailed { .. } => "password_check_failed",
            Self::Reauthenticated { .. } => "reauthenticated",
            Self::RegistrationRequested { .. } => "registration_requested",
            Self::Registered { .. } => "registered",
            Self::VerificationRequested { .. } => "verification_requested",
            Self::EmailVerified { .. } => "email_verified",
            Self::EmailChangeRequested { .. } => "email_change_requested",
            Self::EmailChanged { .. } => "email_changed",
            Self::LinkRefused { .. } => "link_refused",
            Self::AccountCreated { .. } => "account_created",
            Self::AccountDeleted { .. } => "account_deleted",
            Self::RolesChanged { .. } => "roles_changed",
            Self::DisabledChanged { disabled: true, .. } => "user_disabled",
            Self::DisabledChanged { .. } => "user_enabled",
            Self::AccessDenied { .. } => "access_denied",
            Self::LimitHit { .. } => "limit_hit",
            Self::VendorUnreachable { .. } => "vendor_unreachable",
            Self::MailNotQueued { .. } => "mail_not_queued",
        }
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::SignInFailed { .. }
            | Self::PasswordCheckFailed { .. }
            | Self::LinkRefused { .. }
            | Self::AccessDenied { .. }
            | Self::LimitHit { .. } => Outcome::Refused,
            Self::Renewal { verdict, .. } if !goes_on(*verdict) => Outcome::Refused,
            Self::VendorUnreachable { .. } | Self::MailNotQueued { .. } => Outcome::Failed,
            _ => Outcome::Done,
        }
    }

    /// Why it was refused or failed, or by which verdict or limit; empty when its name says it.
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::SignInFailed { refusal, .. } => refusal.reason(),
            Self::Renewal { verdict, .. } => verdict.reason(),
            Self::LinkRefused { refusal, .. } => refusal.reason(),
            Self::LimitHit { limit, .. } => limit,
            Self::VendorUnreachable { reason, .. } | Self::MailNotQueued { reason, .. } => reason,
            _ => "",
        }
    }

    /// What its name leaves open: all roles from now on, or which mail.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::RolesChanged { roles, .. } => roles.to_vec().join(" "),
            Self::VendorUnreachable { vendor, .. } => (*vendor).to_owned(),
            Self::MailNotQueued { mail, .. } => (*mail).to_owned(),
            _ => String::new(),
        }
    }

    /// Whose account or session it is about.
    pub(super) fn user(&self) -> Option<UserId> {
        match self {
            Self::SignedIn { user, .. }
            | Self::Renewal { user, .. }
            | Self::SignedOut { user, .. }
            | Self::SessionEnded { user, .. }
            | Self::OtherSessionsEnded { user, .. }
            | Self::SessionsRevoked { user, .. }
            | Self::PasswordReset { user }
            | Self::PasswordChanged { user, .. }
            | Self::PasswordCheckFailed { user, .. }
            | Self::Reauthenticated { user, .. }
            | Self::Registered { user, .. }
            | Self::EmailVerified { user }
            | Self::EmailChangeRequested { user, .. }
            | Self::EmailChanged { user, .. }
            | Self::AccountCreated { user, .. }
            | Self::AccountDeleted { user, .. }
            | Self::RolesChanged { user, .. }
            | Self::DisabledChanged { user, .. }
            | Self::AccessDenied { user, .. }
            | Self::LimitHit {
                whose: Whose::User(user),
                ..
            } => Some(*user),
            Self::SignInFailed { user, .. } | Self::LinkRefused { user, .. } => *user,
            Self::ResetRequested { .. }
            | Self::RegistrationRequested { .. }
            | Self::VerificationRequested { .. }
            | Self::LimitHit { .. }
            | Self::VendorUnreachable { .. }
            | Self::MailNotQueued { .. } => None,
        }
    }

    /// The session that it is about, or in which it was asked for.
    pub(super) fn session(&self) -> Option<SessionId> {
        match self {
            Self::SignedIn { session, .. }
            | Self::Renewal { session, .. }
            | Self::SignedOut { session, .. }
            | Self::SessionEnded { session, .. }
            | Self::OtherSessionsEnded { session, .. }
            | Self::PasswordChanged { session, .. }
            | Self::PasswordCheckFailed { session, .. }
            | Self::Reauthenticated { session, .. }
            | Self::EmailChangeRequested { session, .. }
            | Self::AccessDenied { session, .. }
            | Self::LimitHit {
                whose: Whose::Session(session),
                ..
            } => Some(*session),
            _ => None,
        }
    }

    /// Who did it, where that may be another than the user.
    pub(super) fn by(&self) -> Option<UserId> {
        match self {
            Self::AccountCreated { by, .. }
            | Self::AccountDeleted { by, .. }
            | Self::RolesChanged { by, .. }
            | Self::DisabledChanged { by, .. } => Some(*by),
            Self::SessionsRevoked { by, .. } => *by,
            _ => None,
        }
    }

    /// The address that it is about.
    pub(super) fn address(&self) -> Option<Pseudonym> {
        match self {
            Self::ResetRequested { address }
            | Self::RegistrationRequested { address }
            | Self::VerificationRequested { address }
            | Self::Registered { address, .. }
            | Self::EmailChangeRequested { address, .. }
            | Self::EmailChanged { address, .. }
            | Self::AccountCreated { address, .. }
            | Self::LimitHit {
                whose: Whose::Address(address),
                ..
            } => Some(*address),
            Self::SignInFailed { address, .. } => *address,
            _ => None,
        }
    }
}

fn goes_on(verdict: Verdict) -> bool {
    verdict.moves_on() || matches!(verdict, Verdict::Kept | Verdict::Unseen(_))
}
