//! A waiting job and a stored ticket do what their requester was allowed to do at the time of the
//! request, and no more. A table in `docs/storage.md` says what each may do and what ends it. This
//! test makes changes to the account between the request and the action, in every order, and
//! compares the result with the table.

use std::collections::BTreeMap;
use std::rc::Rc;

use edgegate::adapters::memory::{
    ManualClock, MemoryPorts, MemorySessions, MemoryUsers, NoLimits, SeededRandom,
};
use edgegate::domain::account::{DeviceTicket, EmailAddress, User, UserId};
use edgegate::domain::mail::{Job, Locale, Message, Pool, Task};
use edgegate::domain::policy::{
    DEAD_LETTER_TTL, DEVICE_TTL, HOUR, LINK_JOB_TTL, RESET_LINK_TTL, SESSION_IDLE_TTL,
    VERIFICATION_LINK_TTL,
};
use edgegate::domain::ticket::Purpose;
use edgegate::ports::{Clock, DeadLetter, MailLedger, UserDirectory};
use edgegate::service::{AuthService, Login, NewAccount, Registered, Shared, SignedIn};

use crate::count;
use crate::faults::PlainHasher;
use crate::fixture::{ROOT, client, settings, ticket};

const HOME: &str = "grace@example.com";
const OTHER: &str = "grace@example.org";
const THIRD: &str = "grace@example.net";
const FIRST_PASSWORD: &str = "correct horse battery staple";

type Service = AuthService<
    MemoryPorts<MemorySessions, ManualClock, SeededRandom, MemoryUsers, PlainHasher, NoLimits>,
>;

// --- The rows: one for each job and each ticket. ---

/// The job after this one. A new variant does not compile until it has a place here, and then the
/// test fails until the table has its row.
fn next_task(task: &Task) -> Option<Task> {
    let email = || EmailAddress::parse(HOME).unwrap();
    let user = UserId::new(1, &[1; 10]);
    let state = edgegate::domain::link::State::parse(&"0".repeat(32)).unwrap();
    Some(match task {
        Task::Reset { .. } => Task::Registration {
            email: email(),
            first_name: None,
            last_name: None,
        },
        Task::Registration { .. } => Task::Verification { email: email() },
        Task::Verification { .. } => Task::Invitation { user, state },
        Task::Invitation { .. } => Task::NewAddress {
            user,
            email: email(),
            state,
        },
        Task::NewAddress { .. } => Task::AddressChangeAsked { to: email() },
        Task::AddressChangeAsked { .. } => Task::AddressChanged { to: email() },
        Task::AddressChanged { .. } => Task::PasswordChanged { to: email() },
        Task::PasswordChanged { .. } => Task::AccountDeleted { to: email() },
        Task::AccountDeleted { .. } => Task::SessionEnded {
            to: email(),
            device: None,
            place: None,
        },
        Task::SessionEnded { .. } => return None,
    })
}

fn tasks() -> Vec<Task> {
    let email = EmailAddress::parse(HOME).unwrap();
    let first = Task::Reset { email };
    std::iter::successors(Some(first), next_task).collect()
}

/// The ticket after this one, in the same way.
fn next_purpose(purpose: &Purpose) -> Option<Purpose> {
    Some(match purpose {
        Purpose::Refresh => Purpose::Reset,
        Purpose::Reset => Purpose::Registration,
        Purpose::Registration => Purpose::Verification,
        Purpose::Verification => Purpose::NewAddress,
        Purpose::NewAddress => Purpose::Device,
        Purpose::Device => return None,
    })
}

fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Refresh => "refresh token",
        Purpose::Reset => "reset link",
        Purpose::Registration => "registration link",
        Purpose::Verification => "verification link",
        Purpose::NewAddress => "new address link",
        Purpose::Device => "device ticket",
    }
}

/// A job, or a ticket that was handed out.
#[derive(Clone)]
enum Subject {
    Job(Task),
    Ticket(Purpose),
}

impl Subject {
    fn all() -> Vec<Self> {
        let purposes = std::iter::successors(Some(Purpose::Refresh), next_purpose);
        let tickets = purposes.map(Self::Ticket);
        tasks().into_iter().map(Self::Job).chain(tickets).collect()
    }

