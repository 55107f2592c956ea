//! This module calls the crate's `rotate`. The model and the simulation call only this module, so
//! all decisions are made by the crate's own code.

use edgegate::domain::account::UserId;
use edgegate::domain::session::{
    ClientFingerprint, Consistency, Fingerprints, Presented, Proof, Proved, Record, RefreshTicket,
    Reuse, Rules, SessionId, Standing, Stored, Use, Verdict, prove, rotate,
};

const DAY: u64 = 86_400;

/// The default rules, except for the lifetimes: they are so long that no session expires in the
/// tests.
pub const DEFAULT: Rules = Rules {
    grace: 30,
    rotate_after: 90,
    reuse: Reuse::SameClient,
    session_ttl: 1_000_000 * DAY,
    idle_ttl: 1_000_000 * DAY,
};
pub const STRICT: Rules = Rules {
    reuse: Reuse::Strict,
    ..DEFAULT
};
pub const ROTATE_EVERY_TIME: Rules = Rules {
    rotate_after: 0,
    ..DEFAULT
};

/// The client that presents a token. Each client has a network and a program (user agent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    Owner,
    /// The owner in another network, such as a phone that switches from Wi-Fi to mobile data.
    OwnerElsewhere,
    Thief,
    /// A client whose address is unknown to the service. For example, another Worker calls the
    /// service on behalf of a user and does not pass `client`.
    Nameless,
}

impl Who {
    const ALL: [Self; 4] = [
        Self::Owner,
        Self::OwnerElsewhere,
        Self::Thief,
        Self::Nameless,
    ];

    fn fingerprint(self) -> Option<ClientFingerprint> {
        let print = ClientFingerprint([self as u8 + 1; 4]);
        (self != Self::Nameless).then_some(print)
    }

    pub fn of(fingerprint: Option<ClientFingerprint>) -> Self {
        *Self::ALL
            .iter()
            .find(|who| who.fingerprint() == fingerprint)
            .unwrap()
    }
}

/// A presented token, and what the store and the user's database row say about its session. Times
/// are seconds since 1970.
pub struct Question {
    pub begun_at: u64,
    pub now: u64,
    pub token: u32,
    pub by: Who,
    pub record: Option<Record>,
    pub ended: bool,
    pub epoch_moved: bool,
}

impl Question {
    pub fn ticket(&self) -> RefreshTicket {
        RefreshTicket {
            user: UserId::new(0, &[1; 10]),
            session: SessionId::new(self.begun_at * 1000, &[2; 10]),
            epoch: 0,
            counter: self.token,
            expires_at: u64::MAX,
            proof: Proof::by_password(self.begun_at),
            sign_on: None,
        }
    }

    pub fn prove(&self, rules: &Rules, consistency: Consistency) -> Proved {
        let stored = Stored {
            record: self.record,
            ended: self.ended,
        };
        prove(&stored, &self.ticket(), rules, consistency, self.now)
    }

    pub fn ask(&self, rules: &Rules, consistency: Consistency) -> Verdict {
        let stored = Stored {
            record: self.record,
            ended: self.ended,
        };
        let standing = Standing {
            epoch: self.epoch_moved.into(),
            disabled: false,
        };
        let presented = Presented {
            ticket: self.ticket(),
            by: self.by.fingerprint().map(Fingerprints::only),
            now: self.now,
            app: None,
        };
        rotate(&stored, Some(standing), &presented, rules, consistency)
    }
}

/// What a store has to write after a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    Nothing,
    Use(Use),
    End,
}

pub fn write_of(verdict: Verdict) -> Write {
    match verdict {
        Verdict::Fresh(used) | Verdict::Unseen(used) => Write::Use(used),
        Verdict::Reused => Write::End,
        _ => Write::Nothing,
    }
}

pub fn used(counter: u32, first_at: u64, by: Who) -> Record {
    Record {
        used: Some(Use {
            counter,
            first_at,
            by: by.fingerprint(),
        }),
        proof: None,
    }
}
