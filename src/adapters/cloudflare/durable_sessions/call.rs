//! The calls that a Worker makes to the Durable Object of a user, and the form in which the object
//! stores which client used a session.

use serde::{Deserialize, Serialize};

use crate::domain::authorization::{ClientHash, CodeId};
use crate::domain::session::{
    ActiveSession, Client, Decision, EndReason, Holder, Need, Place, Presented, RefreshTicket,
    Rules, SessionId, Standing, UserCopy, Verdict,
};

/// A call. The object might get any call twice, because the Worker repeats a call that failed.
/// `since` is the setting `COPIES_SINCE`. "Copy" means the copy of the user's D1 row that the
/// object has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Call {
    /// Does what [`begin`](crate::ports::SessionStore::begin) does. The answer is empty.
    Begin {
        session: SessionId,
        epoch: u32,
        lives_until: u64,
        most: Option<usize>,
        now: u64,
        seen: Seen,
        /// The version of the user's row. `None` if the Worker runs an earlier version of the
        /// service, which had no copies.
        #[serde(default)]
        version: Option<u64>,
        /// Absent if the Worker runs an earlier version of the service, which had no apps. The
        /// sessions of that version all belong to browsers.
        #[serde(default)]
        holder: Holder,
    },
    /// Does what [`renew`](crate::ports::SessionStore::renew) does, using the object's copy of the
    /// user's row. The answer is [`ByCopy`] with [`RenewedByCopy`].
    RenewByCopy {
        presented: Presented,
        rules: Rules,
        seen: Seen,
        since: u64,
    },
    /// Like `RenewByCopy`, with the row that the object asked for. The answer is [`Renewed`].
    RenewByRow {
        presented: Presented,
        rules: Rules,
        seen: Seen,
        since: u64,
        row: Option<UserCopy>,
        need: Need,
    },
    /// Does what [`check`](crate::ports::SessionStore::check) does, using the object's copy of the
    /// user's row. The answer is [`ByCopy`] with a
    /// [`Revocation`](crate::domain::session::Revocation).
    CheckByCopy { session: SessionId, since: u64 },
    /// Like `CheckByCopy`, with the row that the object asked for. The answer is the
    /// [`Revocation`](crate::domain::session::Revocation).
    CheckByRow {
        session: SessionId,
        since: u64,
        row: Option<UserCopy>,
        need: Need,
    },
    /// Does what [`hold`](crate::ports::SessionStore::hold) does. The answer is the deadline.
    Hold,
    /// Does what [`forget_copy`](crate::ports::SessionStore::forget_copy) does. The answer is
    /// empty.
    ForgetCopy,
    /// Does what [`renew`](crate::ports::SessionStore::renew) does, with the user's standing (what
    /// the user's row says). The answer is [`Renewed`]. Sent only if the Worker or the object runs
    /// an earlier version of the service, which had no copies.
    Renew {
        presented: Presented,
        rules: Rules,
        standing: Option<Standing>,
        seen: Seen,
    },
    /// Does what [`prove`](crate::ports::SessionStore::prove) does. The answer is
    /// [`Proved`](crate::domain::session::Proved).
    Prove {
        ticket: RefreshTicket,
        rules: Rules,
        now: u64,
    },
    /// Does what [`end`](crate::ports::SessionStore::end) does. The answer is empty.
    End {
        session: SessionId,
        reason: EndReason,
        now: u64,
        /// Who holds the session. The object uses this value if it has already deleted the
        /// session's row. Absent if the Worker runs an earlier version of the service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<Holder>,
    },
    /// Does what [`end_client`](crate::ports::SessionStore::end_client) does. The answer is empty.
    EndClient { client: ClientHash, now: u64 },
    /// Does what [`exchange`](crate::ports::SessionStore::exchange) does. The answer is
    /// [`Exchanged`](crate::domain::authorization::Exchanged).
    Exchange {
        code: CodeId,
        session: SessionId,
        sign_on: Option<SessionId>,
        until: u64,
    },
    /// Does what [`has_signed_off`](crate::ports::SessionStore::has_signed_off) does. The answer is
    /// a boolean.
    HasSignedOff { sign_on: SessionId },
    /// Does what [`list`](crate::ports::SessionStore::list) does. The answer is a list of
    /// [`ActiveSession`].
    List { epoch: u32, now: u64 },
    /// Does what [`outdate`](crate::ports::SessionStore::outdate) does. Also discards the copy,
    /// because a Worker of an earlier version of the service, which had no copies, changes rows
    /// without putting the object on hold. The answer is empty.
    Outdate { version: u64, until: u64 },
    /// Does what [`forget`](crate::ports::SessionStore::forget) does. The answer is empty.
    Forget,
    /// Does what [`revocation`](crate::ports::SessionStore::revocation) does. The answer is
    /// [`Revocation`](crate::domain::session::Revocation).
    Revocation { session: SessionId, now: u64 },
}