    fn name(&self) -> String {
        match self {
            Self::Job(task) => format!("job `{}`", task.name()),
            Self::Ticket(purpose) => purpose_name(*purpose).to_owned(),
        }
    }

    /// The accounts that it is tried with.
    fn starts(&self) -> &'static [Start] {
        match self {
            Self::Job(Task::Registration { .. }) | Self::Ticket(Purpose::Registration) => {
                &[Start::Nobody]
            }
            Self::Job(Task::Invitation { .. }) => &[Start::Invited],
            Self::Job(Task::Verification { .. }) | Self::Ticket(Purpose::Verification) => {
                &[Start::Unverified]
            }
            Self::Job(Task::Reset { .. } | Task::NewAddress { .. })
            | Self::Ticket(
                Purpose::Reset | Purpose::NewAddress | Purpose::Refresh | Purpose::Device,
            ) => &[Start::Verified, Start::Unverified],
            Self::Job(
                Task::AddressChangeAsked { .. }
                | Task::AddressChanged { .. }
                | Task::PasswordChanged { .. }
                | Task::AccountDeleted { .. }
                | Task::SessionEnded { .. },
            ) => &[Start::Verified],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Nobody,
    Invited,
    Unverified,
    Verified,
}

/// A row of the table.
struct Row {
    valid_for: u64,
    ended_by: Vec<String>,
    only_while: Vec<String>,
}

const HEADER: [&str; 7] = [
    "what",
    "may",
    "authorised by",
    "as of",
    "valid for",
    "ended for good by",
    "only while",
];

/// The words of the column "ended for good by".
const ENDS: [&str; 7] = [
    "password",
    "password once verified",
    "address",
    "epoch",
    "verified",
    "disabled",
    "deleted",
];

/// The words of the column "only while".
const WHILE: [&str; 3] = ["enabled", "at this address", "no account"];

fn table() -> BTreeMap<String, Row> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/storage.md"));
    let text = text.unwrap();
    let (_, section) = text
        .split_once("## What waits, and what ends it\n")
        .expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim().trim_start_matches('|').trim_end_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = section.lines().filter(|line| line.starts_with('|'));
    assert_eq!(cells(lines.next().unwrap()), HEADER);
    lines.next();
    let words = |cell: &str, known: &[&str]| -> Vec<String> {
        let words = cell.split(", ").filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_owned).collect();
        for word in &words {
            assert!(known.contains(&word.as_str()), "unknown: {word}");
        }
        words
    };
    let mut rows = BTreeMap::new();
    for line in lines {
        let row = cells(line);
        let [what, may, word, from, valid_for, ended_by, only_while] = row.as_slice() else {
            panic!("{} cells: {line}", row.len());
        };
        assert!(
            ![may, word, from].iter().any(|cell| cell.is_empty()),
            "{line}"
        );
        let row = Row {
            valid_for: match valid_for.as_str() {
                "`LINK_JOB_TTL`" => LINK_JOB_TTL,
                "`DEAD_LETTER_TTL`" => DEAD_LETTER_TTL,
                "`RESET_LINK_TTL`" => RESET_LINK_TTL,
                "`VERIFICATION_LINK_TTL`" => VERIFICATION_LINK_TTL,
                "`SESSION_IDLE_TTL`" => SESSION_IDLE_TTL,
                "`DEVICE_TTL`" => DEVICE_TTL,
                other => panic!("unknown time: {other}"),
            },
            ended_by: words(ended_by, &ENDS),
            only_while: words(only_while, &WHILE),
        };
        assert!(rows.insert(what.clone(), row).is_none(), "twice: {what}");
    }
    rows
}

#[test]
fn the_table_has_a_row_for_each_job_and_each_ticket() {
    let mut names: Vec<String> = Subject::all().iter().map(Subject::name).collect();
    names.sort();
    let rows: Vec<String> = table().into_keys().collect();
    assert_eq!(rows, names);
}

