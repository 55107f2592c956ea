//! Every lifetime and limit: its default and the reason for it. No such number stands elsewhere.

pub use edgegate_token::limits::{
    ACCESS_TOKEN_MAX_BYTES, ACCESS_TOKEN_MAX_LIFE_SECONDS, CLOCK_TOLERANCE_MAX_SECONDS,
    CLOCK_TOLERANCE_SECONDS, EMAIL_BYTES, EMAIL_LOCAL_BYTES, EXPECTED_MAX_BYTES,
    FUTURE_SKEW_SECONDS, HMAC_KEY_MIN_BYTES, INTEGER_MAX, JSON_MAX_DEPTH, KEY_SET_MAX_BYTES,
    KEYS_MAX, KID_MAX_BYTES, ROLE_MAX_CHARS, ROLES_ASKED_MAX, ROLES_MAX,
};

// --- Access tokens ---

/// `ACCESS_TOKEN_TTL`: 10 minutes (RFC 9700 asks for short lives; a local check sees no revocation before the end).
pub const ACCESS_TOKEN_TTL: u64 = 600;

/// Verified tokens remembered by one isolate. At most 4 KiB of text each: 1 MiB of an isolate's 128.
pub const VERIFIED_TOKENS_MAX: usize = 256;
/// The shortest `ACCESS_TOKEN_TTL`: below a minute a client would only renew.
pub const MIN_ACCESS_TOKEN_TTL: u64 = 60;
/// The longest `ACCESS_TOKEN_TTL`: an hour.
pub const MAX_ACCESS_TOKEN_TTL: u64 = 3600;

// --- Sessions ---

/// The shortest `SESSION_TTL` and `SESSION_IDLE_TTL`: 5 minutes.
pub const MIN_SESSION_TTL: u64 = 300;
/// The longest `REFRESH_GRACE`: 5 minutes, in which a thief's copy would pass for a retry.
pub const MAX_REFRESH_GRACE: u64 = 300;
/// The longest `ROTATE_AFTER`: an hour.
pub const MAX_ROTATE_AFTER: u64 = 3600;

