//! A token that was revoked stays rejected, whatever the settings were before or are afterwards.
//!
//! [`nothing_that_was_revoked_is_accepted_again`] tries every kind of revocation with every pair of
//! different sets of settings, one set before a change of the settings and one after it. It does so
//! on a simulated KV, and in a store that deletes expired records as a user's Durable Object does.

use std::collections::BTreeSet;
use std::rc::Rc;

use edgegate::adapters::memory::{
    MemoryDevices, MemoryPorts, MemorySessions, NoLimits, VirtualTime,
};
use edgegate::domain::account::{
    Attempt, DeviceTicket, HashError, HashRefusal, Password, PasswordHash, Roles, User, UserId,
    Verification,
};
use edgegate::domain::error::{AccessRefusal, Error, GrantRefusal};
use edgegate::domain::link::{Links, State, UserLink};
use edgegate::domain::mail::Locale;
use edgegate::domain::policy::{
    MAX_ACCESS_TOKEN_TTL, MAX_SESSION_TTL, RESET_LINK_TTL, STALE_MARGIN, STALE_TTL,
};
use edgegate::domain::session::{Client, Verdict};
use edgegate::ports::{Clock, PasswordHasher, Ports, SessionStore, UserDirectory};
use edgegate::service::manage_users::Amendment;
use edgegate::service::{AuthService, Login, Shared};

use crate::kv::{DAY, Deployment, Dice, SlowUsers, client, seal, try_settings};

const LONGEST: &[(&str, &str)] = &[("ACCESS_TOKEN_TTL", "3600")];
const SHORTEST: &[(&str, &str)] = &[("ACCESS_TOKEN_TTL", "60")];

/// The operator lowers `ACCESS_TOKEN_TTL` from an hour to a minute, and then a user's tokens are
/// revoked. A token from before the change would be valid for an hour, so the revocation must also
/// last for an hour.
#[test]
fn a_revocation_outlives_tokens_that_were_issued_for_longer() {
    let deployment = Deployment::new(false);
    let before = deployment.service(1, LONGEST);
    let user = deployment.user(1);
    let store = before.ports().sessions();
    let ticket = deployment.time.run(deployment.begin(store, &user));
    deployment.time.advance(120);
    let (token, client) = (seal(ticket, LONGEST), client());
    let renewed = deployment.time.run(before.renew_token(&token, &client));
    let renewed = renewed.unwrap();
    assert_eq!(renewed.tokens.expires_in, MAX_ACCESS_TOKEN_TTL);
    let access_token = renewed.tokens.access_token.expose();

    let after = deployment.service(1, SHORTEST);
    deployment.time.run(after.revoke_tokens(user.id)).unwrap();
    let issued_at = deployment.now();
    for seconds in [60, 340, 380, 900, 3500, MAX_ACCESS_TOKEN_TTL - 1] {
        let now_ms = (issued_at + seconds) * 1000;
        deployment
            .time
            .advance((now_ms - deployment.time.now_ms()).div_ceil(1000));
        // A new isolate at another location, where KV has nothing in its cache.
        let elsewhere = deployment.service(2, SHORTEST);
        let refused = deployment
            .time
            .run(elsewhere.bearer(access_token))
            .unwrap_err();
        assert_eq!(
            refused,
            Error::Access(AccessRefusal::Outdated),
            "after {seconds} s"
        );
    }
    let left = format!("stale:{}", user.id);
    deployment.time.advance(STALE_MARGIN + 2);
    assert_eq!(deployment.kv.value(&left), None, "no record stays for good");
}

/// Stores passwords without hashing them. The test creates hundreds of deployments, so real hashing
/// would be slow, and its result does not depend on the hash.
#[derive(Default)]
struct PlainHasher;

fn plain_hash(password: &Password) -> PasswordHash {
    PasswordHash::new(format!("plain {:?}", password.as_bytes()))
}

impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &Password, _salt: &[u8; 16]) -> Result<PasswordHash, HashError> {
        Ok(plain_hash(password))
    }

    async fn verify(
        &self,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        Ok(if *hash == plain_hash(password) {
            Verification::Matches { rehash: false }
        } else {
            Verification::Differs
        })
    }

    fn judge(&self, _hash: &PasswordHash) -> Result<(), HashRefusal> {
        Ok(())
    }

    async fn level_failure(&self, _attempt: &Attempt<'_>) {}

    async fn verify_nothing(&self, _password: &Password, _salt: &[u8; 16]) {}
}

