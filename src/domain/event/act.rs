//! The catalogue of events.

use super::{Actor, Pseudonym};
use crate::domain::account::{Roles, UserId};
use crate::domain::authorization::{ClientId, ExchangeRefusal, SecretId};
use crate::domain::error::{ClientRefusal, LinkRefusal, LoginRefusal};
use crate::domain::log_line::Level;
use crate::domain::mail::{FailureKind, ProviderFailures};
use crate::domain::operator::{OperatorId, Scope};
use crate::domain::session::{SessionId, Verdict};

/// What was done or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// `signed_in`: a session began, because somebody entered the right password or chose a new
    /// password.
    SignedIn {
        /// Whose session it is.
        user: UserId,
        session: SessionId,
    },
    /// `sign_in_failed`: a login was refused.
    SignInFailed {
        /// Why the login was refused.
        refusal: LoginRefusal,
        /// The account that was tried, if there is one.
        user: Option<UserId>,
        /// The address that was tried, if the typed text is an address.
        address: Option<Pseudonym>,
    },
    /// A genuine refresh token was presented. The event is `renewed`, `renewal_refused`, or
    /// `token_reused` if the token had already been used. When a token is used again, its session
    /// ends.
    Renewal {
        /// Whose token it was.
        user: UserId,
        /// The session of the token.
        session: SessionId,
        /// What was decided.
        verdict: Verdict,
    },
    /// `signed_out`: one of the session's own tokens was used to log out.
    SignedOut {
        /// Whose session it was.
        user: UserId,
        session: SessionId,
    },
    /// `session_replaced`: the same user signed in again in the same browser, so a new session
    /// replaced the old one.
    SessionReplaced {
        /// Whose session it was.
        user: UserId,
        /// The session that ended.
        session: SessionId,
    },
    /// `code_issued`: the service issued an authorization code, which an app can exchange for
    /// tokens of the user.
    CodeIssued {
        /// Whose tokens the app may get.
        user: UserId,
        /// The browser's session.
        session: SessionId,
        /// The app's `client_id`.
        client: String,
    },
    /// `authorization_denied`: the user refused to give an app the access that it asked for.
    AuthorizationDenied {
        /// The user who refused.
        user: UserId,
        /// The browser's session.
        session: SessionId,
        /// The app's `client_id`.
        client: String,
    },
    /// `app_signed_in`: an app exchanged a code, and its session began.
    AppSignedIn {
        /// Whose session it is.
        user: UserId,
        /// The app's session.
        session: SessionId,
        /// The app's `client_id`.
        client: String,
    },
    /// `code_refused`: an app presented a genuine code, but the code can't be exchanged for tokens.
    CodeRefused {
        /// The user who had signed in.
        user: UserId,
        /// The app's `client_id`.
        client: String,
        /// Why the exchange was refused.
        refusal: ExchangeRefusal,
    },
    /// `code_replayed`: a used code was presented again, with the right verifier, redirect URI and
    /// client. The session that the code began has ended.
    CodeReplayed {
        /// Whose session it was.
        user: UserId,
        /// The app's session.
        session: SessionId,
        /// The app's `client_id`.
        client: String,
    },
    /// `client_refused`: a request names an app, but does not prove that the app sent it.
    ClientRefused {
        /// The app's `client_id`.
        client: String,
        /// Why the request was refused.
        refusal: ClientRefusal,
    },
    /// `client_document_refused`: the service did not accept the metadata document of an app that
    /// is not registered, so nobody can sign in to the app.
    ClientDocumentRefused {
        /// The app's `client_id`, which is the URL of the document.
        client: String,
        /// Why the document was not accepted.
        reason: &'static str,
    },
    /// `session_ended`: somebody picked one session from the list of sessions and ended it.
    SessionEnded {
        /// Whose session it was.
        user: UserId,
        /// The session that ended.
        session: SessionId,
        /// The administrator or operator who did it. `None` for the owner.
        by: Option<Actor>,
    },
    /// `other_sessions_ended`: all sessions of a user except one were ended.
    OtherSessionsEnded {
        /// Whose sessions they were.
        user: UserId,
        /// The session that continues.
        session: SessionId,
    },
    /// `sessions_revoked`: all sessions of a user were ended.
    SessionsRevoked {
        /// Whose sessions they were.
        user: UserId,
        /// Who did it. `None` for a Worker that called by RPC.
        by: Option<Actor>,
    },
    /// `reset_requested`: somebody asked for a link to choose a new password. The service does not
    /// look up whether the address has an account.
    ResetRequested {
        /// The address that was typed.
        address: Pseudonym,
    },
    /// `password_reset`: somebody chose a new password with a mailed link. Every session of the
    /// account ended.
    PasswordReset {
        /// Whose account it is.
        user: UserId,
    },
    /// `password_changed`: somebody who entered the current password chose a new password. Every
    /// session of the account ended.
    PasswordChanged {
        /// Whose account it is.
        user: UserId,
        /// The session that requested it.
        session: SessionId,
    },
    /// `password_check_failed`: somebody who is signed in entered a wrong current password.
    PasswordCheckFailed {
        /// Whose account it is.
        user: UserId,
        /// The session in which it was entered.
        session: SessionId,
        /// Why the password was not accepted.
        refusal: LoginRefusal,
    },
    /// `reauthenticated`: somebody who is signed in entered the right password again.
    Reauthenticated {
        /// Whose session it is.
        user: UserId,
        /// The session, which continues.
        session: SessionId,
    },
    /// `registration_requested`: somebody asked to register an address. It is possible that the
    /// address already has an account.
    RegistrationRequested {
        /// The address that was typed.
        address: Pseudonym,
    },
    /// `registered`: the owner of an address created an account for it.
    Registered {
        /// Whose account it is.
        user: UserId,
        /// The account's address.
        address: Pseudonym,
    },
    /// `verification_requested`: somebody asked again for the mail that verifies an address.
    VerificationRequested {
        /// The address that was typed.
        address: Pseudonym,
    },
    /// `email_verified`: the address of an existing account was verified.
    EmailVerified {
        /// Whose account it is.
        user: UserId,
        /// The operator who stated that the address is the user's. `None` if the owner used a
        /// mailed link.
        by: Option<Actor>,
    },
    /// `email_change_requested`: a user asked to change the address of the account.
    EmailChangeRequested {
        /// Whose account it is.
        user: UserId,
        /// The session that requested it.
        session: SessionId,
        /// The new address.
        address: Pseudonym,
    },
    /// `email_changed`: the owner confirmed the new address.
    EmailChanged {
        /// Whose account it is.
        user: UserId,
        /// The new address.
        address: Pseudonym,
    },
    /// `link_refused`: a mailed link of any kind was refused.
    LinkRefused {
        /// Why the link was refused.
        refusal: LinkRefusal,
        /// The account of the link, if the link is genuine and for an account.
        user: Option<UserId>,
    },
    /// `account_created`: an administrator or an operator created an account.
    AccountCreated {
        /// Whose account it is.
        user: UserId,
        /// Who created it.
        by: Actor,
        /// The account's address.
        address: Pseudonym,
    },
    /// `accounts_imported`: the service processed one request that imports accounts.
    AccountsImported {
        /// The administrator or the operator.
        by: Actor,
        /// The number of lines that were imported, the number of lines that had been imported
        /// before, and the number of lines that were refused.
        counts: [usize; 3],
    },
    /// `accounts_exported`: the service returned one page of an export of accounts.
    AccountsExported {
        /// The administrator or the operator.
        by: Actor,
        /// How many accounts.
        count: usize,
        /// Whether the export contained their password hashes.
        with_password_hashes: bool,
    },
    /// `account_deleted`.
    AccountDeleted {
        /// Whose account it was.
        user: UserId,
        /// Who deleted it: the user, an administrator or an operator.
        by: Actor,
    },
    /// `roles_changed`.
    RolesChanged {
        /// Whose account it is.
        user: UserId,
        /// The administrator or operator.
        by: Actor,
        /// All roles after the change.
        roles: Roles,
    },
    /// `user_disabled`, which also ends every session of the user, or `user_enabled`.
    DisabledChanged {
        /// Whose account it is.
        user: UserId,
        /// The administrator or operator.
        by: Actor,
        /// True for `user_disabled`.
        disabled: bool,
    },
    /// `invited`: an administrator or operator asked the service to mail an invitation again.
    Invited {
        /// Whose account it is.
        user: UserId,
        /// The administrator or operator.
        by: Actor,
    },
    /// `link_returned`: the service gave the link of an invitation to an operator, instead of
    /// mailing it to the owner.
    LinkReturned {
        /// Whose account it is.
        user: UserId,
        /// The operator.
        by: Actor,
    },
    /// `user_unlocked`: an administrator or operator made the service forget the failed attempts at
    /// the account's password.
    Unlocked {
        /// Whose account it is.
        user: UserId,
        /// The administrator or operator.
        by: Actor,
    },
    /// `mail_retried`: an operator asked to send mails again.
    MailRetried {
        /// The operator.
        by: Actor,
        /// How many mails.
        mails: u64,
    },
    /// `mail_dropped`: an operator deleted mails that could not be sent.
    MailDropped {
        /// The operator.
        by: Actor,
        /// How many mails.
        mails: u64,
    },
    /// `counters_raised`: after a restore of the database, an operator raised the counters of
    /// accounts. Every session of these accounts ended.
    CountersRaised {
        /// The operator.
        by: Actor,
        /// How many accounts.
        accounts: u64,
    },
    /// `client_created`, `client_changed`, `client_disabled`, `client_enabled`, `client_deleted`,
    /// `client_secret_added` or `client_secret_deleted`: an app or its secrets changed.
    ClientManaged {
        /// The app.
        client: ClientId,
        /// The administrator or operator.
        by: Actor,
        /// What was done.
        what: ClientAct,
    },
    /// `grant_withdrawn`: a user withdrew an app's access. The app's sessions for this user end.
    GrantWithdrawn {
        user: UserId,
        /// The session that requested it.
        session: SessionId,
        /// The app.
        client: ClientId,
    },
    /// `operator_denied`: the operator ticket was valid, but its scope does not allow the request.
    OperatorDenied {
        /// The operator who has this ticket, by the name that the log uses.
        by: OperatorId,
        /// The scope that the ticket lacks.
        scope: Scope,
    },
    /// `access_denied`: the access token was valid, but its user may not make the request.
    AccessDenied {
        /// Whose token it was.
        user: UserId,
        /// The session of the token.
        session: SessionId,
    },
    /// `limit_hit`: a request was rejected, because there were too many attempts.
    LimitHit {
        limit: &'static str,
        /// Whose attempts the limit counts.
        whose: Whose,
    },
    /// `vendor_unreachable`: a service of another vendor did not answer, or its answer was
    /// unusable.
    VendorUnreachable {
        /// The service that failed. If it is `breached_passwords`, the password was accepted
        /// without the check. If it is `turnstile`, logins continue without the challenge, and
        /// other requests are refused.
        vendor: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// `mail_kept`: a mail could not be put into the queue, so it was stored in the database. The
    /// cron job will send it.
    MailKept {
        mail: &'static str,
        /// The platform's own description of the failure.
        reason: String,
    },
    /// `mail_refused`: the mail provider rejects the service's account. `mail_outage`: the provider
    /// accepts no mail. The event is recorded when the failure begins, and again by each run of the
    /// cron as long as the failure lasts.
    ProviderFails(ProviderFailures),
    /// `mail_not_queued`: a mail about a change could not be put into the queue. The change itself
    /// was made.
    MailNotQueued {
        mail: &'static str,
        /// The platform's own description of the failure.
        reason: String,
    },
}