/// `SESSION_TTL`: 90 days. The absolute end of a session (OWASP ASVS 7.3.2); browsers cap a cookie at 400.
pub const SESSION_TTL: u64 = 90 * DAY;
/// The longest `SESSION_TTL`: 400 days, the longest life that browsers give a cookie (RFC 6265bis section 5.5).
pub const MAX_SESSION_TTL: u64 = 400 * DAY;
/// `SESSION_IDLE_TTL`: 30 days without a renewal.
pub const SESSION_IDLE_TTL: u64 = 30 * DAY;
/// How late a client in use may renew, in seconds: 2 minutes. A browser rings the timers of a background tab once a minute, and
/// AuthClient repeats a failed renewal after a minute at most. `SESSION_IDLE_TTL` leaves room for it.
pub const RENEWAL_LATENESS: u64 = 120;
/// `REFRESH_GRACE`: 30 s, in which a lost response, a retry or another tab gets the same successor.
pub const REFRESH_GRACE: u64 = 30;
/// `ROTATE_AFTER`: 90 s: the grace and the 60 s for which a location may read stale. Below that, a page load in
/// another tab could look like a thief.
pub const ROTATE_AFTER: u64 = REFRESH_GRACE + KV_STALENESS;
/// How long a Workers KV location may serve an old value or an old absence.
pub const KV_STALENESS: u64 = 60;
/// A session younger than this may be missing at a KV location: the staleness, and as much again for the clocks.
pub const NEW_SESSION_UNSEEN: u64 = 2 * KV_STALENESS;
/// How far ahead the clock of the location that began a session may be.
pub const SESSION_CLOCK_SKEW: u64 = 60;
/// How long an `ended` record lives: as long as the longest session that any setting allows, and [`STALE_MARGIN`]. A location
/// that has not seen the end yet may renew the session's record a minute after it.
pub const ENDED_TTL: u64 = MAX_SESSION_TTL + STALE_MARGIN;
/// How much longer a record that refuses tokens lives than the tokens it refuses: 5 minutes. The clock that issued a token and
/// the clock that checks it may differ.
pub const STALE_MARGIN: u64 = 300;
/// How long a `stale` record lives: as long as the longest access token that any setting allows, and [`STALE_MARGIN`]. Today's
/// `ACCESS_TOKEN_TTL` is not enough: it may have been lowered after the tokens were issued.
pub const STALE_TTL: u64 = MAX_ACCESS_TOKEN_TTL + STALE_MARGIN;
/// How long the user's object keeps the row of a session that has ended: as long as its access tokens may live. Without a row
/// the session has ended too, for renewals and for checks; the row only says why. Rows that stayed until the session would
/// have expired would be read by every login.
pub const ENDED_ROW_TTL: u64 = STALE_TTL;
/// How long KV may serve a cached answer to a check: its own lower bound.
pub const REVOCATION_CACHE_TTL: u64 = 30;
/// How long an isolate may answer a check from its memory.
pub const REVOCATION_MEMORY_TTL: u64 = 15;
/// How many sessions' revocations an isolate remembers: some 300 KB of its 128 MiB.
pub const REVOCATION_MEMORY_ENTRIES: usize = 2048;
/// An isolate remembers its own revocations for at least this long, however many they are: 5 minutes, in seconds. That is
/// five times as long as KV usually takes to show them.
pub const OWN_REVOCATIONS_KEPT: u64 = 5 * KV_STALENESS;
/// The pauses before a refused KV write is tried again, in milliseconds, with up to 255 ms of jitter on each: a key
/// takes one write a second.
pub const KV_WRITE_RETRIES_MS: [u64; 3] = [300, 600, 900];
/// How much of a User-Agent is kept: KV metadata has 1,024 bytes in all.
pub const USER_AGENT_KEPT_CHARS: usize = 256;
/// How much of a city's name is kept.
pub const CITY_KEPT_CHARS: usize = 64;
/// How long a proof of the password permits what can't be undone: 10 minutes. That is long enough to
/// go through a list of accounts, and no longer than the access token that shows the proof lives by
/// default. `max_age` in the refusal.
pub const RECENT_PROOF: u64 = 600;
/// How many sessions a user may have (OWASP ASVS 7.1.2): enough for every device of a person and for the sessions
/// that cookie cleaners leave behind; little enough to look through. The oldest ends first.
pub const SESSIONS_PER_USER: usize = 100;
/// The shortest life of a KV record, in seconds; KV refuses a shorter one.
pub const KV_MIN_TTL: u64 = 60;
/// In KV the sessions of a user are counted at one login in so many: a count is a list and a bulk read.
pub const KV_COUNT_EVERY: u8 = 8;
/// How many keys one bulk read of KV takes.
pub const KV_BULK_KEYS: usize = 100;
/// How many pages of a list are read: of 1,000 keys each, far above [`SESSIONS_PER_USER`].
pub const KV_LIST_PAGES: usize = 10;
/// How many records of ended sessions one count removes at most: each is a request, and a request may make 1,000.
pub const KV_REMOVALS: usize = 100;

/// How long after an account's deletion its sessions are looked for again, in seconds. A login that
/// read the row before it was deleted writes its session up to a minute later, and a KV list may
/// miss that session for [`KV_STALENESS`] more.
pub const DEPARTURE_SETTLES: u64 = 300;
/// How many deleted accounts one run of the cron clears up at most.
pub const DEPARTURES_AT_ONCE: u32 = 40;
/// How many KV records of deleted accounts one run of the cron deletes at most: each is a request,
/// and a run may make 1,000.
pub const DEPARTURE_REMOVALS: usize = 400;
/// How long a deleted account's kept mails are looked for, in seconds: 8 days. A mail that was
/// queued before the deletion waits up to 4 days in the queue, then up to 4 days in the dead
/// letters' queue, before it is kept.
pub const DEPARTURE_TTL: u64 = 8 * DAY;
/// How many kept mails, or deleted accounts, are read from the database at a time.
pub const DEPARTURE_PAGE: u32 = 500;

/// How often a user's Durable Object is asked: once more after a failure, since an object that was moved or updated
/// breaks the requests on their way to it, and is there again at once.
pub const OBJECT_TRIES: u32 = 2;

// --- Secrets ---

/// How many ticket secrets may be set at once; a rotation needs two.
pub const MAX_TICKET_SECRETS: usize = 8;

// --- Accounts ---

/// `PASSWORD_MIN_LENGTH`: 15 characters where the password is the only factor (NIST SP 800-63B-4 section 3.1.1.2).
pub const PASSWORD_MIN_LENGTH: usize = 15;
/// `PASSWORD_MIN_LENGTH` may not be set below this (the same section; OWASP ASVS 6.2.1).
pub const PASSWORD_MIN_LENGTH_FLOOR: usize = 8;