const PASSWORD: &str = "correct horse battery staple";
const NEW_PASSWORD: &str = "an analytical engine";

type Isolate<S> = AuthService<MemoryPorts<S, VirtualTime, Dice, SlowUsers, PlainHasher, NoLimits>>;

/// The kinds of revocation. [`Kind::covers`] says which tokens a kind revokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    RevokeAll,
    Disable,
    DisableAndEnable,
    RoleChange,
    Delete,
    LogOut,
    LogOutByAccessToken,
    EndedByOwner,
    Reuse,
    PasswordChange,
    Reset,
}

const KINDS: [Kind; 11] = [
    Kind::RevokeAll,
    Kind::Disable,
    Kind::DisableAndEnable,
    Kind::RoleChange,
    Kind::Delete,
    Kind::LogOut,
    Kind::LogOutByAccessToken,
    Kind::EndedByOwner,
    Kind::Reuse,
    Kind::PasswordChange,
    Kind::Reset,
];

/// Which other tokens a kind of revocation revokes. Every kind revokes access tokens.
struct Covered {
    refresh: bool,
    device: bool,
    link: bool,
}

impl Kind {
    const fn covers(self) -> Covered {
        let (refresh, device, link) = match self {
            Self::RevokeAll | Self::Disable | Self::DisableAndEnable => (true, true, false),
            Self::RoleChange => (false, false, false),
            Self::LogOut | Self::LogOutByAccessToken | Self::EndedByOwner | Self::Reuse => {
                (true, false, false)
            }
            Self::Delete | Self::PasswordChange | Self::Reset => (true, true, true),
        };
        Covered {
            refresh,
            device,
            link,
        }
    }
}

/// Makes the session store of each isolate. All these stores have the same data.
struct Stores<'a, S> {
    isolate: &'a dyn Fn(u32) -> S,
    /// Deletes records that have expired at this time. `None` if the store does so itself.
    forget: Option<&'a dyn Fn(u64)>,
}

/// A deployment whose settings are changed.
struct Walk<'a, S> {
    deployment: &'a Deployment,
    stores: &'a Stores<'a, S>,
    locations: std::cell::Cell<u32>,
}

/// A user, and the tokens that were issued to this user before the revocation.
struct Issued {
    kind: Kind,
    at: u64,
    user: UserId,
    access: Vec<String>,
    refresh: Vec<String>,
    device: DeviceTicket,
    link: String,
}

