//! What a Worker asks a user's object, and what it answers: a line of fields between tabs, which no field can hold.
//! Written and read by hand, since derived readers for these few types would make the Worker a twentieth larger.
//!
//! During a deployment a Worker of one version may ask an object of another: a call whose fields change gets a new name.

use super::line::{Fields, Line};
use crate::domain::account::UserId;
use crate::domain::error::StoreError;
use crate::domain::policy::MAX_TICKET_SECRETS;
use crate::domain::session::{
    ActiveSession, Client, ClientFingerprint, Fingerprints, Methods, Place, Presented, Proof,
    Proved, Record, RefreshTicket, Reuse, Rules, SessionId, Standing, Use, Verdict,
};

/// A call. Every one may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// As [`begin`](crate::ports::SessionStore::begin). Answers nothing.
    Begin {
        session: SessionId,
        epoch: u32,
        lives_until: u64,
        most: Option<usize>,
        now: u64,
        seen: Seen,
    },
    /// As [`renew`](crate::ports::SessionStore::renew), with the user's standing. Answers the verdict
    /// and the newest proof.
    Renew {
        presented: Presented,
        rules: Rules,
        standing: Option<Standing>,
        seen: Seen,
    },
    /// As [`prove`](crate::ports::SessionStore::prove). Answers what was decided.
    Prove {
        ticket: RefreshTicket,
        rules: Rules,
        now: u64,
    },
    /// As [`end`](crate::ports::SessionStore::end). Answers nothing.
    ///
    /// `now` is the caller's, in seconds since 1970; a Worker of an older version does not send it.
    End {
        session: SessionId,
        reason: String,
        now: Option<u64>,
    },
    /// As [`list`](crate::ports::SessionStore::list). Answers a line a session.
    List { epoch: u32, now: u64 },
    /// As [`outdate`](crate::ports::SessionStore::outdate). Answers nothing.
    Outdate { version: u64, until: u64 },
    /// As [`forget`](crate::ports::SessionStore::forget). Answers nothing.
    Forget,
    /// As [`revocation`](crate::ports::SessionStore::revocation). Answers whether it has ended, and the version.
    Revocation { session: SessionId, now: u64 },
}

/// Who was seen using a session: User-Agent, network, country and city. The form in which the object stores it, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen(pub(super) String);

impl From<&Client> for Seen {
    fn from(client: &Client) -> Self {
        let Place { country, city } = client.place();
        let mut line = Line::new(client.user_agent());
        line.field(client.network())
            .field(country.as_deref().unwrap_or_default())
            .field(city.as_deref().unwrap_or_default());
        Self(line.0)
    }
}

impl Call {
    pub(super) fn to_text(&self) -> String {
        let (line, seen) = match self {
            Self::Begin {
                session,
                epoch,
                lives_until,
                most,
                now,
                seen,
            } => {
                let mut line = Line::new("begin");
                line.field(session)
                    .field(epoch)
                    .field(lives_until)
                    .optional(*most)
                    .field(now);
                (line, Some(seen))
            }
            Self::Renew {
                presented: Presented { ticket, by, now },
                rules,
                standing,
                seen,
            } => {
                let mut line = Line::new("renew with proof");
                from_ticket(&mut line, ticket);
                line.field(now);
                from_rules(&mut line, rules);
                line.optional(standing.map(|standing| standing.epoch))
                    .field(u8::from(standing.is_some_and(|standing| standing.disabled)));
                for fingerprint in from_fingerprints(*by) {
                    line.field(from_fingerprint(fingerprint));
                }
                (line, Some(seen))
            }
            Self::Prove { ticket, rules, now } => {
                let mut line = Line::new("prove");
                from_ticket(&mut line, ticket);
                line.field(now);
                from_rules(&mut line, rules);
                (line, None)
            }
            Self::End {
                session,
                reason,
                now,
            } => {
                let mut line = Line::new("end");
                line.field(session).field(reason).optional(*now);
                (line, None)
            }
            Self::List { epoch, now } => {
                let mut line = Line::new("list");
                line.field(epoch).field(now);
                (line, None)
            }
            Self::Outdate { version, until } => {
                let mut line = Line::new("outdate");
                line.field(version).field(until);
                (line, None)
            }
            Self::Forget => (Line::new("forget"), None),
            Self::Revocation { session, now } => {
                let mut line = Line::new("revocation");
                line.field(session).field(now);
                (line, None)
            }
        };
        let Line(mut text) = line;
        if let Some(Seen(seen)) = seen {
            text.push('\t');
            text.push_str(seen);
        }
        text
    }