/// The longest password, in characters: NIST asks for 64 at least; a bound keeps the work bounded.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// Argon2id: OWASP's first choice, 19 MiB, two passes, one lane: some 40 ms in a Worker.
pub const ARGON2_MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
pub const ARGON2_ITERATIONS: u32 = 2;
/// Lanes.
pub const ARGON2_PARALLELISM: u32 = 1;
/// A stored hash may not ask for more memory: an isolate has 128 MiB in all.
pub const ARGON2_MAX_MEMORY_KIB: u32 = 64 * 1024;
/// A stored hash may not ask for more passes.
pub const ARGON2_MAX_ITERATIONS: u32 = 10;
/// A stored hash may not ask for more lanes.
pub const ARGON2_MAX_PARALLELISM: u32 = 4;
/// OWASP Password Storage Cheat Sheet: KiB and passes of Argon2id with one lane that are equally strong, and the least.
pub const ARGON2_LEAST: [(u32, u32); 5] = [
    (47_104, 1),
    (19_456, 2),
    (12_288, 3),
    (9_216, 4),
    (7_168, 5),
];
/// A word of the context, in characters: a shorter one stands in other words by chance.
pub const CONTEXT_WORD_CHARS: usize = 4;
/// `PEPPERS`: keys beside the current one are for hashes that no login has made anew yet.
pub const MAX_PEPPERS: usize = 8;
/// The longest given or family name, in characters.
pub const NAME_MAX_CHARS: usize = 100;
// --- Guessing, with `PASSWORD_WORK = "durable"` ---

/// How long the next try at an account has to wait after the first failure, in seconds; doubled by each further one.
pub const GUESS_DELAY: u64 = 1;
/// The longest such delay: 15 minutes. Ten typing errors in a row are beyond what a person makes before they ask for a link.
pub const GUESS_DELAY_MAX: u64 = 900;
/// So many failures in a row, then no client that the account does not know may try before they lapse: the most that NIST
/// SP 800-63B-4 section 3.2.2 allows.
pub const GUESSES_IN_A_ROW: u32 = 100;
/// Failures are forgotten so long after the last one: a day, so that no 24 hours hold more than [`GUESSES_IN_A_ROW`].
pub const GUESS_LAPSE: u64 = DAY;
/// How often a known device, session or link may fail before it is delayed as a stranger is: enough for an owner who tries
/// all the passwords they have; a thief of a device ticket has a tenth of what strangers have.
pub const KNOWN_GUESSES: u32 = 10;
/// How many known clients with failures an account's object keeps apart; a further one counts as a stranger. Each had to
/// sign in first; together they take some 3 KB.
pub const KNOWN_COUNTED: usize = 50;
/// How many tries of strangers wait in one account's object while a hash is computed there, and how many of known clients.
pub const TRIES_WAITING: u32 = 4;
/// What a client is told to wait, in seconds, when as many wait already: five hashes take less.
pub const TRIES_WAITING_RETRY_AFTER: u32 = 1;
/// How long the range API of breached passwords may take: somebody waits for it, and without it the password is taken.
pub const BREACHES_TIMEOUT_MS: u32 = 1_000;
/// A range has some thousand lines of 40 bytes with its padding.
pub const BREACHES_MAX_BYTES: u32 = 256 * 1024;
/// How long a challenge's token may take to be judged.
pub const CHALLENGE_TIMEOUT_MS: u32 = 5_000;
/// What Turnstile answers is a few hundred bytes.
pub const CHALLENGE_MAX_BYTES: u32 = 16 * 1024;
/// The longest token of a challenge, in bytes: Turnstile's own limit.
pub const CHALLENGE_TOKEN_BYTES: usize = 2_048;

/// How long an account's object may take to answer, in milliseconds: five hashes on a slow machine, ten times over.
pub const ACCOUNT_TIMEOUT_MS: u64 = 10_000;
/// Life of a device ticket: 400 days, the longest that browsers keep a cookie (RFC 6265bis section 5.5). Each login gives a
/// new one; a new password or the end of all sessions makes the older ones worthless before.
pub const DEVICE_TTL: u64 = 400 * DAY;