// --- What happens between the request and the action. ---

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    ChangePassword,
    ResetPassword,
    MoveAway,
    MoveBack,
    RevokeAll,
    Disable,
    Enable,
    Verify,
    Delete,
    Register,
}

const EVENTS: [Event; 10] = [
    Event::ChangePassword,
    Event::ResetPassword,
    Event::MoveAway,
    Event::MoveBack,
    Event::RevokeAll,
    Event::Disable,
    Event::Enable,
    Event::Verify,
    Event::Delete,
    Event::Register,
];

/// All sequences of at most `most` different events.
fn sequences(most: usize) -> Vec<Vec<Event>> {
    let mut all = vec![Vec::new()];
    let mut longest = all.clone();
    for _ in 0..most {
        longest = longest
            .iter()
            .flat_map(|sequence: &Vec<Event>| {
                EVENTS
                    .iter()
                    .filter(|event| !sequence.contains(event))
                    .map(|event| [sequence.as_slice(), &[*event]].concat())
            })
            .collect();
        all.extend(longest.clone());
    }
    all
}

/// A service, and what the test knows about the account.
struct World {
    service: Service,
    clock: ManualClock,
    begun: u64,
    /// The current account, if there is one.
    user: Option<UserId>,
    password: String,
    passwords: u32,
}

fn shared(start: Start) -> Rc<Shared> {
    let registration = match start {
        Start::Unverified | Start::Verified => "open",
        Start::Nobody | Start::Invited => "verified",
    };
    let changes = [("REGISTRATION", registration), ("LIMITS", "off")];
    Rc::new(Shared::new(settings(&changes)))
}

impl World {
    async fn new(start: Start, shared: &Rc<Shared>) -> Self {
        let clock = ManualClock::default();
        let ports = MemoryPorts {
            users: MemoryUsers::default(),
            sessions: MemorySessions::default(),
            hasher: PlainHasher,
            password_guard: Default::default(),
            limiter: NoLimits,
            clock: clock.clone(),
            random: SeededRandom::default(),
            events: Default::default(),
            mail_queue: Default::default(),
            mail_gate: Default::default(),
            mailer: Default::default(),
            mail_ledger: Default::default(),
            devices: Default::default(),
            signatures: Default::default(),
            vendors: Default::default(),
        };
        let service = AuthService::new(ports, Rc::clone(shared));
        service.add_demo_accounts().await.unwrap();
        let mut world = Self {
            begun: clock.now_ms() / 1000,
            service,
            clock,
            user: None,
            password: FIRST_PASSWORD.to_owned(),
            passwords: 0,
        };
        match start {
            Start::Nobody => {}
            Start::Invited => world.invite().await,
            Start::Unverified => world.register().await,
            Start::Verified => {
                world.register().await;
                world.verify().await;
            }
        }
        world.drop_mail();
        // The request comes later, not in the same second.
        world.clock.advance(1);
        world.begun = world.now();
        world
    }

    fn now(&self) -> u64 {
        self.clock.now_ms() / 1000
    }

    fn users(&self) -> &MemoryUsers {
        &self.service.ports().users
    }

    fn drop_mail(&self) {
        let ports = self.service.ports();
        drop(ports.mail_queue.take());
        drop(ports.mailer.take());
    }

    async fn row(&self) -> Option<User> {
        self.users().find_by_id(self.user?).await.unwrap()
    }

    async fn holder(&self) -> Option<User> {
        let email = EmailAddress::parse(HOME).unwrap();
        self.users().find_by_email(&email).await.unwrap()
    }

    async fn deliver(&self, job: &Job) -> Option<Message> {
        let text = job.encode();
        self.service.deliver_from_queue(&text, &job.id).await;
        let mut mails = self.service.ports().mailer.take();
        assert!(mails.len() <= 1, "{mails:?}");
        mails.pop()
    }