/// The answer to a renewal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Renewed {
    pub(super) verdict: Verdict,
    pub(super) ticket: Option<RefreshTicket>,
}

impl From<&Decision> for Renewed {
    fn from(decision: &Decision) -> Self {
        Self {
            verdict: decision.verdict,
            ticket: decision.ticket,
        }
    }
}

/// The answer that the object gives from its copy of the user's row. If the object may not use a
/// copy, it says instead that the Worker has to read the row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ByCopy<T> {
    Answer(T),
    Need(Need),
}

/// The answer to a renewal that used the object's copy. `row` is that copy. It is `None` if the
/// session has ended, because then the verdict does not depend on the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RenewedByCopy {
    pub(super) renewed: Renewed,
    pub(super) row: Option<UserCopy>,
}

/// The client that was last seen using a session, as the object stores it: User-Agent, network,
/// country and city, separated by tabs. No field contains a tab, and an unknown field is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen(pub(super) String);

impl From<&Client> for Seen {
    fn from(client: &Client) -> Self {
        let Place { country, city } = client.place();
        let network = client.network();
        let fields = [
            client.user_agent(),
            &network,
            country.as_deref().unwrap_or_default(),
            city.as_deref().unwrap_or_default(),
        ];
        Self(fields.join("\t"))
    }
}