    /// `None` for what is not a call.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut fields = Fields(text);
        Some(match fields.text() {
            "begin" => Self::Begin {
                session: session(&mut fields)?,
                epoch: fields.number()?,
                lives_until: fields.number()?,
                most: fields.optional()?,
                now: fields.number()?,
                seen: Seen(fields.rest().to_owned()),
            },
            // A Worker from before proofs sends "renew", and reads no further than the verdict.
            name @ ("renew" | "renew with proof") => {
                let ticket = to_ticket(&mut fields, name != "renew")?;
                let now = fields.number()?;
                let rules = to_rules(&mut fields)?;
                let epoch: Option<u32> = fields.optional()?;
                let disabled = fields.flag()?;
                let mut by = [None; MAX_TICKET_SECRETS];
                for slot in &mut by {
                    *slot = to_fingerprint(fields.number()?);
                }
                Self::Renew {
                    presented: Presented {
                        ticket,
                        by: to_fingerprints(by),
                        now,
                    },
                    rules,
                    standing: epoch.map(|epoch| Standing { epoch, disabled }),
                    seen: Seen(fields.rest().to_owned()),
                }
            }
            "prove" => Self::Prove {
                ticket: to_ticket(&mut fields, true)?,
                now: fields.number()?,
                rules: to_rules(&mut fields)?,
            },
            "end" => Self::End {
                session: session(&mut fields)?,
                reason: fields.text().to_owned(),
                now: fields.optional()?,
            },
            "list" => Self::List {
                epoch: fields.number()?,
                now: fields.number()?,
            },
            "outdate" => Self::Outdate {
                version: fields.number()?,
                until: fields.number()?,
            },
            "forget" => Self::Forget,
            "revocation" => Self::Revocation {
                session: session(&mut fields)?,
                now: fields.number()?,
            },
            _ => return None,
        })
    }
}

fn from_ticket(line: &mut Line, ticket: &RefreshTicket) {
    line.field(ticket.user)
        .field(ticket.session)
        .field(ticket.epoch)
        .field(ticket.counter)
        .field(ticket.expires_at)
        .field(ticket.proof.auth_time)
        .field(ticket.proof.methods.to_bits());
}

fn to_ticket(fields: &mut Fields<'_>, with_proof: bool) -> Option<RefreshTicket> {
    let user = UserId::parse(fields.text())?;
    let session = session(fields)?;
    Some(RefreshTicket {
        user,
        session,
        epoch: fields.number()?,
        counter: fields.number()?,
        expires_at: fields.number()?,
        proof: if with_proof {
            to_proof(fields)?
        } else {
            Proof::by_password(session.begun_at())
        },
    })
}

fn to_proof(fields: &mut Fields<'_>) -> Option<Proof> {
    Some(Proof {
        auth_time: fields.number()?,
        methods: Methods::from_bits(fields.number()?),
    })
}

fn from_rules(line: &mut Line, rules: &Rules) {
    line.field(rules.grace)
        .field(rules.rotate_after)
        .field(u8::from(rules.reuse == Reuse::Strict))
        .field(rules.session_ttl)
        .field(rules.idle_ttl);
}

fn to_rules(fields: &mut Fields<'_>) -> Option<Rules> {
    Some(Rules {
        grace: fields.number()?,
        rotate_after: fields.number()?,
        reuse: if fields.flag()? {
            Reuse::Strict
        } else {
            Reuse::SameClient
        },
        session_ttl: fields.number()?,
        idle_ttl: fields.number()?,
    })
}

/// What was decided about a proof, as an answer.
pub(super) fn from_proved(proved: Proved) -> String {
    match proved {
        Proved::GoesOn => "goes on",
        Proved::Spent => "spent",
        Proved::Over => "over",
    }
    .to_owned()
}

/// What was decided about a proof.
pub(super) fn to_proved(text: &str) -> Option<Proved> {
    [Proved::GoesOn, Proved::Spent, Proved::Over]
        .into_iter()
        .find(|proved| from_proved(*proved) == text)
}

/// A verdict as an answer, and the newest proof behind it.
pub(super) fn from_verdict(verdict: Verdict, proof: Option<Proof>) -> String {
    let mut line = from_verdict_alone(verdict);
    if let Some(proof) = proof {
        line.field(proof.auth_time).field(proof.methods.to_bits());
    }
    line.0
}

