//! Operator tickets: short-lived tokens for the operator's command.
//!
//! The command makes a random ticket and stores its hash in the database, with a scope and an
//! expiry. So everybody who can write to the database can also manage accounts over HTTP. The
//! service itself never stores or issues a ticket.
//!
//! A ticket is valid only for its scope, and for at most [`OPERATOR_TICKET_TTL`] seconds after its
//! creation. The time of creation is stored in the ticket's row. It may be up to
//! [`FUTURE_SKEW_SECONDS`] ahead of the service's clock, because clocks differ.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use super::policy::{FUTURE_SKEW_SECONDS, OPERATOR_TICKET_TTL};

/// Every ticket begins with this prefix, so that secret scanners recognise it. An access token
/// never does, because it begins with the base64url form of `{`.
const PREFIX: &str = "ego_";
/// How many random bytes follow the prefix, encoded in base64url without padding.
const SECRET_BYTES: usize = 32;
/// A ticket's name in the log consists of this many digits of the ticket's hash. That is enough to
/// distinguish the tickets of one day.
const ID_CHARS: usize = 12;

/// Whether a credential begins like an operator ticket. The rest can still be malformed.
///
/// ```
/// use edgegate::domain::operator::is_operator_ticket;
///
/// assert!(is_operator_ticket("ego_"));
/// assert!(!is_operator_ticket("eyJhbGciOiJFZERTQSJ9.e30.c2ln"));
/// ```
#[must_use]
pub fn is_operator_ticket(credential: &str) -> bool {
    credential.starts_with(PREFIX)
}

/// The hash of a ticket, which is stored instead of the ticket: SHA-256 of its whole text, in
/// hexadecimal digits. A ticket has 256 random bits, so nobody can find a ticket that has a known
/// hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperatorTicketHash(String);

impl OperatorTicketHash {
    /// The hash of a well-formed ticket: `ego_`, then 32 bytes in base64url without padding. `None`
    /// for any other text, so that a malformed ticket is rejected without a request to the
    /// database.
    ///
    /// ```
    /// use edgegate::domain::operator::OperatorTicketHash;
    ///
    /// let hash = OperatorTicketHash::of("ego_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
    /// assert_eq!(
    ///     hash.as_str(),
    ///     "b74feb8f0bb9b8428ff7199331e650495f094589ee2ed816386316b0bf5dd870"
    /// );
    /// assert_eq!(hash.id().to_string(), "operator:b74feb8f0bb9");
    /// assert!(OperatorTicketHash::of("ego_AAECAwQ").is_none());
    /// ```
    #[must_use]
    pub fn of(ticket: &str) -> Option<Self> {
        let encoded = ticket.strip_prefix(PREFIX)?;
        let mut secret = [0; SECRET_BYTES];
        let decoded = Base64UrlUnpadded::decode(encoded, &mut secret).ok()?;
        if decoded.len() != SECRET_BYTES {
            return None;
        }
        let digest = Sha256::digest(ticket.as_bytes());
        Some(Self(base16ct::lower::encode_string(&digest)))
    }

    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the ticket in the log.
    #[must_use]
    pub fn id(&self) -> OperatorId {
        let digits = self.0.as_bytes().first_chunk();
        OperatorId(digits.copied().unwrap_or([b'0'; ID_CHARS]))
    }
}

impl fmt::Debug for OperatorTicketHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

/// The name of a ticket in the log: the first 12 digits of its hash. Somebody who reads the name in
/// the log gets no access from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OperatorId([u8; ID_CHARS]);

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operator:")?;
        // Hexadecimal digits are UTF-8.
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl fmt::Debug for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a ticket may be used for. Each operation in `openapi.yaml` names the scope that it needs
/// (`x-scope`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To list, find and read accounts.
    UsersRead,
    /// To create, invite, change, verify, unlock, delete, import and export accounts. Includes
    /// [`UsersRead`](Self::UsersRead).
    Users,
    /// To list and end the sessions of accounts.
    Sessions,
    /// To list, retry and drop mails that could not be sent.
    Mail,
    /// To raise all counters after a restore of the database.
    Restore,
    /// To ask which pseudonyms addresses and networks have in the log.
    Pseudonyms,
    /// To register, change and delete apps and their secrets.
    Clients,
}

impl Scope {
    /// Each scope.
    pub const ALL: [Self; 7] = [
        Self::UsersRead,
        Self::Users,
        Self::Sessions,
        Self::Mail,
        Self::Restore,
        Self::Pseudonyms,
        Self::Clients,
    ];

    /// The scope's name in the database and in `openapi.yaml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UsersRead => "users:read",
            Self::Users => "users",
            Self::Sessions => "sessions",
            Self::Mail => "mail",
            Self::Restore => "restore",
            Self::Pseudonyms => "pseudonyms",
            Self::Clients => "clients",
        }
    }
}

/// A ticket as it is stored. Times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorTicket {
    /// The names of the ticket's scopes, separated by spaces.
    pub scope: String,
    /// When the ticket was stored.
    pub created_at: u64,
    /// When the ticket expires.
    pub expires_at: u64,
}

/// Why an operator ticket was rejected. The reason is only for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorRefusal {
    /// The text does not have the form of a ticket. This is decided without reading any storage.
    Malformed,
    /// The request has an `Origin` header, so a web page sent it. This is decided without reading
    /// any storage.
    FromPage,
    /// No such ticket is stored.
    Unknown,
    Expired,
    /// The ticket's stored lifetime is longer than [`OPERATOR_TICKET_TTL`], or its time of creation
    /// is in the future.
    TooLong,
}

