//! The events that can happen between a request and its action.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
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

pub(super) const EVENTS: [Event; 10] = [
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
pub(super) fn sequences(most: usize) -> Vec<Vec<Event>> {
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
pub(super) struct World {
    pub(super) service: Service,
    pub(super) clock: ManualClock,
    pub(super) begun: u64,
    /// The current account, if there is one.
    pub(super) user: Option<UserId>,
    pub(super) password: String,
    pub(super) passwords: u32,
}

pub(super) fn shared(start: Start) -> Rc<Shared> {
    let registration = match start {
        Start::Unverified | Start::Verified => "open",
        Start::Nobody | Start::Invited => "verified",
    };
    let changes = [("REGISTRATION", registration), ("LIMITS", "off")];
    Rc::new(Shared::new(settings(&changes)))
}

impl World {
    pub(super) async fn new(start: Start, shared: &Rc<Shared>) -> Self {
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
            id_token_signer: Default::default(),
            operator_tickets: Default::default(),
            apps: Default::default(),
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
        // The request is made at least a second after the account was created.
        world.clock.advance(1);
        world.begun = world.now();
        world
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now_ms() / 1000
    }

    pub(super) fn users(&self) -> &MemoryUsers {
        &self.service.ports().users
    }

    pub(super) fn drop_mail(&self) {
        let ports = self.service.ports();
        drop(ports.mail_queue.take());
        drop(ports.mailer.take());
    }

    pub(super) async fn row(&self) -> Option<User> {
        self.users().find_by_id(self.user?).await.unwrap()
    }

    pub(super) async fn holder(&self) -> Option<User> {
        let email = EmailAddress::parse(HOME).unwrap();
        self.users().find_by_email(&email).await.unwrap()
    }

    pub(super) async fn deliver(&self, job: &Job) -> Option<Message> {
        let text = job.encode();
        self.service.deliver_from_queue(&text, &job.id).await;
        let mut mails = self.service.ports().mailer.take();
        assert!(mails.len() <= 1, "{mails:?}");
        mails.pop()
    }

    /// Stores the job in the ledger as a dead letter, as if it had failed for good. Then an
    /// operator retries it at the time `at`. Returns the mail that this sends, if any.
    pub(super) async fn deliver_dead_letter(&self, job: &Job, at: u64) -> Option<Message> {
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

    /// Delivers the jobs that an event has queued, and returns the ticket in the first mail to this
    /// address.
    pub(super) async fn ticket_to(&self, address: &str) -> String {
        let mut found = None;
        for job in self.service.ports().mail_queue.take() {
            let mail = self.deliver(&job).await;
            found = found.or(mail.filter(|mail| mail.to.as_given() == address));
        }
        ticket(&found.unwrap_or_else(|| panic!("no mail to {address}")))
    }

    pub(super) fn wait_until(&self, at: u64) {
        self.clock.advance(at.saturating_sub(self.now()));
    }

    pub(super) async fn log_in_as(&self, email: &str, password: &str) -> SignedIn {
        let login = Login { email, password };
        self.service.generate_token(login, &client()).await.unwrap()
    }

    pub(super) async fn log_in(&self) -> SignedIn {
        let user = self.row().await.unwrap();
        self.log_in_as(user.email.as_given(), &self.password).await
    }

    pub(super) async fn admin(&self) -> String {
        let root = self.log_in_as(ROOT, FIRST_PASSWORD).await;
        root.tokens.access_token.expose().to_owned()
    }

    pub(super) fn new_password(&mut self) -> String {
        self.passwords += 1;
        format!("an analytical engine, number {}", self.passwords)
    }

    pub(super) async fn invite(&mut self) {
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

    pub(super) async fn register(&mut self) {
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

    pub(super) async fn verify(&mut self) {
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

    pub(super) async fn move_to(&mut self, address: &str) {
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

    /// Makes the event happen, if it can happen. Returns the words for it in the table of
    /// docs/storage.md.
    pub(super) async fn happens(&mut self, event: Event) -> Option<Vec<&'static str>> {
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