    /// Keeps the job as a dead letter immediately, and returns the mail that is sent when an
    /// operator retries it.
    async fn deliver_dead_letter(&self, job: &Job, at: u64) -> Option<Message> {
        let ledger = &self.service.ports().mail_ledger;
        let mut letter = DeadLetter {
            id: job.id.clone(),
            job: job.encode(),
            reason: "no such sender".to_owned(),
            tries: 1,
            failed_at: self.now(),
            retry_at: None,
        };
        ledger.keep(&letter).await.unwrap();
        self.wait_until(at);
        letter.retry_at = Some(0);
        ledger.keep(&letter).await.unwrap();
        self.service.retry_kept_mail(false).await.unwrap();
        let mut mails = self.service.ports().mailer.take();
        assert!(mails.len() <= 1, "{mails:?}");
        mails.pop()
    }

    /// Delivers what an event has queued, and returns the ticket in the first mail to this address.
    async fn ticket_to(&self, address: &str) -> String {
        let mut found = None;
        for job in self.service.ports().mail_queue.take() {
            let mail = self.deliver(&job).await;
            found = found.or(mail.filter(|mail| mail.to.as_given() == address));
        }
        ticket(&found.unwrap_or_else(|| panic!("no mail to {address}")))
    }

    fn wait_until(&self, at: u64) {
        self.clock.advance(at.saturating_sub(self.now()));
    }

    async fn log_in_as(&self, email: &str, password: &str) -> SignedIn {
        let login = Login { email, password };
        self.service.generate_token(login, &client()).await.unwrap()
    }

    async fn log_in(&self) -> SignedIn {
        let user = self.row().await.unwrap();
        self.log_in_as(user.email.as_given(), &self.password).await
    }

    async fn admin(&self) -> String {
        let root = self.log_in_as(ROOT, FIRST_PASSWORD).await;
        root.tokens.access_token.expose().to_owned()
    }

    fn new_password(&mut self) -> String {
        self.passwords += 1;
        format!("an analytical engine, number {}", self.passwords)
    }

    async fn invite(&mut self) {
        let invitee = edgegate::service::manage_users::Invitee {
            email: HOME,
            first_name: None,
            last_name: None,
        };
        let admin = self.admin().await;
        let user = self
            .service
            .create_user(&admin, invitee, None, Locale::English)
            .await;
        self.user = Some(user.unwrap().id);
    }

    async fn register(&mut self) {
        let open =
            self.service.settings().registration == edgegate::domain::settings::Registration::Open;
        let account = NewAccount {
            email: HOME,
            password: open.then_some(FIRST_PASSWORD),
            first_name: None,
            last_name: None,
        };
        let registered = self
            .service
            .register(account, &client(), Locale::English)
            .await
            .unwrap();
        self.password = FIRST_PASSWORD.to_owned();
        self.user = Some(match registered {
            Registered::SignedIn(signed_in) => signed_in.user.id,
            Registered::Asked => {
                let link = self.ticket_to(HOME).await;
                let user = self
                    .service
                    .verify_email(&link, FIRST_PASSWORD, &client(), Locale::English)
                    .await;
                user.unwrap().id
            }
        });
    }

    async fn verify(&mut self) {
        let email = self.row().await.unwrap().email;
        self.drop_mail();
        self.service
            .resend_verification(email.as_given(), &client(), Locale::English)
            .await
            .unwrap();
        let link = self.ticket_to(email.as_given()).await;
        if !self.row().await.unwrap().has_password() {
            self.password = self.new_password();
        }
        self.service
            .verify_email(&link, &self.password, &client(), Locale::English)
            .await
            .unwrap();
    }

    async fn move_to(&mut self, address: &str) {
        let token = self.log_in().await.tokens.access_token;
        self.drop_mail();
        self.service
            .change_email(
                token.expose(),
                address,
                &self.password,
                &client(),
                Locale::English,
            )
            .await
            .unwrap();
        let link = self.ticket_to(address).await;
        self.service
            .confirm_email(&link, &client(), Locale::English)
            .await
            .unwrap();
    }