/// The `version` of a user who is gone: above every other, so that no access token counts. The largest integer that
/// JavaScript holds exactly, as every store gives it back.
pub const DELETED_VERSION: u64 = (1 << 53) - 1;
/// The role that may manage users.
pub const ADMIN_ROLE: &str = "admin";

// --- Links and mail ---

/// Life of a link to choose a new password: an hour (OWASP: short; long enough for a mailbox on another device).
pub const RESET_LINK_TTL: u64 = 3600;
/// Life of a link that verifies an address, finishes a registration or invites: a day, for those who read mail in the
/// evening.
pub const VERIFICATION_LINK_TTL: u64 = DAY;
/// The longest body of a link's ticket, in bytes: an address, two names of 100 four-byte characters, and what else it holds.
pub const LINK_MAX_BYTES: usize = 1200;
/// How many seconds must pass before the second and the third mail with a link to one mailbox. The
/// first two come at once for somebody who mistyped or looks in the wrong mailbox.
pub const LANE_BURSTS: [u64; 3] = [0, 60, 300];
/// The longest life of a link, in seconds: a day. Links of a mailbox for which somebody keeps asking
/// live twice as long each time, so that fewer of them are needed.
pub const LINK_LIFE_MAX: u64 = DAY;
/// A mail that is tried again within this part of its link's life is the same mail, with the same
/// link: ten minutes of an hour. Its text promises the rest of the life.
pub const LINK_FRESH_PART: u64 = 6;
/// How many mails of a mailbox are remembered: more than a job's tries can overlap with.
pub const LANE_JOBS_KEPT: usize = 16;
/// How often two Workers may change one lane at the same moment before a mail is tried again later.
pub const LANE_TRIES: u32 = 10;
/// How many mails a network may ask for in an hour: an office behind one address stays below.
pub const MAIL_REQUESTS_AN_HOUR: usize = 30;
/// After its first request in 24 hours a network has so many more in the second-best pool.
pub const MAIL_MEDIUM_ASKS_A_DAY: usize = 4;
/// The network that is counted when it asks for mails: an IPv4 address, or the /48 of IPv6 that one
/// customer gets.
pub const MAIL_NETWORK_BITS: (u8, u8) = (32, 48);
/// The network around it whose first requests are bounded together: what one provider may own.
pub const MAIL_LARGER_NETWORK_BITS: (u8, u8) = (16, 32);
/// The larger network gets the share of one in so many of the first pool.
pub const MAIL_LARGER_NETWORK_PART: u64 = 10;
/// How many mails a day whoever holds a ticket of a user may request outside all budgets. An owner
/// needs fewer, and a thief of the ticket gets no more.
pub const KNOWN_MAILS_A_DAY: usize = 3;
/// How long the object that counts requests for mails may take to answer, in milliseconds. It
/// computes nothing; ten seconds are what a moved object may take at worst.
pub const MAIL_GATE_TIMEOUT_MS: u64 = 10_000;
/// How often a day a user may change the password, and how often ask for another address: each
/// mails a notice, and a notice is never left out.
pub const NOTICED_ACTS_A_DAY: usize = 5;
/// Percent of `MAIL_BUDGET` for resets: the first requests of networks, the next four, and the rest.
pub const RESET_SHARES: [u64; 3] = [40, 15, 10];
/// The same for registrations, verifications and new addresses.
pub const OTHER_SHARES: [u64; 3] = [20, 10, 5];
/// Mails that wait for budget are tried again in the next hour, spread over its first ten minutes, in seconds.
pub const BUDGET_SPREAD: u64 = 600;
/// `MAIL_BUDGET`: how many mails strangers can cause in an hour of the clock. A bill and a sender's
/// reputation that a stranger can spend must have an end.
pub const MAIL_BUDGET: u64 = 1000;
/// The largest `MAIL_BUDGET`.
pub const MAX_MAIL_BUDGET: u64 = 1_000_000;
/// The pauses before a mail that was not taken is tried again, in seconds; the last one repeats. With
/// [`MAIL_TRIES`] they last for more than a day.
pub const MAIL_RETRIES: [u64; 8] = [10, 30, 60, 120, 300, 600, 1200, 1800];
/// How often a mail is tried before it becomes a dead letter. Waiting for budget is not a try.
pub const MAIL_TRIES: u32 = 60;
/// The longest pause that a provider can ask for, in seconds.
pub const MAIL_RETRY_MAX: u64 = 3600;
/// How long a mail provider may take to answer, in milliseconds. They answer within a second; ten leave room for a bad
/// day and keep a batch of mails well inside the 15 minutes that a queue's consumer has.
pub const MAIL_TIMEOUT_MS: u32 = 10_000;
/// How much of a mail provider's answer is read, in bytes. Theirs have some hundred; what stands in the way of them may
/// send a page.
pub const MAIL_ANSWER_MAX_BYTES: usize = 16 * 1024;
/// How much of a mail provider's own text is logged, in characters: an error has a sentence or two.
pub const MAIL_REASON_MAX_CHARS: usize = 300;
/// The longest word of a mail provider's text that is logged, in characters: the longest error code has 49, and a link,
/// a key or a ticket more than this.
pub const MAIL_REASON_WORD_CHARS: usize = 60;
/// When the queue hands a mail to a Worker again that is misconfigured, or can't reach its database, in seconds.
pub const MAIL_BROKEN_PAUSE: u64 = 60;
/// How much of a device's and a place's name a mail tells, in characters.
pub const MAIL_FACT_CHARS: usize = 100;
/// How many dead letters one run of the cron sends again.
pub const REQUEUED_AT_ONCE: u32 = 50;
/// How long a dead letter is kept: 14 days, then the address in it is nobody's business any more.
pub const DEAD_LETTER_TTL: u64 = 14 * DAY;
/// How long after it was asked for a mail with a link may still be made that anybody can ask for: a day, after which the
/// queue has given it up too. A right that was asked for then is not handed out later, not even by an operator.
pub const LINK_JOB_TTL: u64 = DAY;
/// How long a freed address is remembered: as long as a registration from before can come back, as a job and then as a
/// link, and an hour for clocks and for the cron.
pub const FREED_ADDRESS_TTL: u64 = LINK_JOB_TTL + VERIFICATION_LINK_TTL + HOUR;
/// How long a job holds the notice that it sends, in seconds: longer than a provider may take. If that job was cut short,
/// another one sends the notice afterwards.
pub const NOTICE_HELD: u64 = 60;
/// How long it is known that a notice was mailed: longer than a copy of its job can wait in the queue and as a dead letter.
pub const NOTICE_KEPT: u64 = DEAD_LETTER_TTL + 2 * DAY;
/// How long `/dev/outbox` keeps a mail, in seconds.
pub const OUTBOX_TTL: u64 = DAY;
/// How many mails `/dev/outbox` shows: one bulk read of KV.
pub const OUTBOX_SHOWN: usize = KV_BULK_KEYS;
/// The longest `PRODUCT_NAME` and display name of `MAIL_FROM`, in characters.
pub const PRODUCT_NAME_CHARS: usize = 64;
/// How much of an `Accept-Language` is read, in bytes. Browsers send under 100.
pub const ACCEPT_LANGUAGE_BYTES_READ: usize = 200;

