//! Requests mails. Counts each request against the limits and queues a job. The mail is written
//! later, when the job is delivered.

use super::AuthService;
use crate::domain::account::{EmailAddress, User, UserId};
use crate::domain::app_request_id::AppRequestId;
use crate::domain::error::{Error, FieldProblem};
use crate::domain::event::{Act, Whose};
use crate::domain::mail::{
    Counted, GateVerdict, Job, Locale, NoticedAct, Pool, Rank, RouteClass, Task, job_id_of,
};
use crate::domain::policy::MAIL_LARGER_NETWORK_PART;
use crate::domain::session::{Caller, Client, Credentials};
use crate::domain::settings::MailRoute;
use crate::ports::{MailGate, MailQueue, Ports};

/// The options of a requested mail. A [`Locale`] can be converted into options that contain only
/// the locale.
#[derive(Clone, Copy, Debug)]
pub struct MailOptions {
    /// The language of the mail.
    pub locale: Locale,
    /// The id under which the page has stored an app's authorization request. The link in the mail
    /// contains the id.
    pub app_request: Option<AppRequestId>,
}

impl From<Locale> for MailOptions {
    fn from(locale: Locale) -> Self {
        Self {
            locale,
            app_request: None,
        }
    }
}

impl<P: Ports> AuthService<P> {
    /// Counts a request for a mail, and queues the mail.
    ///
    /// The answer depends on the client and on the kind of mail, never on the address.
    ///
    /// # Errors
    /// - [`Error::NoMailProvider`].
    /// - [`Error::RateLimited`]: the client's network asks too often.
    /// - [`Error::Store`]: the request could not be counted or queued.
    pub(super) async fn ask_for_mail(
        &self,
        task: Task,
        caller: Caller<'_>,
        options: MailOptions,
    ) -> Result<(), Error> {
        let pool = self.admit_mail(&task, caller).await?;
        let job = self.job(task, pool, options);
        Ok(self.ports.mail_queue().put(&job, 0).await?)
    }

    /// Counts a request for a mail and chooses the pool (a share of `MAIL_BUDGET`) to which the
    /// mail will be charged. Queues nothing.
    ///
    /// # Errors
    /// Those of [`ask_for_mail`](Self::ask_for_mail).
    pub(super) async fn admit_mail(&self, task: &Task, caller: Caller<'_>) -> Result<Pool, Error> {
        let client = caller.client;
        self.mail_is_possible()?;
        let Some(class) = task.class() else {
            return Ok(Pool::None);
        };
        if !self.settings().limits {
            return Ok(Pool::First);
        }
        // A trusted caller does not say from which networks its clients' requests come, so there is
        // no network to count.
        if !client.is_counted() {
            return Ok(Pool::Medium);
        }
        let (gate, keys, now) = (self.ports.mail_gate(), &self.shared.mail_keys, self.now());
        let request = Counted::Request(class);
        let rank = match gate.count(&keys.network(client), request, now).await? {
            GateVerdict::Ranked(rank) => rank,
            GateVerdict::Within => Rank::Rest,
            GateVerdict::Over(wait) => return Err(self.too_many_mails("mail_requests", wait)),
        };
        // A mail to a new address is requested by the signed-in user. The ticket (signed token) of
        // this user proves nothing about the owner of the new address.
        if !matches!(task, Task::NewAddress { .. })
            && let Some(user) = self.known_user(caller.credentials)
        {
            let known = gate
                .count(&keys.user(user), Counted::KnownMail, now)
                .await?;
            if known == GateVerdict::Within {
                return Ok(Pool::Known(user));
            }
        }
        if rank == Rank::First && !self.is_within_larger_network(class, client).await? {
            return Ok(Pool::Medium);
        }
        Ok(rank.into())
    }

    /// Called if the request is one of the first from the client's network in this hour. Counts the
    /// request also for the larger network that contains the client (/16 for IPv4, /32 for IPv6).
    /// False if the larger network has reached its own limit of such requests.
    async fn is_within_larger_network(
        &self,
        class: RouteClass,
        client: &Client,
    ) -> Result<bool, Error> {
        let budget = self.settings().mail.budget;
        let share = Pool::First.share(class, budget).unwrap_or_default();
        let most = (share / MAIL_LARGER_NETWORK_PART).max(1);
        let name = self.shared.mail_keys.larger_network(client);
        let first = Counted::FirstRequest { class, most };
        let counted = self.ports.mail_gate().count(&name, first, self.now());
        Ok(counted.await? == GateVerdict::Within)
    }

    /// The user of a genuine ticket (the signed token of a device or a session) that the client
    /// presented. Reads no storage. A ticket that is older than the last change of the password is
    /// accepted, because a thief might have changed the password.
    fn known_user(&self, credentials: &Credentials) -> Option<UserId> {
        let now = self.now();
        let device = || {
            let ticket = self.shared.devices.open(credentials.device_token()?)?;
            (now < ticket.expires_at).then_some(ticket.user)
        };
        let session = || {
            let ticket = self
                .shared
                .refresh_tokens
                .open(credentials.session_token()?)?;
            (now < ticket.expires_at).then_some(ticket.user)
        };
        device().or_else(session)
    }