    /// Makes the event happen if it can. Returns the table's words for what happened.
    async fn happens(&mut self, event: Event) -> Option<Vec<&'static str>> {
        let user = self.row().await;
        let enabled = user.as_ref().filter(|user| user.disabled_at.is_none());
        let signs_in = enabled.filter(|user| user.has_password());
        let is_home = |user: &User| user.email.as_given() == HOME;
        let verified = user
            .as_ref()
            .is_some_and(|user| user.email_verified_at.is_some());
        let mut facts = Vec::new();
        match event {
            Event::ChangePassword => {
                signs_in?;
                let token = self.log_in().await.tokens.access_token;
                let new = self.new_password();
                self.service
                    .change_password(
                        token.expose(),
                        &self.password,
                        &new,
                        &client(),
                        Locale::English,
                    )
                    .await
                    .unwrap();
                self.password = new;
                facts.extend(["password", "epoch"]);
                facts.extend(verified.then_some("password once verified"));
            }
            Event::ResetPassword => {
                let email = enabled?.email.clone();
                self.drop_mail();
                self.service
                    .reset_password(email.as_given(), &client(), Locale::English)
                    .await
                    .unwrap();
                let link = self.ticket_to(email.as_given()).await;
                let new = self.new_password();
                self.service
                    .confirm_reset(&link, &new, &client(), Locale::English)
                    .await
                    .unwrap();
                self.password = new;
                facts.extend(["password", "epoch"]);
                facts.push(if verified {
                    "password once verified"
                } else {
                    "verified"
                });
            }
            Event::MoveAway => {
                signs_in.filter(|user| is_home(user))?;
                self.move_to(OTHER).await;
                facts.push("address");
                facts.extend((!verified).then_some("verified"));
            }
            Event::MoveBack => {
                signs_in.filter(|user| !is_home(user))?;
                if self.holder().await.is_some() {
                    return None;
                }
                self.move_to(HOME).await;
                facts.push("address");
            }
            Event::RevokeAll => {
                let id = user.as_ref()?.id;
                self.service.revoke_tokens(id).await.unwrap();
                facts.push("epoch");
            }
            Event::Disable | Event::Enable => {
                let disabled = event == Event::Disable;
                let id = user
                    .as_ref()
                    .filter(|user| user.disabled_at.is_some() != disabled)?
                    .id;
                let amendment = edgegate::service::manage_users::Amendment {
                    disabled: Some(disabled),
                    ..Default::default()
                };
                let admin = self.admin().await;
                self.service
                    .amend_user(&admin, id, amendment)
                    .await
                    .unwrap();
                if disabled {
                    facts.extend(["disabled", "epoch"]);
                }
            }
            Event::Verify => {
                enabled.filter(|_| !verified)?;
                self.verify().await;
                facts.push("verified");
                if signs_in.is_none() {
                    facts.extend(["password", "epoch"]);
                }
            }
            Event::Delete => {
                let id = user.as_ref()?.id;
                let admin = self.admin().await;
                self.service
                    .delete_account(&admin, id, Locale::English)
                    .await
                    .unwrap();
                facts.push("deleted");
            }
            Event::Register => {
                if user.is_some() || self.holder().await.is_some() {
                    return None;
                }
                self.drop_mail();
                self.register().await;
            }
        }
        self.drop_mail();
        Some(facts)
    }
}

// --- The request and the action. ---

/// What was requested, before anything happens.
enum Asked {
    Job(Job),
    Link(Purpose, String),
    Device(DeviceTicket),
}