impl<S: SessionStore> Walk<'_, S> {
    /// A new isolate, at a location where KV has cached nothing.
    fn isolate(&self, shared: &Rc<Shared>) -> Isolate<S> {
        let location = self.locations.get();
        self.locations.set(location + 1);
        let ports = MemoryPorts {
            mail_gate: Default::default(),
            users: self.deployment.users.clone(),
            sessions: (self.stores.isolate)(location),
            hasher: PlainHasher,
            password_guard: Default::default(),
            limiter: NoLimits,
            clock: self.deployment.time.clone(),
            random: self.deployment.dice.clone(),
            events: Default::default(),
            mail_queue: Default::default(),
            mailer: Default::default(),
            mail_ledger: Default::default(),
            devices: MemoryDevices,
            signatures: Default::default(),
            id_token_signer: Default::default(),
            operator_tickets: Default::default(),
            apps: Default::default(),
            vendors: Default::default(),
        };
        AuthService::new(ports, Rc::clone(shared))
    }

    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.deployment.time.run(future)
    }

    fn user(&self, number: u8, admin: bool) -> User {
        let password = Password::for_login(PASSWORD).unwrap();
        let mut user = self.deployment.user(number);
        let users = &self.deployment.users;
        self.run(self.deployment.remove(&user));
        user.password_hash = plain_hash(&password);
        // The address is verified. If it were not, a new password would not invalidate a reset
        // link.
        user.email_verified_at = Some(user.created_at);
        if admin {
            user.roles = Roles::new(vec!["admin".to_owned()]).unwrap();
        }
        self.run(users.insert(&user, None)).unwrap();
        user
    }

    fn row(&self, user: UserId) -> Option<User> {
        self.run(self.deployment.users.find_by_id(user)).unwrap()
    }

    fn issue(&self, isolate: &Isolate<S>, kind: Kind, number: u8) -> Issued {
        let user = self.user(number, false);
        let email = user.email.as_given();
        let login = Login {
            email,
            password: PASSWORD,
        };
        let client = client();
        let signed_in = self.run(isolate.generate_token(login, &client)).unwrap();
        let first = signed_in.tokens;
        let again = self.run(isolate.renew_token(first.refresh_token.expose(), &client));
        let again = again.unwrap().tokens;
        let link = UserLink {
            user: user.id,
            state: State::for_reset(&user),
            expires_at: self.deployment.now() + RESET_LINK_TTL,
        };
        let settings = isolate.settings();
        let links = Links::new(&settings.ticket_secrets, &settings.issuer);
        Issued {
            kind,
            at: self.deployment.now(),
            user: user.id,
            access: [&first, &again]
                .map(|pair| pair.access_token.expose().to_owned())
                .to_vec(),
            refresh: [&first, &again]
                .map(|pair| pair.refresh_token.expose().to_owned())
                .to_vec(),
            device: DeviceTicket::new(&user, [number; 16], self.deployment.now()),
            link: links.seal_reset(link).expose().to_owned(),
        }
    }

    /// Carries out the revocation. Returns false if there is nothing to revoke under these
    /// settings.
    fn revoke(&self, isolate: &Isolate<S>, issued: &mut Issued, root: &str) -> bool {
        let id = issued.user;
        let access_token = issued.access[1].clone();
        let refresh_token = issued.refresh[1].clone();
        let amend = |amendment| self.run(isolate.amend_user(root, id, amendment)).map(drop);
        let disabled = |disabled| Amendment {
            disabled: Some(disabled),
            ..Amendment::default()
        };
        let (client, locale) = (client(), Locale::English);
        let outcome = match issued.kind {
            Kind::RevokeAll => self.run(isolate.revoke_tokens(id)),
            Kind::Disable => amend(disabled(true)),
            Kind::DisableAndEnable => amend(disabled(true)).and_then(|()| amend(disabled(false))),
            Kind::RoleChange => amend(Amendment {
                roles: Some(vec!["editor".to_owned()]),
                ..Amendment::default()
            }),
            Kind::Delete => self.run(isolate.delete_account(root, id, locale)).map(drop),
            Kind::LogOut => self.run(isolate.log_out(&refresh_token)).map(drop),
            Kind::LogOutByAccessToken => self.run(isolate.log_out(&access_token)).map(drop),
            Kind::EndedByOwner => {
                let bearer = self.run(isolate.bearer(&access_token)).unwrap();
                let end = isolate.end_session(&access_token, bearer.session);
                self.run(end).map(drop)
            }
            Kind::Reuse => return self.reuse(isolate, issued),
            Kind::PasswordChange => {
                let (old, new) = (PASSWORD, NEW_PASSWORD);
                let change = isolate.change_password(&access_token, old, new, &client, locale);
                self.run(change).map(drop)
            }
            Kind::Reset => {
                let link = issued.link.clone();
                let reset = isolate.confirm_reset(&link, NEW_PASSWORD, &client, locale);
                self.run(reset).map(drop)
            }
        };
        assert_eq!(outcome, Ok(()), "{:?}", issued.kind);
        true
    }

    /// Uses a refresh token, and after the grace period presents it again from another client. This
    /// ends the session, as after a theft.
    fn reuse(&self, isolate: &Isolate<S>, issued: &mut Issued) -> bool {
        let rules = &isolate.settings().sessions;
        let thief = Client::new(Some("198.51.100.7"), Some("thief/1"));
        let spent = issued.refresh[1].clone();
        self.deployment.time.advance(rules.rotate_after.max(2));
        let Ok(renewed) = self.run(isolate.renew_token(&spent, &client())) else {
            // Under these settings the session ends before its token is old enough to be replaced
            // by a renewal. So the token can't be used twice.
            return false;
        };
        issued
            .access
            .push(renewed.tokens.access_token.expose().to_owned());
        issued
            .refresh
            .push(renewed.tokens.refresh_token.expose().to_owned());
        self.deployment.time.advance(rules.grace.max(2));
        let refused = self.run(isolate.renew_token(&spent, &thief)).unwrap_err();
        let verdict = match &refused {
            Error::Grant(GrantRefusal::Session(verdict, ..)) => *verdict,
            other => panic!("{other}"),
        };
        verdict == Verdict::Reused
    }

    /// Presents each token that was revoked, and requires that it is refused. Returns the number of
    /// tokens that were presented.
    fn all_is_refused(&self, isolate: &Isolate<S>, issued: &Issued, when: &str) -> u64 {
        let covers = issued.kind.covers();
        let what = || format!("{:?}, {when}", issued.kind);
        let mut asked = 0;
        // Older access tokens have expired. They would be refused even without a revocation, so
        // they are not presented.
        let young = self.deployment.now() < issued.at + MAX_ACCESS_TOKEN_TTL;
        for access_token in issued.access.iter().filter(|_| young) {
            let refused = self.run(isolate.bearer(access_token));
            assert!(matches!(refused, Err(Error::Access(_))), "{}", what());
            asked += 1;
        }
        if covers.refresh {
            for refresh_token in &issued.refresh {
                let refused = self.run(isolate.renew_token(refresh_token, &client()));
                assert!(matches!(refused, Err(Error::Grant(_))), "{}", what());
                asked += 1;
            }
        }
        if covers.device {
            let row = self.row(issued.user);
            let known =
                row.is_some_and(|row| issued.device.is_valid_for(&row, self.deployment.now()));
            assert!(!known, "{}", what());
            asked += 1;
        }
        if covers.link {
            let (client, locale) = (client(), Locale::English);
            let reset = isolate.confirm_reset(&issued.link, "x", &client, locale);
            let refused = self.run(reset);
            assert!(matches!(refused, Err(Error::Link(_))), "{}", what());
            asked += 1;
        }
        asked
    }
}