/// What was done with an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAct {
    /// The app was registered.
    Created,
    /// Fields of the app were changed.
    Changed,
    /// The app was disabled. Other fields could have been changed by the same request.
    Disabled,
    /// The app was enabled again. Other fields could have been changed by the same request.
    Enabled,
    Deleted,
    /// This secret was added to the app.
    SecretAdded(SecretId),
    /// This secret of the app was deleted.
    SecretDeleted(SecretId),
}

impl ClientAct {
    const fn name(self) -> &'static str {
        match self {
            Self::Created => "client_created",
            Self::Changed => "client_changed",
            Self::Disabled => "client_disabled",
            Self::Enabled => "client_enabled",
            Self::Deleted => "client_deleted",
            Self::SecretAdded(_) => "client_secret_added",
            Self::SecretDeleted(_) => "client_secret_deleted",
        }
    }

    const fn secret(self) -> Option<SecretId> {
        match self {
            Self::SecretAdded(id) | Self::SecretDeleted(id) => Some(id),
            _ => None,
        }
    }
}

/// Whose attempts a limit counts, in addition to the attempts of the requester's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Only the attempts of the network are counted, or the attempt names no account.
    Anybodys,
    /// Attempts for an address.
    Address(Pseudonym),
    /// Attempts with links of a user.
    User(UserId),
    /// Attempts in a session.
    Session(SessionId),
}