    /// Counts an action of a user for which a notice is mailed. If there were too many, the action
    /// itself is refused, so no action happens without its notice. Without a mail provider there
    /// are no notices, and nothing is counted.
    ///
    /// # Errors
    /// - [`Error::RateLimited`]: the user has already done five such actions in a day.
    /// - [`Error::Store`].
    pub(super) async fn admit_noticed_act(
        &self,
        user: UserId,
        act: NoticedAct,
    ) -> Result<(), Error> {
        if !self.settings().limits || self.mail_is_possible().is_err() {
            return Ok(());
        }
        let name = self.shared.mail_keys.user(user);
        let counted = self
            .ports
            .mail_gate()
            .count(&name, Counted::Act(act), self.now());
        match counted.await? {
            GateVerdict::Over(wait) => {
                Err(self.too_many(act.name(), Whose::User(user), seconds(wait)))
            }
            GateVerdict::Within | GateVerdict::Ranked(_) => Ok(()),
        }
    }

    fn too_many_mails(&self, limit: &'static str, wait: u64) -> Error {
        self.too_many(limit, Whose::Anybodys, seconds(wait))
    }

    /// Notifies a user about their account at a verified address. An address that nobody has
    /// verified gets no notice, because it could be anybody's.
    pub(super) async fn notify_user(&self, user: &User, task: Task, locale: Locale) {
        if user.email_verified_at.is_some() {
            self.notify(task, locale).await;
        }
    }

    /// Queues a mail about something that has happened. If the queue fails, the mail is stored in
    /// the mail ledger for the cron job. If the ledger fails too, the failure is recorded, and the
    /// action that the mail reports is not undone.
    pub(super) async fn notify(&self, task: Task, locale: Locale) {
        self.queue_from(Pool::None, task, locale.into()).await;
    }

    /// Like [`notify`](Self::notify), for a mail that is charged to a pool (a share of
    /// `MAIL_BUDGET`).
    pub(super) async fn queue_from(&self, pool: Pool, task: Task, options: MailOptions) {
        self.notify_by(self.job(task, pool, options)).await;
    }

    /// Like [`notify_user`](Self::notify_user), for a notice that several concurrent requests might
    /// queue. They all give the same `event`, so their jobs have the same id and only one mail is
    /// sent.
    pub(super) async fn notify_user_once(
        &self,
        user: &User,
        task: Task,
        locale: Locale,
        event: &[&[u8]],
    ) {
        if user.email_verified_at.is_some() {
            self.notify_once(task, locale, event).await;
        }
    }

    /// Like [`notify_user_once`](Self::notify_user_once), for a caller that knows that the address
    /// is verified.
    pub(super) async fn notify_once(&self, task: Task, locale: Locale, event: &[&[u8]]) {
        let id = job_id_of(task.name(), event);
        let job = self.job(task, Pool::None, locale.into());
        self.notify_by(Job { id, ..job }).await;
    }

    async fn notify_by(&self, job: Job) {
        let mail = job.task.name();
        if let Err(error) = self.queue_or_keep(job).await {
            self.record(Act::MailNotQueued {
                mail,
                reason: error.to_string(),
            });
        }
    }

    async fn queue_or_keep(&self, job: Job) -> Result<(), Error> {
        self.mail_is_possible()?;
        let Err(error) = self.ports.mail_queue().put(&job, 0).await else {
            return Ok(());
        };
        let reason = error.to_string();
        let kept = self.keep(&job, &reason, Some(self.now())).await;
        // If both the queue and the ledger fail, the queue's error is reported, because the queue
        // is what has to be repaired.
        kept.map_err(|_| error)?;
        self.record(Act::MailKept {
            mail: job.task.name(),
            reason,
        });
        Ok(())
    }

    /// Refuses a request that would send a mail if no mail provider is configured.
    pub(super) fn mail_is_possible(&self) -> Result<(), Error> {
        match self.settings().mail.route {
            MailRoute::None => Err(Error::NoMailProvider),
            MailRoute::Outbox | MailRoute::Via(_) => Ok(()),
        }
    }

    fn job(&self, task: Task, pool: Pool, options: MailOptions) -> Job {
        Job {
            id: uuid::Builder::from_random_bytes(self.random())
                .into_uuid()
                .simple()
                .to_string(),
            asked_at: self.now(),
            locale: options.locale,
            tries: 0,
            pool,
            paid: false,
            request: self.request.get(),
            app_request: options.app_request,
            task,
        }
    }
}

fn seconds(wait: u64) -> u32 {
    u32::try_from(wait).unwrap_or(u32::MAX)
}

/// The typed address, if it is valid.
pub(super) fn typed_address(text: &str) -> Result<EmailAddress, Error> {
    EmailAddress::parse(text)
        .map_err(|why| Error::Field("email", FieldProblem::Invalid(why.reason())))
}