/// Returns a list of sets of settings. In each set, every setting has its smallest, default or
/// largest value. For any two values of two different settings, the list contains a set with both.
fn sets_of_settings() -> Vec<Vec<(&'static str, &'static str)>> {
    const VALUES: [(&str, &[&str]); 6] = [
        ("ACCESS_TOKEN_TTL", &["60", "600", "3600"]),
        ("SESSION_TTL", &["300", "7776000", "34560000"]),
        ("SESSION_IDLE_TTL", &["300", "7320", "34560000"]),
        ("REFRESH_GRACE", &["0", "30", "300"]),
        ("ROTATE_AFTER", &["0", "90", "3600"]),
        ("REUSE", &["same_client", "strict"]),
    ];
    let mut all = vec![vec![]];
    for (name, values) in VALUES {
        let with = |set: &Vec<_>| -> Vec<Vec<_>> {
            let one_more = |value: &&'static str| [set.clone(), vec![(name, *value)]].concat();
            values.iter().map(one_more).collect()
        };
        all = all.iter().flat_map(with).collect();
    }
    all.retain(|set| try_settings(set).is_some());
    let pairs = |set: &[(&'static str, &'static str)]| -> BTreeSet<_> {
        let two = |a| set.iter().map(move |b| (a, *b));
        set.iter().flat_map(|a| two(*a)).collect()
    };
    let mut missing: BTreeSet<_> = all.iter().flat_map(|set| pairs(set)).collect();
    let mut chosen = Vec::new();
    while !missing.is_empty() {
        let next = |set: &&Vec<_>| pairs(set).intersection(&missing).count();
        let next = all.iter().max_by_key(next).unwrap().clone();
        missing = missing.difference(&pairs(&next)).copied().collect();
        chosen.push(next);
    }
    chosen
}

/// Takes one deployment through a change of its settings. Tokens are issued under the settings
/// `before`, revoked under `revoking` (which is either `before` or `after`), and presented under
/// `after`. Returns the number of presented tokens.
fn walk<S: SessionStore>(
    deployment: &Deployment,
    stores: &Stores<'_, S>,
    [before, revoking, after]: [&Rc<Shared>; 3],
) -> u64 {
    let walk = Walk {
        deployment,
        stores,
        locations: std::cell::Cell::new(1),
    };
    let issuing = walk.isolate(before);
    let mut issued: Vec<Issued> = (1..)
        .zip(KINDS)
        .map(|(number, kind)| walk.issue(&issuing, kind, number))
        .collect();
    let issued_at = deployment.now();
    // KV accepts only one write a second for a key.
    deployment.time.advance(2);
    let isolate = walk.isolate(revoking);
    let admin = walk.user(0, true);
    let login = Login {
        email: admin.email.as_given(),
        password: PASSWORD,
    };
    let root = walk.run(isolate.generate_token(login, &client())).unwrap();
    let root = root.tokens.access_token.expose();
    // Reuse is revoked last, because it lets time pass.
    issued.sort_by_key(|issued| issued.kind == Kind::Reuse);
    issued.retain_mut(|issued| walk.revoke(&isolate, issued, root));

    let mut asked = 0;
    let of_access_tokens = before.settings().access_token_ttl;
    for seconds in [
        0,
        361,
        of_access_tokens - 1,
        MAX_ACCESS_TOKEN_TTL - 3,
        STALE_TTL + 1,
        31 * DAY,
        MAX_SESSION_TTL - 1,
    ] {
        let passed = deployment.now() - issued_at;
        deployment.time.advance(seconds.saturating_sub(passed));
        // Presents the tokens first while the store still has its expired records, and then again
        // after these records were deleted.
        for forget in [None, stores.forget]
            .into_iter()
            .take(1 + usize::from(stores.forget.is_some()))
        {
            if let Some(forget) = forget {
                forget(deployment.now());
            }
            let isolate = walk.isolate(after);
            for issued in &issued {
                asked += walk.all_is_refused(&isolate, issued, &format!("{seconds} s later"));
            }
        }
    }
    asked
}