impl Seen {
    /// The session with this id, whose last use was by this client.
    pub(super) fn session(
        &self,
        id: SessionId,
        holder: &Holder,
        last_used_at: u64,
    ) -> ActiveSession {
        let mut fields = self.0.split('\t');
        let mut field = || fields.next().unwrap_or_default();
        let (user_agent, network) = (field().to_owned(), field().to_owned());
        let (country, city) = (field(), field());
        let known = |text| Some(text).filter(|text: &&str| !text.is_empty());
        ActiveSession {
            id,
            last_used_at,
            user_agent,
            network,
            place: Place::new(known(country), known(city)),
            app: holder.client(),
            sign_on: holder.sign_on(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::domain::account::UserId;
    use crate::domain::authorization::{ClientId, Exchanged};
    use crate::domain::json;
    use crate::domain::policy::MAX_TICKET_SECRETS;
    use crate::domain::session::{
        AppBinding, ClientFingerprint, Fingerprints, Generation, Proof, Proved, Reuse, Revocation,
        Use,
    };

    fn sent<T: Serialize + DeserializeOwned>(value: &T) -> T {
        json::decode(&json::encode(value)).unwrap()
    }

    fn client() -> Client {
        Client::new(Some("203.0.113.9"), Some("a\t1\n\u{e9}"))
            .at(Place::new(None, Some("S\u{e3}o Paulo")))
    }

    fn session() -> SessionId {
        SessionId::new(2, &[2; 10])
    }

    fn ticket() -> RefreshTicket {
        RefreshTicket {
            user: UserId::new(1, &[1; 10]),
            session: session(),
            epoch: 3,
            counter: u32::MAX,
            expires_at: u64::MAX,
            proof: Proof::by_password(6),
            sign_on: None,
        }
    }

    fn client_hash() -> ClientHash {
        ClientId::parse("app").unwrap().hash()
    }

    fn app(sign_on: Option<SessionId>) -> AppBinding {
        AppBinding {
            client: client_hash(),
            sign_on,
        }
    }

    fn row() -> UserCopy {
        UserCopy {
            version: u64::MAX,
            epoch: u32::MAX,
            roles: vec!["admin".to_owned(), "user".to_owned()],
            email: "\u{e9}\t@example.com".to_owned(),
            email_canonical: "\u{e9}@example.com".to_owned(),
            email_verified: true,
            disabled: false,
        }
    }

    fn rules(reuse: Reuse) -> Rules {
        Rules {
            grace: 1,
            rotate_after: 2,
            reuse,
            session_ttl: 3,
            idle_ttl: 4,
        }
    }

    #[test]
    fn a_call_arrives_as_it_was_sent() {
        let mut by = [ClientFingerprint([1, 2, 3, 255]); MAX_TICKET_SECRETS];
        by[3] = ClientFingerprint([255; 4]);
        let by = Some(Fingerprints::from_array(by));
        let renew = |by, reuse, standing| Call::Renew {
            presented: Presented {
                ticket: ticket(),
                by,
                now: 5,
                app: None,
            },
            rules: rules(reuse),
            standing,
            seen: Seen::from(&client()),
        };
        let standing = |disabled| Some(Standing { epoch: 0, disabled });
        let begin = |most| Call::Begin {
            session: session(),
            epoch: 1,
            lives_until: 2,
            most,
            now: 3,
            seen: Seen::from(&Client::default()),
            version: most.map(|_| 7),
            holder: most.map_or(Holder::default(), |_| Holder::App(app(Some(session())))),
        };
        let need = |generation| Need {
            generation,
            asked_at: 9,
        };
        let generation = Some(Generation::new([0, 1, 2, 3, 252, 253, 254, 255]));
        let end = |reason| Call::End {
            session: session(),
            reason,
            now: 1_767_225_600,
            holder: (reason == EndReason::LoggedOut).then(Holder::default),
        };
        for call in [
            begin(None),
            begin(Some(100)),
            renew(by, Reuse::Strict, None),
            renew(None, Reuse::SameClient, standing(false)),
            renew(by, Reuse::SameClient, standing(true)),
            renew(by, Reuse::SameClient, standing(false)),
            end(EndReason::LoggedOut),
            end(EndReason::Reused),
            end(EndReason::Replaced),
            Call::EndClient {
                client: client_hash(),
                now: 1,
            },
            Call::Exchange {
                code: CodeId::new([9; 16]),
                session: session(),
                sign_on: None,
                until: 1,
            },
            Call::Exchange {
                code: CodeId::new([255; 16]),
                session: session(),
                sign_on: Some(session()),
                until: u64::MAX,
            },
            Call::Prove {
                ticket: ticket(),
                rules: rules(Reuse::Strict),
                now: 7,
            },
            Call::List { epoch: 1, now: 2 },
            Call::Outdate {
                version: 1,
                until: 2,
            },
            Call::Forget,
            Call::RenewByCopy {
                presented: Presented {
                    ticket: ticket(),
                    by,
                    now: 5,
                    app: Some(app(None)),
                },
                rules: rules(Reuse::Strict),
                seen: Seen::from(&client()),
                since: 1,
            },
            Call::RenewByRow {
                presented: Presented {
                    ticket: RefreshTicket {
                        sign_on: Some(session()),
                        ..ticket()
                    },
                    by,
                    now: 5,
                    app: Some(app(Some(session()))),
                },
                rules: rules(Reuse::Strict),
                seen: Seen::from(&client()),
                since: 1,
                row: Some(row()),
                need: need(generation),
            },
            Call::CheckByCopy {
                session: session(),
                since: 1,
            },
            Call::CheckByRow {
                session: session(),
                since: 1,
                row: None,
                need: need(None),
            },
            Call::Hold,
            Call::ForgetCopy,
            Call::HasSignedOff { sign_on: session() },
            Call::Revocation {
                session: session(),
                now: 1,
            },
        ] {
            assert_eq!(sent(&call), call);
        }
    }

    #[test]
    fn an_answer_arrives_as_it_was_sent() {
        let used = |by| Use {
            counter: 7,
            first_at: 8,
            by,
        };
        for verdict in [
            Verdict::Kept,
            Verdict::Fresh(used(Some(ClientFingerprint([9; 4])))),
            Verdict::Unseen(used(None)),
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
            for ticket in [None, Some(ticket())] {
                let renewed = Renewed { verdict, ticket };
                assert_eq!(sent(&renewed), renewed);
                let by_copy = ByCopy::Answer(RenewedByCopy {
                    renewed,
                    row: Some(row()),
                });
                assert_eq!(sent(&by_copy), by_copy);
            }
        }
        for proved in [Proved::GoesOn, Proved::Spent, Proved::Over] {
            assert_eq!(sent(&proved), proved);
        }
        for exchanged in [
            Exchanged::First,
            Exchanged::Again(session()),
            Exchanged::SignedOff,
        ] {
            assert_eq!(sent(&exchanged), exchanged);
        }
        for minimum_version in [None, Some(u64::MAX)] {
            let revocation = Revocation {
                ended: minimum_version.is_some(),
                minimum_version,
            };
            assert_eq!(sent(&revocation), revocation);
            let by_copy = ByCopy::Answer(revocation);
            assert_eq!(sent(&by_copy), by_copy);
        }
        let need = ByCopy::<Revocation>::Need(Need {
            generation: None,
            asked_at: 1,
        });
        assert_eq!(sent(&need), need);
    }

    #[test]
    fn a_session_is_read_as_it_was_seen() {
        for client in [client(), Client::default()] {
            let id = SessionId::new(7, &[7; 10]);
            let sign_on = Some(SessionId::new(6, &[6; 10]));
            for holder in [
                Holder::default(),
                Holder::Browser { sign_on },
                Holder::App(app(None)),
                Holder::App(app(sign_on)),
            ] {
                let session = Seen::from(&client).session(id, &holder, 9);
                assert_eq!(session, ActiveSession::now(id, &holder, &client, 9));
                assert_eq!(sent(&session), session);
            }
        }
    }

    /// This version of the service understands the call for a login in the format of an earlier
    /// version, which had no copies.
    #[test]
    fn a_login_of_the_version_before_is_understood() {
        let text = r#"{"begin":{"session":"019b76da-a800-7101-8101-010101010101","epoch":1,"lives_until":2,"most":null,"now":3,"seen":""}}"#;
        let call = json::decode::<Call>(text);
        assert!(matches!(call, Some(Call::Begin { version: None, .. })));
    }

    /// This version also understands calls of the version before apps, which name neither an app
    /// nor a sign-on.
    #[test]
    fn calls_of_the_version_before_apps_are_understood() {
        let text = r#"{"begin":{"session":"019b76da-a800-7101-8101-010101010101","epoch":1,"lives_until":2,"most":null,"now":3,"seen":"","version":7}}"#;
        let Some(Call::Begin { holder, .. }) = json::decode::<Call>(text) else {
            panic!("it is a login");
        };
        assert_eq!(holder, Holder::default());
        let call = Call::RenewByCopy {
            presented: Presented {
                ticket: ticket(),
                by: None,
                now: 5,
                app: None,
            },
            rules: rules(Reuse::Strict),
            seen: Seen::from(&Client::default()),
            since: 0,
        };
        let text = json::encode(&call);
        assert!(!text.contains("sign_on") && !text.contains("app"), "{text}");
        assert_eq!(json::decode::<Call>(&text), Some(call));
    }

    #[test]
    fn an_invalid_call_is_an_error() {
        for text in [
            "",
            "{}",
            "begin",
            r#""begin""#,
            r#"{"drop":{}}"#,
            r#"{"list":{"epoch":-1,"now":1}}"#,
            r#"{"list":{"epoch":4294967296,"now":1}}"#,
            r#"{"list":{"epoch":1}}"#,
            r#"{"revocation":{"session":"1","now":1}}"#,
            r#"{"end":{"session":"019b76da-a800-7101-8101-010101010101","reason":"x","now":1}}"#,
            // Calls in the format of an earlier version.
            "list\t1\t1",
            "forget",
        ] {
            assert_eq!(json::decode::<Call>(text), None, "{text}");
        }
    }
}