async fn ask(world: &World, subject: &Subject) -> Asked {
    let service = &world.service;
    let (client, locale) = (client(), Locale::English);
    let kind = match subject {
        Subject::Job(task) => task.name(),
        Subject::Ticket(Purpose::Refresh) => {
            let token = world.log_in().await.tokens.refresh_token;
            return Asked::Link(Purpose::Refresh, token.expose().to_owned());
        }
        Subject::Ticket(Purpose::Device) => {
            let user = world.row().await.unwrap();
            return Asked::Device(DeviceTicket::new(&user, [3; 16], world.now()));
        }
        Subject::Ticket(Purpose::Reset) => "reset",
        Subject::Ticket(Purpose::Registration) => "registration",
        Subject::Ticket(Purpose::Verification) => "verification",
        Subject::Ticket(Purpose::NewAddress) => "new_address",
    };
    match kind {
        "reset" => service.reset_password(HOME, &client, locale).await.unwrap(),
        "registration" => {
            let account = NewAccount {
                email: HOME,
                password: None,
                first_name: None,
                last_name: None,
            };
            service.register(account, &client, locale).await.unwrap();
        }
        "verification" => service
            .resend_verification(HOME, &client, locale)
            .await
            .unwrap(),
        "invitation" => {
            let invitee = edgegate::service::manage_users::Invitee {
                email: HOME,
                first_name: None,
                last_name: None,
            };
            // Requested again, since the account exists.
            let admin = world.admin().await;
            let again = service.create_user(&admin, invitee, None, locale).await;
            assert!(again.is_err());
        }
        "new_address" => {
            let token = world.log_in().await.tokens.access_token;
            service
                .change_email(token.expose(), THIRD, &world.password, &client, locale)
                .await
                .unwrap();
        }
        _ => {
            let Subject::Job(task) = subject else {
                panic!("a job that is not a notice")
            };
            return Asked::Job(Job {
                id: "0123456789abcdef0123456789abcdef".to_owned(),
                asked_at: world.now(),
                locale,
                tries: 0,
                pool: Pool::None,
                paid: false,
                request: None,
                task: task.clone(),
            });
        }
    }
    let jobs = service.ports().mail_queue.take();
    let job = jobs.into_iter().find(|job| job.task.name() == kind);
    let job = job.unwrap_or_else(|| panic!("no job {kind}"));
    match subject {
        Subject::Job(_) => Asked::Job(job),
        Subject::Ticket(purpose) => {
            let mail = world.deliver(&job).await.unwrap();
            Asked::Link(*purpose, ticket(&mail))
        }
    }
}

/// Which ticket the mail of a job contains, if any.
fn purpose_of(task: &Task) -> Option<Purpose> {
    match task {
        Task::Reset { .. } | Task::Invitation { .. } => Some(Purpose::Reset),
        Task::Registration { .. } => Some(Purpose::Registration),
        Task::Verification { .. } => Some(Purpose::Verification),
        Task::NewAddress { .. } => Some(Purpose::NewAddress),
        Task::AddressChangeAsked { .. }
        | Task::AddressChanged { .. }
        | Task::PasswordChanged { .. }
        | Task::AccountDeleted { .. }
        | Task::SessionEnded { .. } => None,
    }
}

/// Uses a ticket. Returns whether it worked.
async fn use_ticket(world: &mut World, purpose: Purpose, text: &str) -> bool {
    let password = world.new_password();
    let (service, client, locale) = (&world.service, client(), Locale::English);
    match purpose {
        Purpose::Refresh => service.renew_token(text, &client).await.is_ok(),
        Purpose::Reset => service
            .confirm_reset(text, &password, &client, locale)
            .await
            .is_ok(),
        Purpose::Registration | Purpose::Verification => service
            .verify_email(text, &password, &client, locale)
            .await
            .is_ok(),
        Purpose::NewAddress => service.confirm_email(text, &client, locale).await.is_ok(),
        Purpose::Device => panic!("not a text here"),
    }
}

/// When the job is delivered, or the ticket used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delay {
    None,
    JustUnderAnHour,
    AnHour,
    /// Jobs wait as dead letters.
    FourteenDays,
}

impl Delay {
    fn seconds(self) -> u64 {
        match self {
            Self::None => 0,
            Self::JustUnderAnHour => HOUR - 1,
            Self::AnHour => HOUR,
            Self::FourteenDays => DEAD_LETTER_TTL,
        }
    }
}