/// The result of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
    Failed,
}

impl Outcome {
    /// The outcome's name in the log.
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
    /// The act's stable name, in `snake_case`.
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
            Self::SessionReplaced { .. } => "session_replaced",
            Self::CodeIssued { .. } => "code_issued",
            Self::AuthorizationDenied { .. } => "authorization_denied",
            Self::AppSignedIn { .. } => "app_signed_in",
            Self::CodeRefused { .. } => "code_refused",
            Self::CodeReplayed { .. } => "code_replayed",
            Self::ClientRefused { .. } => "client_refused",
            Self::ClientDocumentRefused { .. } => "client_document_refused",
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
            Self::AccountsImported { .. } => "accounts_imported",
            Self::AccountsExported { .. } => "accounts_exported",
            Self::AccountDeleted { .. } => "account_deleted",
            Self::RolesChanged { .. } => "roles_changed",
            Self::DisabledChanged { disabled: true, .. } => "user_disabled",
            Self::DisabledChanged { .. } => "user_enabled",
            Self::Invited { .. } => "invited",
            Self::LinkReturned { .. } => "link_returned",
            Self::Unlocked { .. } => "user_unlocked",
            Self::MailRetried { .. } => "mail_retried",
            Self::MailDropped { .. } => "mail_dropped",
            Self::CountersRaised { .. } => "counters_raised",
            Self::ClientManaged { what, .. } => what.name(),
            Self::GrantWithdrawn { .. } => "grant_withdrawn",
            Self::OperatorDenied { .. } => "operator_denied",
            Self::AccessDenied { .. } => "access_denied",
            Self::LimitHit { .. } => "limit_hit",
            Self::VendorUnreachable { .. } => "vendor_unreachable",
            Self::MailKept { .. } => "mail_kept",
            Self::ProviderFails(failures) => match failures.kind {
                FailureKind::Refused => "mail_refused",
                FailureKind::Outage => "mail_outage",
            },
            Self::MailNotQueued { .. } => "mail_not_queued",
        }
    }

    /// The result of the act.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::SignInFailed { .. }
            | Self::PasswordCheckFailed { .. }
            | Self::LinkRefused { .. }
            | Self::CodeRefused { .. }
            | Self::CodeReplayed { .. }
            | Self::ClientRefused { .. }
            | Self::ClientDocumentRefused { .. }
            | Self::AccessDenied { .. }
            | Self::OperatorDenied { .. }
            | Self::LimitHit { .. } => Outcome::Refused,
            Self::Renewal { verdict, .. } if !goes_on(*verdict) => Outcome::Refused,
            Self::VendorUnreachable { .. }
            | Self::MailKept { .. }
            | Self::ProviderFails(_)
            | Self::MailNotQueued { .. } => Outcome::Failed,
            _ => Outcome::Done,
        }
    }

    /// The level of the act's log line.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            // The owner can't sign in, whatever they type.
            Self::SignInFailed { refusal, .. } | Self::PasswordCheckFailed { refusal, .. }
                if refusal.needs_operator() =>
            {
                Level::Error
            }
            // These failures have no harmful effect yet: the password was accepted without the
            // check, or the cron will send the mail.
            Self::VendorUnreachable {
                vendor: "breached_passwords",
                ..
            }
            | Self::MailKept { .. } => Level::Warn,
            _ => match self.outcome() {
                Outcome::Done => Level::Info,
                Outcome::Refused => Level::Warn,
                Outcome::Failed => Level::Error,
            },
        }
    }

    /// The `reason` of the log line: why the act was refused or failed, the verdict on a renewal,
    /// or the name of the limit. It is empty if the name of the act says enough.
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::SignInFailed { refusal, .. } => refusal.reason(),
            Self::Renewal { verdict, .. } => verdict.reason(),
            Self::LinkRefused { refusal, .. } => refusal.reason(),
            Self::CodeRefused { refusal, .. } => refusal.reason(),
            Self::ClientRefused { refusal, .. } => refusal.reason(),
            Self::ClientDocumentRefused { reason, .. } => reason,
            Self::LimitHit { limit, .. } => limit,
            Self::OperatorDenied { scope, .. } => scope.as_str(),
            Self::PasswordCheckFailed { refusal, .. } if refusal.needs_operator() => {
                refusal.reason()
            }
            Self::ProviderFails(failures) => &failures.reason,
            Self::VendorUnreachable { reason, .. }
            | Self::MailKept { reason, .. }
            | Self::MailNotQueued { reason, .. } => reason,
            _ => "",
        }
    }

    /// The `detail` of the log line, which adds to the name of the act. Depending on the act, it is
    /// the list of all roles after the change, the app, the vendor, the kind of mail, or a number.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::RolesChanged { roles, .. } => roles.to_vec().join(" "),
            Self::CodeIssued { client, .. }
            | Self::AuthorizationDenied { client, .. }
            | Self::AppSignedIn { client, .. }
            | Self::CodeRefused { client, .. }
            | Self::CodeReplayed { client, .. }
            | Self::ClientRefused { client, .. }
            | Self::ClientDocumentRefused { client, .. } => client.clone(),
            Self::AccountsImported {
                counts: [imported, already_there, refused],
                ..
            } => format!("{imported} imported, {already_there} already there, {refused} refused"),
            Self::AccountsExported {
                count,
                with_password_hashes,
                ..
            } => {
                let with = if *with_password_hashes {
                    "with"
                } else {
                    "without"
                };
                format!("{count} {with} password hashes")
            }
            Self::VendorUnreachable { vendor, .. } => (*vendor).to_owned(),
            Self::MailKept { mail, .. } | Self::MailNotQueued { mail, .. } => (*mail).to_owned(),
            Self::ProviderFails(failures) => failures.detail(),
            Self::MailRetried { mails: count, .. }
            | Self::MailDropped { mails: count, .. }
            | Self::CountersRaised {
                accounts: count, ..
            } => count.to_string(),
            // The id of a secret may be logged, because it does not reveal the secret.
            Self::ClientManaged { client, what, .. } => match what.secret() {
                Some(secret) => [client.as_str(), " ", &secret.to_string()].concat(),
                None => client.to_string(),
            },
            Self::GrantWithdrawn { client, .. } => client.to_string(),
            _ => String::new(),
        }
    }

    /// The user whose account or session the act concerns.
    pub(super) fn user(&self) -> Option<UserId> {
        match self {
            Self::SignedIn { user, .. }
            | Self::Renewal { user, .. }
            | Self::SignedOut { user, .. }
            | Self::SessionReplaced { user, .. }
            | Self::CodeIssued { user, .. }
            | Self::AuthorizationDenied { user, .. }
            | Self::AppSignedIn { user, .. }
            | Self::CodeRefused { user, .. }
            | Self::CodeReplayed { user, .. }
            | Self::SessionEnded { user, .. }
            | Self::OtherSessionsEnded { user, .. }
            | Self::SessionsRevoked { user, .. }
            | Self::PasswordReset { user }
            | Self::PasswordChanged { user, .. }
            | Self::PasswordCheckFailed { user, .. }
            | Self::Reauthenticated { user, .. }
            | Self::Registered { user, .. }
            | Self::EmailVerified { user, .. }
            | Self::EmailChangeRequested { user, .. }
            | Self::EmailChanged { user, .. }
            | Self::AccountCreated { user, .. }
            | Self::AccountDeleted { user, .. }
            | Self::RolesChanged { user, .. }
            | Self::DisabledChanged { user, .. }
            | Self::Invited { user, .. }
            | Self::LinkReturned { user, .. }
            | Self::Unlocked { user, .. }
            | Self::GrantWithdrawn { user, .. }
            | Self::AccessDenied { user, .. }
            | Self::LimitHit {
                whose: Whose::User(user),
                ..
            } => Some(*user),
            Self::SignInFailed { user, .. } | Self::LinkRefused { user, .. } => *user,
            Self::ResetRequested { .. }
            | Self::RegistrationRequested { .. }
            | Self::VerificationRequested { .. }
            | Self::ClientRefused { .. }
            | Self::ClientDocumentRefused { .. }
            | Self::AccountsImported { .. }
            | Self::AccountsExported { .. }
            | Self::LimitHit { .. }
            | Self::MailRetried { .. }
            | Self::MailDropped { .. }
            | Self::CountersRaised { .. }
            | Self::ClientManaged { .. }
            | Self::OperatorDenied { .. }
            | Self::VendorUnreachable { .. }
            | Self::MailKept { .. }
            | Self::ProviderFails(_)
            | Self::MailNotQueued { .. } => None,
        }
    }

    /// The session that the act concerns or that requested the act.
    pub(super) fn session(&self) -> Option<SessionId> {
        match self {
            Self::SignedIn { session, .. }
            | Self::Renewal { session, .. }
            | Self::SignedOut { session, .. }
            | Self::SessionReplaced { session, .. }
            | Self::CodeIssued { session, .. }
            | Self::AuthorizationDenied { session, .. }
            | Self::AppSignedIn { session, .. }
            | Self::CodeReplayed { session, .. }
            | Self::SessionEnded { session, .. }
            | Self::OtherSessionsEnded { session, .. }
            | Self::PasswordChanged { session, .. }
            | Self::PasswordCheckFailed { session, .. }
            | Self::Reauthenticated { session, .. }
            | Self::EmailChangeRequested { session, .. }
            | Self::GrantWithdrawn { session, .. }
            | Self::AccessDenied { session, .. }
            | Self::LimitHit {
                whose: Whose::Session(session),
                ..
            } => Some(*session),
            _ => None,
        }
    }

    /// Who did it, for acts that somebody other than the user may do.
    pub(super) fn by(&self) -> Option<Actor> {
        match self {
            Self::AccountCreated { by, .. }
            | Self::AccountsImported { by, .. }
            | Self::AccountsExported { by, .. }
            | Self::AccountDeleted { by, .. }
            | Self::RolesChanged { by, .. }
            | Self::DisabledChanged { by, .. }
            | Self::Invited { by, .. }
            | Self::LinkReturned { by, .. }
            | Self::Unlocked { by, .. }
            | Self::MailRetried { by, .. }
            | Self::MailDropped { by, .. }
            | Self::CountersRaised { by, .. }
            | Self::ClientManaged { by, .. } => Some(*by),
            Self::SessionsRevoked { by, .. }
            | Self::SessionEnded { by, .. }
            | Self::EmailVerified { by, .. } => *by,
            Self::OperatorDenied { by, .. } => Some(Actor::Operator(*by)),
            _ => None,
        }
    }

    /// The address that the act concerns.
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