/// Each change that makes access tokens outdated writes a record. Because of this record, every
/// isolate rejects the tokens until they expire. Then the record is removed.
#[test]
fn each_change_outdates_tokens_until_the_last_has_expired() {
    let longest = Rc::new(Shared::new(try_settings(LONGEST).unwrap()));
    for kind in [
        Kind::RevokeAll,
        Kind::Disable,
        Kind::RoleChange,
        Kind::Delete,
        Kind::PasswordChange,
        Kind::Reset,
    ] {
        let deployment = Deployment::new(false);
        let walk = Walk {
            deployment: &deployment,
            stores: &Stores {
                isolate: &|location| deployment.store(location),
                forget: None,
            },
            locations: std::cell::Cell::new(1),
        };
        let isolate = walk.isolate(&longest);
        let admin = walk.user(0, true);
        let login = Login {
            email: admin.email.as_given(),
            password: PASSWORD,
        };
        let root = walk.run(isolate.generate_token(login, &client())).unwrap();
        let mut issued = walk.issue(&isolate, kind, 1);
        deployment.time.advance(2);
        walk.revoke(&isolate, &mut issued, root.tokens.access_token.expose());

        let record = format!("stale:{}", issued.user);
        let ends_at = deployment.now() + STALE_TTL;
        assert_eq!(deployment.kv.expires_at(&record), Some(ends_at), "{kind:?}");
        // One second before the token expires. This isolate has read nothing yet.
        let last = issued.at + MAX_ACCESS_TOKEN_TTL - 1;
        deployment.time.advance(last - deployment.now());
        let elsewhere = walk.isolate(&longest);
        for access_token in &issued.access {
            let refused = walk.run(elsewhere.bearer(access_token)).unwrap_err();
            let outdated = Error::Access(AccessRefusal::Outdated);
            assert_eq!(refused, outdated, "{kind:?}");
        }
        deployment.time.advance(ends_at - 1 - deployment.now());
        assert!(deployment.kv.value(&record).is_some(), "{kind:?}");
        deployment.time.advance(1);
        assert_eq!(deployment.kv.value(&record), None, "{kind:?}");
    }
}

#[test]
fn nothing_that_was_revoked_is_accepted_again() {
    let sets = sets_of_settings();
    let shared: Vec<Rc<Shared>> = sets
        .iter()
        .map(|set| Rc::new(Shared::new(try_settings(set).unwrap())))
        .collect();
    let (mut changes, mut asked) = (0, 0);
    for (row, before) in shared.iter().enumerate() {
        for (column, after) in shared.iter().enumerate() {
            // The tokens are revoked either under the settings before the change or under those
            // after it. The choice alternates from pair to pair.
            let revoking = if (row + column).is_multiple_of(2) {
                before
            } else {
                after
            };
            {
                let settings = [before, revoking, after];
                let on_kv = Deployment::new(false);
                let stores = Stores {
                    isolate: &|location| on_kv.store(location),
                    forget: None,
                };
                asked += walk(&on_kv, &stores, settings);
                let durable = Deployment::new(false);
                let sessions = MemorySessions::default();
                let stores = Stores {
                    isolate: &|_| sessions.clone(),
                    forget: Some(&|now| sessions.delete_expired(now)),
                };
                asked += walk(&durable, &stores, settings);
            }
            changes += 1;
        }
    }
    let kinds = KINDS.len();
    crate::count::count(
        "protecting-records",
        &format!(
            "{changes} changes of settings, each with {kinds} kinds of revocation before or after it, on both stores: {asked} times \
             what was revoked was presented again, up to 400 days later, and refused"
        ),
    );
    assert!(changes >= 100 && asked > 50_000, "{changes}, {asked}");
}