/// How many ranges of an `Accept-Language` are read. Each is compared with each language; browsers send fewer.
pub const ACCEPT_LANGUAGE_RANGES_READ: usize = 10;
/// How many users a page of the list has unless the request says otherwise.
pub const USERS_PER_PAGE: u32 = 50;
/// How many users a page of the list has at most.
pub const MAX_USERS_PER_PAGE: u32 = 200;
/// How often a change that depends on the user's version is tried: each time somebody else was faster.
pub const VERSION_TRIES: u32 = 3;

// --- HTTP ---

/// The largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// The longest `Cookie` header that is searched for the refresh token, in bytes: four cookies of the size that browsers
/// allow, and more than servers take as a rule.
pub const MAX_COOKIE_BYTES: usize = 16 * 1024;
/// How long a browser may remember a preflight, in seconds: two hours, the most that Chromium takes. What it remembers is a
/// constant; only taking an origin off the list is seen later, and by the answers at once.
pub const PREFLIGHT_SECONDS: &str = "7200";
/// How long anyone may cache the public keys and the metadata: 5 minutes; a new key is published a day before it signs.
pub const PUBLIC_CACHE_SECONDS: u32 = 300;
/// What a client is told to wait, in seconds, when a store failed.
pub const RETRY_AFTER: u32 = 2;

/// What a client is told to wait, in seconds, after too many tries: the limits count by the minute.
pub const LIMIT_RETRY_AFTER: u32 = 60;

/// An hour, in seconds.
pub const HOUR: u64 = 3600;
/// A day, in seconds.
pub const DAY: u64 = 86_400;
