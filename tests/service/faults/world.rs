//! A service whose ports fail at a chosen call, with two accounts.

use std::cell::RefCell;
use std::rc::Rc;

use edgegate::adapters::kv_sessions::KvSessions;
use edgegate::adapters::kv_sessions::RevocationMemory;
use edgegate::adapters::memory::{
    ManualClock, MemoryBackground, MemoryKeyValue, MemorySessions, NoSleep, SeededRandom,
};
use edgegate::domain::account::{PasswordHash, User, UserId};
use edgegate::domain::error::Error;
use edgegate::domain::mail::{Job, Locale, Message};
use edgegate::domain::operator::Scope;
use edgegate::ports::{Clock, DeadLetter, MailLedger, SessionStore, UserDirectory};
use edgegate::service::manage_users::Invitee;
use edgegate::service::{AuthService, Login, Shared, SignedIn};

use super::ports::{Faulty, FaultyPorts, Line};
use crate::fixture::{ADA, PASSWORD, ROOT, client, settings};

pub(super) type Kv =
    KvSessions<Faulty<MemoryKeyValue>, SeededRandom, NoSleep, MemoryBackground, MemorySessions>;

pub(super) struct World<S> {
    pub(super) service: AuthService<FaultyPorts<S>>,
    pub(super) line: Line,
    pub(super) clock: ManualClock,
}

/// An invitation to an address without an account.
pub(super) const GRACE_INVITED: Invitee<'_> = Invitee {
    email: "grace@example.com",
    first_name: None,
    last_name: None,
};

/// What a case has prepared before its use case runs.
pub(super) struct Facts {
    pub(super) ada: SignedIn,
    pub(super) root: SignedIn,
    /// A link's ticket, a used token or a job, depending on the case.
    pub(super) thing: String,
}

impl Facts {
    pub(super) fn access(&self) -> &str {
        self.ada.tokens.access_token.expose()
    }
    pub(super) fn admin(&self) -> &str {
        self.root.tokens.access_token.expose()
    }
    pub(super) fn refresh(&self) -> &str {
        self.ada.tokens.refresh_token.expose()
    }
    pub(super) fn id(&self) -> UserId {
        self.ada.user.id
    }
}

pub(super) fn on_memory(changes: &[(&str, &str)]) -> World<Faulty<MemorySessions>> {
    World::new(changes, |line| Faulty {
        inner: MemorySessions::default(),
        line: line.clone(),
    })
}

pub(super) fn on_kv(changes: &[(&str, &str)]) -> World<Kv> {
    World::new(changes, |line| {
        let kv = Faulty {
            inner: MemoryKeyValue::default(),
            line: line.clone(),
        };
        let memory: Rc<RefCell<RevocationMemory>> = Rc::default();
        let random = SeededRandom::default();
        {
            let codes = Some(MemorySessions::default());
            KvSessions::new(
                kv,
                random,
                NoSleep,
                MemoryBackground::default(),
                memory,
                codes,
            )
        }
    })
}

impl<S: SessionStore> World<S> {
    fn new(changes: &[(&str, &str)], sessions: impl Fn(&Line) -> S) -> Self {
        let (line, clock) = (Line::default(), ManualClock::default());
        let ports = FaultyPorts::new(sessions(&line), clock.clone(), &line);
        let service = AuthService::new(ports, Rc::new(Shared::new(settings(changes))));
        pollster::block_on(service.add_demo_accounts()).unwrap();
        Self {
            service,
            line,
            clock,
        }
    }

    pub(super) async fn facts(&self, thing: String) -> Facts {
        Facts {
            ada: self.log_in(ADA, PASSWORD).await.unwrap(),
            root: self.log_in(ROOT, PASSWORD).await.unwrap(),
            thing,
        }
    }

    pub(super) async fn log_in(&self, email: &str, password: &str) -> Result<SignedIn, Error> {
        let login = Login { email, password };
        self.service.generate_token(login, &client()).await
    }

    pub(super) async fn can_log_in(&self, email: &str, password: &str) -> bool {
        self.log_in(email, password).await.is_ok()
    }

    pub(super) async fn renews(&self, refresh_token: &str) -> bool {
        self.service
            .renew_token(refresh_token, &client())
            .await
            .is_ok()
    }

    pub(super) async fn accepts(&self, access_token: &str) -> bool {
        self.service
            .is_authorized_by_role(access_token, &["user"])
            .await
    }

    /// Runs the cron job and the queue four times, without advancing the clock. A queued job is
    /// delivered at once, whatever its delay. Returns the mails that were sent.
    pub(super) async fn mails(&self) -> Vec<Message> {
        for _ in 0..4 {
            self.service.retry_kept_mail(true).await.unwrap();
            for job in self.service.ports().queue.inner.take() {
                let text = job.encode();
                self.service.deliver_from_queue(&text, &job.id).await;
            }
        }
        self.service.ports().mailer.inner.take()
    }

    /// Delivers the queued mails, and returns the ticket in the mail to this address.
    pub(super) async fn ticket(&self, to: &str) -> String {
        let mails = self.mails().await;
        let mail = mails.iter().find(|mail| mail.to.as_given() == to);
        crate::fixture::ticket(mail.expect("a mail"))
    }

    /// Requests a reset, and takes its job out of the queue. Returns the job as text.
    pub(super) async fn reset_job(&self) -> String {
        let client = client();
        let asked = self.service.reset_password(ADA, &client, Locale::English);
        asked.await.unwrap();
        self.service.ports().queue.inner.take()[0].encode()
    }

    /// Stores the job of a reset in the ledger. It is due now.
    pub(super) async fn keep_due_letter(&self) {
        let job = self.reset_job().await;
        let job = Job::decode(&job).unwrap();
        let letter = DeadLetter {
            id: job.id.clone(),
            job: job.encode(),
            reason: "the provider was down".to_owned(),
            tries: 1,
            failed_at: job.asked_at,
            retry_at: Some(job.asked_at),
        };
        let ledger = &self.service.ports().ledger.inner;
        ledger.keep(&letter).await.unwrap();
    }

    /// Makes an operator ticket with every scope.
    pub(super) fn operator(&self) -> String {
        let ports = self.service.ports();
        let scopes = Scope::ALL.map(Scope::as_str).join(" ");
        let now = ports.clock.now_ms() / 1000;
        crate::fixture::operator_ticket(&ports.operator_tickets.inner, 1, &scopes, now)
    }

    /// Creates an operator ticket, and with it an account without a password. The account's first
    /// invitation has been mailed.
    pub(super) async fn invited(&self) -> (UserId, String) {
        let ticket = self.operator();
        let user = self
            .service
            .create_user(&ticket, GRACE_INVITED, None, Locale::English)
            .await
            .unwrap();
        self.mails().await;
        // After two minutes, the mailbox may get the next mail.
        self.clock.advance(120);
        (user.id, ticket)
    }

    /// Makes the user's password look as if it was hashed with older parameters.
    pub(super) async fn age_password(&self, user: &User) {
        let old = PasswordHash::new(format!("old {}", user.password_hash.as_str()));
        let users = &self.service.ports().users.inner;
        users
            .rehash(user.id, &user.password_hash, &old)
            .await
            .unwrap();
    }

    pub(super) async fn reset_ticket(&self) -> String {
        let client = client();
        let asked = self.service.reset_password(ADA, &client, Locale::English);
        asked.await.unwrap();
        self.ticket(ADA).await
    }
}
