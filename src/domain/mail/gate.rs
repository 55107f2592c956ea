//! Limits how often a network may ask for mails, and decides which share of `MAIL_BUDGET` pays for
//! the mail.
//!
//! What is counted depends on who asks and for what kind of mail. It never depends on the address
//! to which the mail is sent, because the answer must not reveal who has an account.

use serde::{Deserialize, Serialize};

/// The kind of mail that is requested. Each kind has its own [pools](super::Pool), the shares of
/// the mail budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteClass {
    /// A password reset.
    Reset,
    /// Any other mail that strangers can request: a registration, a verification, a new address.
    Other,
}

impl RouteClass {
    /// A stable name, `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Other => "other",
        }
    }
}

/// An action of a user about which the service sends a notice by mail. The number of such actions
/// per day is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticedAct {
    /// A change of the password.
    PasswordChange,
    /// A request to change the address.
    AddressChange,
}

impl NoticedAct {
    /// A stable name, `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PasswordChange => "password_changes",
            Self::AddressChange => "address_changes",
        }
    }
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// A request of a network for a mail of this kind.
    Request(RouteClass),
    /// A network's first request. It is counted for the larger network that contains this network.
    /// The larger network may make at most `most` such requests in each hour of the clock, such as
    /// 10:00 to 11:00.
    FirstRequest { class: RouteClass, most: u64 },
    /// A request for a mail that contained a signed token (a ticket) of a user's device or session.
    KnownMail,
    /// An action of a user about which the service sends a notice.
    Act(NoticedAct),
}

/// The position of a request among the requests that its network has made within 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    First,
    /// One of the next four requests.
    Medium,
    Rest,
}

/// Whether the counted request may continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateVerdict {
    /// The event was counted as [`Counted::Request`], and has this rank.
    Ranked(Rank),
    /// The event is of another kind, and is within its limit.
    Within,
    /// The event would exceed its limit, so it was not counted. It may be retried after this number
    /// of seconds.
    Over(u64),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::json;

    #[test]
    fn calls_and_answers_can_be_decoded_again() {
        for counted in [
            Counted::Request(RouteClass::Reset),
            Counted::Request(RouteClass::Other),
            Counted::FirstRequest {
                class: RouteClass::Other,
                most: 0,
            },
            Counted::FirstRequest {
                class: RouteClass::Reset,
                most: u64::MAX,
            },
            Counted::KnownMail,
            Counted::Act(NoticedAct::PasswordChange),
            Counted::Act(NoticedAct::AddressChange),
        ] {
            assert_eq!(json::decode(&json::encode(&counted)), Some(counted));
        }
        for text in [
            "",
            r#"{"request":"x"}"#,
            r#"{"first_request":{"class":"reset"}}"#,
            r#"{"first_request":{"class":"reset","most":-1}}"#,
            r#"{"known_mail":1}"#,
            r#"{"act":"x"}"#,
            // An earlier version of the service encoded calls in this form.
            "request reset",
            "known",
        ] {
            assert_eq!(json::decode::<Counted>(text), None, "{text}");
        }
        for verdict in [
            GateVerdict::Ranked(Rank::First),
            GateVerdict::Ranked(Rank::Medium),
            GateVerdict::Ranked(Rank::Rest),
            GateVerdict::Within,
            GateVerdict::Over(0),
            GateVerdict::Over(u64::MAX),
        ] {
            assert_eq!(json::decode(&json::encode(&verdict)), Some(verdict));
        }
        for text in ["", r#""over""#, r#"{"over":-1}"#, r#""First""#, "within"] {
            assert_eq!(json::decode::<GateVerdict>(text), None, "{text}");
        }
    }
}