fn from_verdict_alone(verdict: Verdict) -> Line {
    let mut line = Line::new(verdict.reason());
    match verdict {
        Verdict::Fresh(Record {
            used: Some(used), ..
        })
        | Verdict::Unseen(Record {
            used: Some(used), ..
        }) => {
            line.field(used.counter)
                .field(used.first_at)
                .field(from_fingerprint(used.by));
        }
        Verdict::Repeated { shared } => {
            line.field(u8::from(shared));
        }
        _ => {}
    }
    line
}

/// The verdict and the newest proof in an answer.
pub(super) fn to_verdict(text: &str) -> Option<(Verdict, Option<Proof>)> {
    let mut fields = Fields(text);
    let verdict = to_verdict_alone(&mut fields)?;
    let proof = match fields.0 {
        "" => None,
        _ => Some(to_proof(&mut fields)?),
    };
    Some((verdict, proof))
}

fn to_verdict_alone(fields: &mut Fields<'_>) -> Option<Verdict> {
    let name = fields.text();
    match name {
        "fresh" | "unseen" => {
            let record = Record {
                used: Some(Use {
                    counter: fields.number()?,
                    first_at: fields.number()?,
                    by: to_fingerprint(fields.number()?),
                }),
                // What the object stored with it stays there: the answer has the newest.
                proof: None,
            };
            Some(if name == "fresh" {
                Verdict::Fresh(record)
            } else {
                Verdict::Unseen(record)
            })
        }
        "repeated" => Some(Verdict::Repeated {
            shared: fields.flag()?,
        }),
        _ => [
            Verdict::Kept,
            Verdict::Late,
            Verdict::Overtaken,
            Verdict::Reused,
            Verdict::Ended,
            Verdict::OtherEpoch,
            Verdict::NoUser,
            Verdict::Idle,
            Verdict::Expired,
            Verdict::Unknown,
        ]
        .into_iter()
        .find(|verdict| verdict.reason() == name),
    }
}

/// A session of a list, from its line: id, last use, and who was seen.
pub(super) fn to_active(line: &str) -> Option<ActiveSession> {
    let mut fields = Fields(line);
    let id = session(&mut fields)?;
    let last_used_at = fields.number()?;
    let user_agent = fields.text().to_owned();
    let network = fields.text().to_owned();
    let mut known = || Some(fields.text().to_owned()).filter(|text| !text.is_empty());
    let (country, city) = (known(), known());
    Some(ActiveSession {
        id,
        last_used_at,
        user_agent,
        network,
        place: Place::new(country.as_deref(), city.as_deref()),
    })
}

fn session(fields: &mut Fields<'_>) -> Option<SessionId> {
    SessionId::parse(fields.text())
}

pub(super) fn from_fingerprint(fingerprint: Option<ClientFingerprint>) -> u32 {
    u32::from_be_bytes(ClientFingerprint::to_bytes(fingerprint))
}

pub(super) fn to_fingerprint(number: u32) -> Option<ClientFingerprint> {
    ClientFingerprint::from_bytes(number.to_be_bytes())
}

/// A client without an address is sent as zeros, as it is stored.
fn from_fingerprints(by: Option<Fingerprints>) -> [Option<ClientFingerprint>; MAX_TICKET_SECRETS] {
    by.map_or([None; MAX_TICKET_SECRETS], |by| by.to_array().map(Some))
}

fn to_fingerprints(by: [Option<ClientFingerprint>; MAX_TICKET_SECRETS]) -> Option<Fingerprints> {
    let [first, ..] = by;
    let first = first?;
    Some(Fingerprints::from_array(by.map(|by| by.unwrap_or(first))))
}