impl OperatorRefusal {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "operator_ticket_malformed",
            Self::FromPage => "operator_ticket_from_page",
            Self::Unknown => "operator_ticket_unknown",
            Self::Expired => "operator_ticket_expired",
            Self::TooLong => "operator_ticket_too_long",
        }
    }
}

impl OperatorTicket {
    /// Checks that the ticket is valid now, and that its lifetime is not too long. A constraint on
    /// the table in the database limits the lifetime, too. The lifetime is checked again here,
    /// because somebody could alter the table.
    ///
    /// # Errors
    /// The reason why the ticket is not valid.
    pub const fn judge(&self, now: u64) -> Result<(), OperatorRefusal> {
        let is_too_long = self.expires_at > self.created_at.saturating_add(OPERATOR_TICKET_TTL);
        // A ticket whose time of creation is in the future would be valid for too long.
        if is_too_long || self.created_at > now.saturating_add(FUTURE_SKEW_SECONDS) {
            return Err(OperatorRefusal::TooLong);
        }
        if now >= self.expires_at {
            return Err(OperatorRefusal::Expired);
        }
        Ok(())
    }

    /// Whether the ticket has this scope. A scope whose name this version of the service does not
    /// know allows nothing.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scope.split(' ').any(|name| {
            name == scope.as_str() || (scope == Scope::UsersRead && name == Scope::Users.as_str())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: &str = "ego_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const NOW: u64 = 1_800_000_000;

    #[test]
    fn only_a_whole_ticket_has_a_hash() {
        assert!(OperatorTicketHash::of(TICKET).is_some());
        let padded = format!("{TICKET}=");
        let longer = format!("{TICKET}A");
        let lax = TICKET.replace("Hh8", "Hh9");
        for text in [
            "",
            "ego_",
            &TICKET[..46],
            &padded,
            &longer,
            // The last character has two unused bits, which must be 0. Otherwise one ticket could
            // be written in four ways.
            &lax,
            &TICKET.replace("ego_", "EGO_"),
            &TICKET.replace("ego_", "egr_"),
            &TICKET.replace('C', "+"),
            &format!(" {TICKET}"),
            &format!("{TICKET} "),
            &format!("{TICKET}, Bearer {TICKET}"),
        ] {
            assert_eq!(OperatorTicketHash::of(text), None, "{text}");
        }
    }

    #[test]
    fn the_log_shows_no_more_than_the_beginning_of_the_hash() {
        let hash = OperatorTicketHash::of(TICKET).unwrap();
        let id = hash.id().to_string();
        assert_eq!(id, ["operator:", &hash.as_str()[..12]].concat());
        assert_eq!(
            (format!("{hash:?}"), format!("{:?}", hash.id())),
            (id.clone(), id)
        );
    }

    fn ticket(created_at: u64, expires_at: u64) -> OperatorTicket {
        OperatorTicket {
            scope: String::new(),
            created_at,
            expires_at,
        }
    }

    #[test]
    fn a_ticket_is_valid_for_a_quarter_of_an_hour_at_most() {
        let at = |created, expires| ticket(NOW - created, NOW + expires).judge(NOW);
        assert_eq!(at(0, 900), Ok(()));
        assert_eq!(at(899, 1), Ok(()));
        assert_eq!(at(900, 0), Err(OperatorRefusal::Expired));
        assert_eq!(at(0, 901), Err(OperatorRefusal::TooLong));
        assert_eq!(at(1, 900), Err(OperatorRefusal::TooLong));
        let from = |ahead| ticket(NOW + ahead, NOW + ahead + 900).judge(NOW);
        assert_eq!(from(FUTURE_SKEW_SECONDS), Ok(()));
        assert_eq!(from(FUTURE_SKEW_SECONDS + 1), Err(OperatorRefusal::TooLong));
        assert_eq!(
            ticket(NOW, NOW - 1).judge(NOW),
            Err(OperatorRefusal::Expired)
        );
        assert_eq!(
            ticket(u64::MAX, u64::MAX).judge(NOW),
            Err(OperatorRefusal::TooLong)
        );
        assert_eq!(
            ticket(0, u64::MAX).judge(NOW),
            Err(OperatorRefusal::TooLong)
        );
    }

    #[test]
    fn a_scope_allows_what_it_names_and_nothing_else() {
        for given in Scope::ALL {
            let scoped = OperatorTicket {
                scope: given.as_str().to_owned(),
                ..ticket(NOW, NOW)
            };
            for asked in Scope::ALL {
                let implied = given == Scope::Users && asked == Scope::UsersRead;
                assert_eq!(
                    scoped.allows(asked),
                    given == asked || implied,
                    "{given:?} {asked:?}"
                );
            }
        }
        let scoped = |scope: &str| OperatorTicket {
            scope: scope.to_owned(),
            ..ticket(NOW, NOW)
        };
        let both = scoped("sessions users:read");
        assert!(both.allows(Scope::Sessions) && both.allows(Scope::UsersRead));
        assert!(!both.allows(Scope::Users));
        for scope in [
            "",
            " ",
            "*",
            "all",
            "USERS",
            "users,mail",
            "users:",
            "users\tmail",
            "user",
        ] {
            let allowed = Scope::ALL
                .into_iter()
                .filter(|asked| scoped(scope).allows(*asked));
            assert_eq!(allowed.count(), 0, "{scope:?}");
        }
    }
}
