//! Limits how often a network may ask for mails, and decides which share of `MAIL_BUDGET` pays for
//! a request.
//!
//! Counting depends on who asks and for what kind of mail, never on the address: the answer must
//! not reveal who has an account.

/// The kind of mail that is requested. Each kind has its own pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    fn from_name(text: &str) -> Option<Self> {
        match text {
            "reset" => Some(Self::Reset),
            "other" => Some(Self::Other),
            _ => None,
        }
    }
}

/// An action of a user that mails a notice. The number per day is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A request of a network for a mail of this kind.
    Request(RouteClass),
    /// A network's first request, counted for the larger network around it, which may have `most`
    /// of them per hour of the clock.
    FirstRequest { class: RouteClass, most: u64 },
    /// A mail for somebody who presented a device or session ticket of a user.
    KnownMail,
    /// An action of a user that mails a notice.
    Act(NoticedAct),
}

impl Counted {
    /// Encodes it for the call to a Durable Object.
    #[must_use]
    pub fn encode(self) -> String {
        match self {
            Self::Request(class) => ["request ", class.name()].concat(),
            Self::FirstRequest { class, most } => format!("first {} {most}", class.name()),
            Self::KnownMail => "known".to_owned(),
            Self::Act(act) => ["act ", act.name()].concat(),
        }
    }

    /// Reads the text form; `None` when it is not one.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        match kind {
            "request" => RouteClass::from_name(rest).map(Self::Request),
            "first" => {
                let (class, most) = rest.split_once(' ')?;
                Some(Self::FirstRequest {
                    class: RouteClass::from_name(class)?,
                    most: most.parse().ok()?,
                })
            }
            "known" => rest.is_empty().then_some(Self::KnownMail),
            "act" => [NoticedAct::PasswordChange, NoticedAct::AddressChange]
                .into_iter()
                .find(|act| act.name() == rest)
                .map(Self::Act),
            _ => None,
        }
    }
}

/// The position of a request among those of its network within 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    First,
    /// One of the next four.
    Medium,
    Rest,
}

/// Whether the counted request may continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateVerdict {
    /// A request for a mail, with its rank.
    Ranked(Rank),
    /// Anything else that is within its limit.
    Within,
    /// It is over its limit and was not counted. It may be retried after this number of seconds.
    Over(u64),
}

impl GateVerdict {
    /// Encodes it for the answer of a Durable Object.
    #[must_use]
    pub fn encode(self) -> String {
        match self {
            Self::Ranked(Rank::First) => "first".to_owned(),
            Self::Ranked(Rank::Medium) => "medium".to_owned(),
            Self::Ranked(Rank::Rest) => "rest".to_owned(),
            Self::Within => "within".to_owned(),
            Self::Over(seconds) => format!("over {seconds}"),
        }
    }

    /// Reads the text form; `None` when it is not one.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        Some(match text {
            "first" => Self::Ranked(Rank::First),
            "medium" => Self::Ranked(Rank::Medium),
            "rest" => Self::Ranked(Rank::Rest),
            "within" => Self::Within,
            _ => Self::Over(text.strip_prefix("over ")?.parse().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            assert_eq!(Counted::decode(&counted.encode()), Some(counted));
        }
        for text in [
            "",
            "request",
            "request x",
            "first reset",
            "first reset -1",
            "known 1",
            "act x",
        ] {
            assert_eq!(Counted::decode(text), None, "{text}");
        }
        for verdict in [
            GateVerdict::Ranked(Rank::First),
            GateVerdict::Ranked(Rank::Medium),
            GateVerdict::Ranked(Rank::Rest),
            GateVerdict::Within,
            GateVerdict::Over(0),
            GateVerdict::Over(u64::MAX),
        ] {
            assert_eq!(GateVerdict::decode(&verdict.encode()), Some(verdict));
        }
        for text in ["", "over", "over -1", "First", "within "] {
            assert_eq!(GateVerdict::decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-z]{0,7} ?[a-z]{0,5} ?[0-9]{0,4}|.{0,40}") {
            let _ = (Counted::decode(&text), GateVerdict::decode(&text));
        }
    }
}