pub(super) fn malformed() -> StoreError {
    StoreError::new("sessions_object", "a malformed message or row")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client::new(Some("203.0.113.9"), Some("a\t1\n\u{e9}"))
            .at(Place::new(None, Some("S\u{e3}o Paulo")))
    }

    #[test]
    fn a_call_arrives_as_it_was_sent() {
        let session = SessionId::new(2, &[2; 10]);
        let mut by = [ClientFingerprint([1, 2, 3, 255]); MAX_TICKET_SECRETS];
        by[3] = ClientFingerprint([255; 4]);
        let renew_by = |by, reuse, standing| Call::Renew {
            presented: Presented {
                ticket: RefreshTicket {
                    user: UserId::new(1, &[1; 10]),
                    session,
                    epoch: 3,
                    counter: u32::MAX,
                    expires_at: u64::MAX,
                    proof: Proof::by_password(6),
                },
                by,
                now: 5,
            },
            rules: Rules {
                grace: 1,
                rotate_after: 2,
                reuse,
                session_ttl: 3,
                idle_ttl: 4,
            },
            standing,
            seen: Seen::from(&client()),
        };
        let prints = Some(Fingerprints::from_array(by));
        let renew = |reuse, standing| renew_by(prints, reuse, standing);
        let standing = |disabled| Some(Standing { epoch: 0, disabled });
        let begin = |most| Call::Begin {
            session,
            epoch: 1,
            lives_until: 2,
            most,
            now: 3,
            seen: Seen::from(&Client::default()),
        };
        for call in [
            begin(None),
            begin(Some(100)),
            renew(Reuse::Strict, None),
            renew_by(None, Reuse::SameClient, standing(false)),
            renew(Reuse::SameClient, standing(true)),
            renew(Reuse::SameClient, standing(false)),
            Call::End {
                session,
                reason: "logged_out".to_owned(),
                now: Some(1_767_225_600),
            },
            Call::End {
                session,
                reason: "reused".to_owned(),
                now: None,
            },
            Call::Prove {
                ticket: RefreshTicket {
                    user: UserId::new(1, &[1; 10]),
                    session,
                    epoch: 3,
                    counter: 4,
                    expires_at: 5,
                    proof: Proof::by_password(6),
                },
                rules: Rules {
                    grace: 1,
                    rotate_after: 2,
                    reuse: Reuse::Strict,
                    session_ttl: 3,
                    idle_ttl: 4,
                },
                now: 7,
            },
            Call::List { epoch: 1, now: 2 },
            Call::Outdate {
                version: 1,
                until: 2,
            },
            Call::Forget,
            Call::Revocation { session, now: 1 },
        ] {
            assert_eq!(Call::parse(&call.to_text()).unwrap(), call);
        }
    }

    #[test]
    fn every_verdict_arrives_as_it_was_sent() {
        for verdict in [
            Verdict::Kept,
            Verdict::Fresh(Record {
                used: Some(Use {
                    counter: 7,
                    first_at: 8,
                    by: Some(ClientFingerprint([9; 4])),
                }),
                proof: None,
            }),
            Verdict::Unseen(Record {
                used: Some(Use {
                    counter: 7,
                    first_at: 8,
                    by: None,
                }),
                proof: None,
            }),
            Verdict::Repeated { shared: true },
            Verdict::Repeated { shared: false },
            Verdict::Late,
            Verdict::Overtaken,
            Verdict::Reused,
            Verdict::Ended,
            Verdict::OtherEpoch,
            Verdict::NoUser,
            Verdict::Idle,
            Verdict::Expired,
            Verdict::Unknown,
        ] {
            for proof in [None, Some(Proof::by_password(3))] {
                let answer = from_verdict(verdict, proof);
                assert_eq!(to_verdict(&answer).unwrap(), (verdict, proof));
            }
        }
        for text in ["", "kept\t1", "kept\t1\tx"] {
            assert_eq!(to_verdict(text), None, "{text}");
        }
        for proved in [Proved::GoesOn, Proved::Spent, Proved::Over] {
            assert_eq!(to_proved(&from_proved(proved)), Some(proved));
        }
        assert_eq!(to_proved(""), None);
    }

    #[test]
    fn a_renewal_by_a_worker_from_before_proofs_is_understood() {
        let (user, session) = (UserId::new(1, &[1; 10]), SessionId::new(2000, &[2; 10]));
        let prints = "\t7".repeat(MAX_TICKET_SECRETS);
        let text = format!("renew\t{user}\t{session}\t3\t4\t5\t6\t1\t2\t0\t3\t4\t0\t0{prints}\tx");
        let Some(Call::Renew {
            presented, rules, ..
        }) = Call::parse(&text)
        else {
            panic!("not a renewal");
        };
        assert_eq!(presented.ticket.proof, Proof::by_password(2));
        assert_eq!((presented.now, rules.idle_ttl), (6, 4));
    }

    #[test]
    fn a_session_of_a_list_arrives_as_it_was_seen() {
        for client in [client(), Client::default()] {
            let id = SessionId::new(7, &[7; 10]);
            let mut line = Line::new(&id.to_string());
            line.field(9).field(Seen::from(&client).0);
            assert_eq!(
                to_active(&line.0).unwrap(),
                ActiveSession::now(id, &client, 9)
            );
        }
    }

    #[test]
    fn what_is_not_a_call_is_an_error() {
        for text in [
            "",
            "begin",
            "drop\t1",
            "list\t-1\t1",
            "list\t4294967296\t1",
            "list\t1",
        ] {
            assert_eq!(Call::parse(text), None, "{text}");
        }
    }
}