/// Tries one sequence. `None` if one of its events can't happen.
async fn try_one(
    subject: &Subject,
    start: Start,
    events: &[Event],
    delay: Delay,
    row: &Row,
    shared: &Rc<Shared>,
) -> Option<bool> {
    let mut world = World::new(start, shared).await;
    let first = world.user;
    let asked = ask(&world, subject).await;
    let mut ended = false;
    for event in events {
        world.clock.advance(2);
        for fact in world.happens(*event).await? {
            ended |= row.ended_by.iter().any(|word| word == fact);
        }
    }
    let at = world.begun + delay.seconds();
    let holder = world.holder().await;
    let of_first = match first {
        Some(first) => world.users().find_by_id(first).await.unwrap(),
        None => holder.clone(),
    };
    let enabled = of_first
        .as_ref()
        .is_some_and(|user| user.disabled_at.is_none());
    let holds = row.only_while.iter().all(|word| match word.as_str() {
        "enabled" => enabled,
        "at this address" => holder.is_some(),
        "no account" => holder.is_none(),
        other => panic!("{other}"),
    });
    let now = at.max(world.now());
    let age = now - world.begun;
    let what = format!("{}, {start:?}, {events:?}, {delay:?}", subject.name());
    // A reset link to an unverified address is valid as long as a link that verifies it.
    let is_long = matches!(subject, Subject::Ticket(Purpose::Reset)) && start != Start::Verified;
    let valid_for = if is_long {
        VERIFICATION_LINK_TTL
    } else {
        row.valid_for
    };
    // A job of this age is still delivered; a ticket has expired.
    let in_time = match &asked {
        Asked::Job(_) => age <= valid_for,
        Asked::Link(..) | Asked::Device(_) => age < valid_for,
    };
    let expected = !ended && holds && in_time;
    let (purpose, text) = match asked {
        Asked::Device(ticket) => {
            let user = world.row().await;
            let known = user.is_some_and(|user| ticket.is_valid_for(&user, now));
            assert_eq!(known, expected, "{what}");
            return Some(expected);
        }
        Asked::Link(purpose, text) => {
            world.wait_until(at);
            (purpose, text)
        }
        Asked::Job(job) => {
            let mail = if delay == Delay::FourteenDays {
                world.deliver_dead_letter(&job, at).await
            } else {
                world.wait_until(at);
                world.deliver(&job).await
            };
            let Some(purpose) = purpose_of(&job.task) else {
                let mail = mail.filter(|mail| !mail.text.contains('#'));
                assert_eq!(mail.is_some(), expected, "{what}: the mail");
                return Some(expected);
            };
            let linked = mail.as_ref().filter(|mail| mail.text.contains('#'));
            assert_eq!(linked.is_some(), expected, "{what}: a mail with a link");
            // The requester does not own an account that was created after the request: nobody gets
            // a mail.
            assert_eq!(mail.is_some(), expected, "{what}: a mail");
            match linked {
                Some(mail) => (purpose, ticket(mail)),
                None => return Some(expected),
            }
        }
    };
    let worked = use_ticket(&mut world, purpose, &text).await;
    assert_eq!(worked, expected, "{what}: the ticket");
    if purpose != Purpose::Refresh && worked {
        world.clock.advance(1);
        assert!(
            !use_ticket(&mut world, purpose, &text).await,
            "{what}: again"
        );
    }
    Some(expected)
}

#[test]
fn a_delayed_job_has_exactly_the_rights_of_its_request() {
    let rows = table();
    let (short, long) = (sequences(2), sequences(3));
    let (mut tried, mut alive) = (0, 0);
    for subject in Subject::all() {
        let name = subject.name();
        let row = &rows[&name];
        let mut outcomes = [0, 0];
        for start in subject.starts() {
            let shared = shared(*start);
            for (delay, sequences) in [
                (Delay::None, &short),
                (Delay::JustUnderAnHour, &long),
                (Delay::AnHour, &short),
                (Delay::FourteenDays, &short),
            ] {
                for events in sequences {
                    let trial = try_one(&subject, *start, events, delay, row, &shared);
                    if let Some(works) = pollster::block_on(trial) {
                        outcomes[usize::from(works)] += 1;
                    }
                }
            }
        }
        let [dead, works] = outcomes;
        assert!(works > 0, "{name}: nothing works");
        // Nothing ends a notice.
        assert_eq!(dead > 0, !row.ended_by.is_empty(), "{name}: {dead} dead");
        tried += dead + works;
        alive += works;
    }
    let line = format!(
        "{tried} delayed jobs and kept tickets after changes to their account, in every order: \
         {alive} did their work, {} no more",
        tried - alive
    );
    println!("{line}");
    count::count("delayed-jobs", &line);
}
