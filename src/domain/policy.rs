//! Every lifetime and every limit of the service, with the reason for its value. Only the number of
//! requests that a network may send per minute is not here: `wrangler.toml` sets it.

pub use edgegate_token::limits::{
    ACCESS_TOKEN_MAX_BYTES, ACCESS_TOKEN_MAX_LIFE_SECONDS, CLOCK_TOLERANCE_MAX_SECONDS,
    CLOCK_TOLERANCE_SECONDS, EMAIL_BYTES, EMAIL_LOCAL_BYTES, EXPECTED_MAX_BYTES,
    FUTURE_SKEW_SECONDS, HMAC_KEY_MIN_BYTES, ID_TOKEN_MAX_BYTES, INTEGER_MAX, JSON_MAX_DEPTH,
    KEY_SET_MAX_BYTES, KEYS_MAX, KID_MAX_BYTES, ROLE_MAX_CHARS, ROLES_ASKED_MAX, ROLES_MAX,
};

// --- Access tokens ---

/// The default `ACCESS_TOKEN_TTL`: 10 minutes. RFC 9700 asks for short lifetimes. An API that
/// checks only the signature of a token and its expiry does not notice that the token was revoked.
pub const ACCESS_TOKEN_TTL: u64 = 600;

/// How many verified tokens one isolate remembers. Each has at most 4 KiB of text, so together they
/// take 1 MiB of the isolate's 128 MiB.
pub const VERIFIED_TOKENS_MAX: usize = 256;
/// The shortest `ACCESS_TOKEN_TTL`: a minute. With a shorter lifetime, a client would spend most of
/// its requests on renewing its token.
pub const MIN_ACCESS_TOKEN_TTL: u64 = 60;
/// The longest `ACCESS_TOKEN_TTL`: an hour.
pub const MAX_ACCESS_TOKEN_TTL: u64 = 3600;

// --- Sessions ---

/// The shortest `SESSION_TTL` and `SESSION_IDLE_TTL`: 5 minutes.
pub const MIN_SESSION_TTL: u64 = 300;
/// The longest `REFRESH_GRACE`: 5 minutes. `REFRESH_GRACE` is the time after the first use of a
/// refresh token in which the same token still gets its successor. During this time, the service
/// can't distinguish a thief who uses a copied token from the owner who retries.
pub const MAX_REFRESH_GRACE: u64 = 300;
/// The longest `ROTATE_AFTER`: an hour.
pub const MAX_ROTATE_AFTER: u64 = 3600;

/// The default `SESSION_TTL`: 90 days. After this time a session ends, even if it is in use (OWASP
/// ASVS 7.3.2).
pub const SESSION_TTL: u64 = 90 * DAY;
/// The longest `SESSION_TTL`: 400 days, the longest that browsers keep a cookie (RFC 6265bis
/// section 5.5).
pub const MAX_SESSION_TTL: u64 = 400 * DAY;
/// The default `SESSION_IDLE_TTL`: a session ends after 30 days without a renewal.
pub const SESSION_IDLE_TTL: u64 = 30 * DAY;
/// How late a client that is in use can be with the renewal of its token, in seconds: 2 minutes. A
/// browser fires the timers of a background tab only once a minute, and AuthClient retries a failed
/// renewal within a minute. `SESSION_IDLE_TTL` must be long enough for both delays.
pub const RENEWAL_LATENESS: u64 = 120;
/// The default `REFRESH_GRACE`: 30 s. If a refresh token is presented again within this time after
/// its first use, for instance because the answer was lost, the client gets the same new token
/// again.
pub const REFRESH_GRACE: u64 = 30;
/// The default `ROTATE_AFTER`: 90 s. A renewal replaces a refresh token only if the token is at
/// least this old. The time is `REFRESH_GRACE` plus the 60 s during which a KV location can serve
/// old data. With a shorter time, another tab could send a token that was just replaced, and the
/// service could treat the token as stolen.
pub const ROTATE_AFTER: u64 = REFRESH_GRACE + KV_STALENESS;
/// How long a location of Workers KV can still serve an old value, or can fail to find a new key,
/// in seconds.
pub const KV_STALENESS: u64 = 60;
/// How old a session must be, in seconds, before every KV location has its record. A younger
/// session might be missing at some locations. The time is twice [`KV_STALENESS`], because clocks
/// differ.
pub const NEW_SESSION_UNSEEN: u64 = 2 * KV_STALENESS;
/// How many seconds the clock of the location where a session began can be ahead of other clocks.
pub const SESSION_CLOCK_SKEW: u64 = 60;
/// How long an `ended` record, which says that a session has ended, is stored in KV: the longest
/// session that any setting allows, plus [`STALE_MARGIN`]. A location that does not know yet that
/// the session has ended can still renew the session's record up to a minute later.
pub const ENDED_TTL: u64 = MAX_SESSION_TTL + STALE_MARGIN;
/// A record that rejects tokens is stored until the tokens have expired, and this many seconds
/// longer: 5 minutes. The clock of the machine that issued a token and the clock of the machine
/// that checks it can differ.
pub const STALE_MARGIN: u64 = 300;
/// How long a `stale` record, which invalidates a user's older access tokens, is stored in KV: the
/// longest access token that any setting allows, plus [`STALE_MARGIN`]. The current
/// `ACCESS_TOKEN_TTL` is not enough, because it may have been lowered after the tokens were issued.
pub const STALE_TTL: u64 = MAX_ACCESS_TOKEN_TTL + STALE_MARGIN;
/// How long the user's Durable Object keeps the row of a session after the session has ended: until
/// every access token of the session has expired. A session without a row is treated as ended, too.
/// The row only adds the reason why the session ended. If such rows stayed until the time when the
/// sessions would have expired, every login would read them.
pub const ENDED_ROW_TTL: u64 = STALE_TTL;
/// How long KV may cache a record that the check of an access token reads, in seconds. KV allows no
/// lower value.
pub const REVOCATION_CACHE_TTL: u64 = 30;
/// How long an isolate may reuse the result of a check that it has in memory, in seconds.
pub const REVOCATION_MEMORY_TTL: u64 = 15;
/// How many sessions' revocations an isolate remembers: about 300 KB of its 128 MiB.
pub const REVOCATION_MEMORY_ENTRIES: usize = 2048;
/// If an isolate has itself revoked something, it remembers the revocation for at least this many
/// seconds: 5 minutes. The number of such revocations is not limited. KV usually shows a revocation
/// within one minute.
pub const OWN_REVOCATIONS_KEPT: u64 = 5 * KV_STALENESS;
/// The pauses before a rejected KV write is retried, in milliseconds, each with up to 255 ms of
/// jitter. KV accepts one write per second and key.
pub const KV_WRITE_RETRIES_MS: [u64; 3] = [300, 600, 900];
/// How much of a User-Agent is stored, in characters. KV metadata has room for 1,024 bytes in all.
pub const USER_AGENT_KEPT_CHARS: usize = 256;
/// How much of a city's name is stored, in characters.
pub const CITY_KEPT_CHARS: usize = 64;
/// For this many seconds after entering the password, a user may take actions that can't be undone:
/// 10 minutes. That is long enough for an administrator to work through a list of
/// accounts. The access token, which contains the time of the password entry, has the same lifetime
/// by default. The error response contains this number as `max_age`.
pub const RECENT_PROOF: u64 = 600;
/// How many sessions a user may have (OWASP ASVS 7.1.2). That is enough for all devices of a
/// person, and for the sessions that remain when a browser's cookies are deleted. A user can still
/// look through a list of that length. If there are more sessions, the oldest one ends.
pub const SESSIONS_PER_USER: usize = 100;
/// How long a withdrawn grant is stored, in seconds. Each renewal of an app's session reads the
/// grant with which the session began, so the grant must be stored as long as such a session can
/// exist.
pub const WITHDRAWN_GRANT_TTL: u64 = ENDED_TTL;
/// The shortest lifetime of a KV record, in seconds. KV rejects a shorter one.
pub const KV_MIN_TTL: u64 = 60;
/// If sessions are stored in KV, the service counts a user's sessions only at one in this many
/// logins, because counting them needs a list request and a bulk read.
pub const KV_COUNT_EVERY: u8 = 8;
/// How many keys one bulk read of KV takes.
pub const KV_BULK_KEYS: usize = 100;
/// How many pages of a KV list are read at most. Each page has 1,000 keys, so together they hold
/// far more than [`SESSIONS_PER_USER`].
pub const KV_LIST_PAGES: usize = 10;
/// A login that counts the user's sessions also removes records of ended sessions. It removes at
/// most this many. Each removal is a request, and a Worker may make 1,000 requests per invocation.
pub const KV_REMOVALS: usize = 100;

/// How many seconds after the deletion of an account the cron looks once more for sessions of the
/// account. A login that read the user's row before the row was deleted can write its session up to
/// a minute later. For another [`KV_STALENESS`] seconds, that session might be missing in a KV
/// list.
pub const DEPARTURE_SETTLES: u64 = 300;
/// One run of the cron deletes the remaining data of at most this many deleted accounts.
pub const DEPARTURES_AT_ONCE: u32 = 40;
/// How many KV records of deleted accounts one run of the cron deletes at most. Each deletion is a
/// request, and a run may make 1,000 requests.
pub const DEPARTURE_REMOVALS: usize = 400;
/// How long the cron looks for mails of a deleted account in the database, in seconds: 8 days. A
/// mail that was queued before the deletion can reach the database late: it can wait up to 4 days
/// in the queue, and after that up to 4 days in the queue of dead letters.
pub const DEPARTURE_TTL: u64 = 8 * DAY;
/// How many stored mails, or deleted accounts, are read from the database at a time.
pub const DEPARTURE_PAGE: u32 = 500;

/// How many times a call to a Durable Object is attempted: once, and a second time if the first
/// attempt fails. When Cloudflare moves or updates an object, requests that are on their way to the
/// object fail. The object is available again at once.
pub const OBJECT_TRIES: u32 = 2;

/// How long a user's Durable Object may rely on its copy of the user's row, in seconds: a day. A
/// change that the service makes takes effect at once. A change that somebody makes by hand in the
/// database usually takes effect within two minutes. If nothing tells the object about a change by
/// hand, the change takes effect after this time.
pub const COPY_TTL: u64 = DAY;
/// How many seconds the clock of the database can differ from the clock of a Durable Object.
pub const DATABASE_CLOCK_SKEW: u64 = 90;
/// How long a change of a user's row may take, in seconds. The time starts when the change is
/// announced to the user's Durable Object (this announcement is called a hold) and ends when the
/// database commits the change.
pub const HOLD_COMMIT: u64 = 30;
/// How long a hold lasts, in seconds. During a hold, the user's Durable Object keeps no copy of the
/// row. When the hold ends, the announced change can't be committed any more, even if the clocks
/// differ.
pub const HOLD_TTL: u64 = HOLD_COMMIT + DATABASE_CLOCK_SKEW;
/// How many times a change of a user's row is attempted. An attempt fails if it does not reach the
/// database before its hold (see [`HOLD_COMMIT`]) is over.
pub const HOLD_TRIES: u32 = 3;
/// How many times the service attempts a change that adds or removes single roles. An attempt fails
/// if another change of the same account comes first.
pub const ROLE_EDIT_TRIES: u32 = 5;
/// The cron handles users whose database rows were changed by hand. This is the maximum number of
/// such users that one run handles. Each user takes two requests, and a run may make 1,000
/// requests.
pub const ROW_CHANGES_AT_ONCE: u32 = 400;
/// How long a user's Durable Object may take to discard its copy of the row, in milliseconds. The
/// object has nothing to compute. The cron calls five objects at the same time. Even if no object
/// answers, a run of the cron ends after seven minutes. Cloudflare stops a run after 15 minutes.
pub const FORGET_COPY_TIMEOUT_MS: u64 = 5_000;
/// How many of the `limit` changes that one run of the cron handles are the newest changes: a
/// quarter. The others are the changes that have waited the longest. So a new change does not have
/// to wait until the cron has worked through a long list.
#[must_use]
pub const fn newest_row_changes(limit: u32) -> u32 {
    limit / 4
}
/// The latest `COPIES_SINCE`: the year 2100. If `COPIES_SINCE` is in the future, no copies of rows
/// are used until that time. A number above this limit is probably a time in milliseconds.
pub const MAX_COPIES_SINCE: u64 = 4_102_444_800;

// --- Secrets ---

/// How many ticket secrets may be set together. A rotation needs two.
pub const MAX_TICKET_SECRETS: usize = 8;

// --- Accounts ---

/// The default `PASSWORD_MIN_LENGTH`: 15 characters, which NIST requires if the password is the
/// only factor (NIST SP 800-63B-4 section 3.1.1.2).
pub const PASSWORD_MIN_LENGTH: usize = 15;
/// The lowest `PASSWORD_MIN_LENGTH` that may be set (the same section; OWASP ASVS 6.2.1).
pub const PASSWORD_MIN_LENGTH_FLOOR: usize = 8;

/// The longest password, in characters. NIST asks for at least 64. The limit bounds the work of
/// hashing.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// Argon2id with the parameters that OWASP names as the minimum: 19 MiB, two passes, one lane. It
/// takes about 40 ms in a Worker.
pub const ARGON2_MEMORY_KIB: u32 = 19_456;
pub const ARGON2_ITERATIONS: u32 = 2;
pub const ARGON2_PARALLELISM: u32 = 1;
/// The most memory that a stored hash may ask for: an isolate has 128 MiB in all.
pub const ARGON2_MAX_MEMORY_KIB: u32 = 64 * 1024;
/// The most passes that a stored hash may ask for.
pub const ARGON2_MAX_ITERATIONS: u32 = 10;
/// The most lanes that a stored hash may ask for.
pub const ARGON2_MAX_PARALLELISM: u32 = 4;
/// The weakest parameters that the OWASP Password Storage Cheat Sheet accepts for Argon2id with one
/// lane. Each pair is the memory in KiB and the number of passes. All pairs are equally strong.
pub const ARGON2_LEAST: [(u32, u32); 5] = [
    (47_104, 1),
    (19_456, 2),
    (12_288, 3),
    (9_216, 4),
    (7_168, 5),
];
/// The lowest and the highest cost of an imported bcrypt hash. Cost 12 takes a Worker about 0.4 s.
pub const FOREIGN_BCRYPT_COST: (u32, u32) = (4, 12);
/// The lowest and the highest number of rounds of an imported PBKDF2 hash. RFC 8018 section 4.2
/// asks for at least 1,000. Django 6.0 uses 1,200,000.
pub const FOREIGN_PBKDF2_ROUNDS: (u32, u32) = (1_000, 1_500_000);
/// The least work of an imported Argon2 hash: its memory in KiB times its passes. argon2-cffi once
/// made hashes of 512 KiB with two passes, which is as much as the weakest scrypt hash below.
pub const FOREIGN_ARGON2_MIN_WORK_KIB: u64 = 1_024;
/// The lowest binary logarithm of `N`, the cost of an imported scrypt hash. If a hash has a lower
/// cost, its password can be guessed quickly.
pub const FOREIGN_SCRYPT_MIN_LOG_N: u8 = 10;
/// The most memory that an imported scrypt hash may ask for, in KiB: an isolate has 128 MiB in all,
/// and wasm never gives memory back.
pub const FOREIGN_SCRYPT_MAX_MEMORY_KIB: u64 = 64 * 1024;
/// The most work that an imported scrypt hash may ask for, in KiB: its memory times `p`, because
/// the memory is filled `p` times.
pub const FOREIGN_SCRYPT_MAX_WORK_KIB: u64 = 256 * 1024;
/// The longest text of an imported hash, in bytes. Hashes of real systems have at most about 250
/// bytes.
pub const FOREIGN_HASH_MAX_BYTES: usize = 512;
/// The shortest context word, in characters. A context word is a word such as the user's name; a
/// password that has little else is rejected. Shorter words occur in other words by chance.
pub const CONTEXT_WORD_CHARS: usize = 4;
/// How many `PEPPERS` may be set together. New hashes are made with the first pepper. The others
/// only verify older hashes. An older hash is replaced at its owner's next login.
pub const MAX_PEPPERS: usize = 8;
/// The longest given or family name, in characters.
pub const NAME_MAX_CHARS: usize = 100;
// --- Guessing, with `PASSWORD_WORK = "durable"` ---

/// How long the next attempt at an account is delayed after the first failure, in seconds. Each
/// further failure doubles the delay.
pub const GUESS_DELAY: u64 = 1;
/// The longest delay after a failure, in seconds: 15 minutes. An owner usually asks for a reset
/// link long before the delay gets so long.
pub const GUESS_DELAY_MAX: u64 = 900;
/// After this many failures in a row, all attempts by clients that the account does not know are
/// rejected until the failures are forgotten. NIST SP 800-63B-4 section 3.2.2 allows no higher
/// number.
pub const GUESSES_IN_A_ROW: u32 = 100;
/// How long after the last failure all failures are forgotten, in seconds: a day. So there are
/// never more than [`GUESSES_IN_A_ROW`] failures within 24 hours.
pub const GUESS_LAPSE: u64 = DAY;
/// How many times the password may be wrong on a known device, in a session or with a link. Further
/// attempts with the same device, session or link are delayed as long as attempts on an unknown
/// device. The number is enough for an owner who tries all the passwords that they use. A thief who
/// has stolen a device ticket (the token by which the account recognises the device) gets only a
/// tenth of the [`GUESSES_IN_A_ROW`] that strangers get.
pub const KNOWN_GUESSES: u32 = 10;
/// An account's Durable Object counts the failures of each known client separately, for at most
/// this many clients. Any further known client is treated as an unknown one. A client becomes known
/// by signing in. The counts of 50 clients take about 3 KB.
pub const KNOWN_COUNTED: usize = 50;
/// How many attempts by unknown clients may wait in one account's Durable Object while the object
/// computes a hash. The same number of attempts by known clients may wait at the same time.
pub const TRIES_WAITING: u32 = 4;
/// How many seconds a client is told to wait when [`TRIES_WAITING`] attempts are already waiting.
/// The object computes five hashes of the service's own kind in less time. Five imported hashes of
/// the highest cost take about five seconds.
pub const TRIES_WAITING_RETRY_AFTER: u32 = 1;
/// How long the API that looks up breached passwords (the range API) may take, in milliseconds. The
/// time is short, because a person is waiting. If there is no answer in time, the password is
/// accepted.
pub const BREACHES_TIMEOUT_MS: u32 = 1_000;
/// The longest answer of the range API, in bytes. A padded range has a few thousand lines of 40
/// bytes.
pub const BREACHES_MAX_BYTES: u32 = 256 * 1024;
/// How long the verification of a challenge's token may take, in milliseconds.
pub const CHALLENGE_TIMEOUT_MS: u32 = 5_000;
/// The longest answer of Turnstile, in bytes. An answer usually has a few hundred bytes.
pub const CHALLENGE_MAX_BYTES: u32 = 16 * 1024;
/// The longest token of a challenge, in bytes. This is Turnstile's own limit.
pub const CHALLENGE_TOKEN_BYTES: usize = 2_048;

/// How long an account's Durable Object may take to answer, in milliseconds. On a slow machine,
/// five hashes of the service's own kind take a tenth of this time. Five imported hashes of the
/// highest cost take half of it.
pub const ACCOUNT_TIMEOUT_MS: u64 = 10_000;
/// How long a device ticket is valid: 400 days, the longest that browsers keep a cookie (RFC
/// 6265bis section 5.5). Each login issues a new device ticket. When the user chooses a new
/// password, or all sessions are ended, the older device tickets become invalid.
pub const DEVICE_TTL: u64 = 400 * DAY;

/// The `version` of a deleted user: higher than any other version, so that none of the user's
/// access tokens is valid. Every store passes the version through JavaScript, and this is the
/// largest integer that JavaScript represents exactly.
pub const DELETED_VERSION: u64 = (1 << 53) - 1;
/// How long an operator ticket is valid at most, in seconds: a quarter of an hour. That is enough
/// for a command that a person waits for. A ticket that somebody leaves in a terminal soon expires.
pub const OPERATOR_TICKET_TTL: u64 = 900;
/// The role that may manage users.
pub const ADMIN_ROLE: &str = "admin";

// --- Links and mail ---

/// How long a link to choose a new password is valid: an hour. OWASP recommends a short time. An
/// hour is enough to open the mail on another device.
pub const RESET_LINK_TTL: u64 = 3600;
/// How long a link to verify an address, to finish a registration or to accept an invitation is
/// valid: a day, for people who read their mail in the evening.
pub const VERIFICATION_LINK_TTL: u64 = DAY;
/// The longest body of a link's ticket, in bytes. The body holds an address, two names of 100
/// four-byte characters, and a few fixed fields.
pub const LINK_MAX_BYTES: usize = 1200;
/// The minimum pauses, in seconds, before the first, second and third mail with a link to the same
/// mailbox. The pauses are short, because the user might have mistyped something or looked in the
/// wrong mailbox.
pub const LANE_BURSTS: [u64; 3] = [0, 60, 300];
/// How long a link may be valid at most, in seconds: a day. If somebody keeps asking for links to a
/// mailbox, each link is valid twice as long as the previous link, so that fewer links are needed.
pub const LINK_LIFE_MAX: u64 = DAY;
/// If sending a mail fails, a retry sends the same link as long as less than a sixth of the link's
/// lifetime has passed: ten minutes if the lifetime is an hour. A later retry sends a new link. The
/// mail states only the other five sixths as the time for which the link is valid.
pub const LINK_FRESH_PART: u64 = 6;
/// How many recent mails to a mailbox are remembered. While the service attempts to send one mail,
/// it can send others to the same mailbox. This number must be larger than the number of these
/// others.
pub const LANE_JOBS_KEPT: usize = 16;
/// How many times a change of a lane (the stored list of recent mails to a mailbox) is attempted
/// while other Workers change the same lane. After that the mail is retried later.
pub const LANE_TRIES: u32 = 10;
/// How many mails a network may ask for in an hour. An office behind one IP address stays below
/// this limit.
pub const MAIL_REQUESTS_AN_HOUR: usize = 30;
/// `MAIL_BUDGET` is divided into shares, which are called pools. A network's first request within
/// 24 hours for a mail of a kind (resets, or all others) uses the first pool. At most this many
/// further requests of that kind within 24 hours use the medium pool.
pub const MAIL_MEDIUM_ASKS_A_DAY: usize = 4;
/// Requests for mails are counted per network. These are the prefix lengths (IPv4, IPv6) of such a
/// network: one IPv4 address, or the /48 of IPv6 that one customer gets.
pub const MAIL_NETWORK_BITS: (u8, u8) = (32, 48);
/// The prefix lengths (IPv4, IPv6) of the larger network that contains a network. The whole larger
/// network might belong to one provider, so the first requests of all networks in it share a limit.
pub const MAIL_LARGER_NETWORK_BITS: (u8, u8) = (16, 32);
/// One larger network may use a tenth of the first pool (a share of `MAIL_BUDGET`). The pool is
/// divided by this number.
pub const MAIL_LARGER_NETWORK_PART: u64 = 10;
/// If a request for a mail has a device or session ticket of the user (a token that shows that the
/// client is known), the mail is not counted in any budget. This is the maximum number of such
/// mails per user and day. The owner needs fewer. A thief who has stolen the ticket can't cause
/// more.
pub const KNOWN_MAILS_A_DAY: usize = 3;
/// How long the Durable Object that counts requests for mails may take to answer, in milliseconds.
/// The object has nothing to compute. Its answer takes ten seconds only in the worst case, while
/// Cloudflare moves the object.
pub const MAIL_GATE_TIMEOUT_MS: u64 = 10_000;
/// How many times per day a user may change the password. Requests to change the address have the
/// same limit, which is counted separately. Each of these actions sends a notice by mail, and no
/// limit on mails ever suppresses a notice. So the actions themselves are limited.
pub const NOTICED_ACTS_A_DAY: usize = 5;
/// The percentages of `MAIL_BUDGET` for password resets: for the first request of each network on a
/// day, for its next four requests, and for all its further requests.
pub const RESET_SHARES: [u64; 3] = [40, 15, 10];
/// The percentages of `MAIL_BUDGET` for registrations, verifications and new addresses, in the same
/// order as [`RESET_SHARES`].
pub const OTHER_SHARES: [u64; 3] = [20, 10, 5];
/// When the budget of an hour is used up, further mails wait until the next hour. Their retries are
/// spread over this many seconds at the beginning of that hour: ten minutes.
pub const BUDGET_SPREAD: u64 = 600;
/// The default `MAIL_BUDGET`: how many mails strangers can cause in each hour of the clock, such as
/// from 12:00 to 13:00. The budget limits the costs that an attacker can cause, and the damage to
/// the sender's reputation.
pub const MAIL_BUDGET: u64 = 1000;
/// The largest `MAIL_BUDGET`.
pub const MAX_MAIL_BUDGET: u64 = 1_000_000;
/// The pauses before each retry of a mail that the provider did not accept, in seconds. The last
/// pause repeats. With [`MAIL_TRIES`] attempts, the pauses last for more than a day in total.
pub const MAIL_RETRIES: [u64; 8] = [10, 30, 60, 120, 300, 600, 1200, 1800];
/// How many times a mail is attempted before it becomes a dead letter. Waiting for the budget is
/// not an attempt.
pub const MAIL_TRIES: u32 = 60;
/// The longest pause that a provider can ask for, in seconds.
pub const MAIL_RETRY_MAX: u64 = 3600;
/// How long a mail provider may take to answer, in milliseconds. Most answer within a second. Ten
/// seconds are enough even when a provider is slow. Even then a batch of mails ends well within the
/// 15 minutes that a queue's consumer has.
pub const MAIL_TIMEOUT_MS: u32 = 10_000;
/// All mails of a batch are prepared together. If the provider is so slow that a mail is not sent
/// within this many seconds, the mail is prepared again, because the account could have changed.
pub const MAIL_PREPARED_TTL: u64 = 10;
/// How much of a mail provider's answer is read, in bytes. Real answers have a few hundred bytes. A
/// proxy between the service and the provider might send a whole page.
pub const MAIL_ANSWER_MAX_BYTES: usize = 16 * 1024;
/// How much of a mail provider's own text is logged, in characters. The text of an error usually
/// has one or two sentences.
pub const MAIL_REASON_MAX_CHARS: usize = 300;
/// The longest word of a mail provider's text that is logged, in characters. The longest error code
/// has 49 characters. Links, keys and tickets, which must not be logged, are longer than this
/// limit.
pub const MAIL_REASON_WORD_CHARS: usize = 60;
/// If a provider has accepted no mail for this many seconds, the service reports an outage. The
/// first pauses of [`MAIL_RETRIES`] are shorter, so a few retries cause no alarm.
pub const MAIL_OUTAGE: u64 = 120;
/// How long a failure of the provider is remembered, in seconds, if no mail is attempted after the
/// failure. The time is longer than any pause between two attempts.
pub const MAIL_TROUBLE_TTL: u64 = 2 * MAIL_RETRY_MAX;
/// How long the queue waits, in seconds, before it delivers a mail again to a Worker that is
/// misconfigured or can't reach its database.
pub const MAIL_BROKEN_PAUSE: u64 = 60;
/// How many characters a mail shows of the name of a device or of a place.
pub const MAIL_FACT_CHARS: usize = 100;
/// How many stored mails one run of the cron sends again.
pub const REQUEUED_AT_ONCE: u32 = 50;
/// How long a dead letter is stored: 14 days. After that there is no reason to store the address
/// that it contains.
pub const DEAD_LETTER_TTL: u64 = 14 * DAY;
/// Some links can be requested by anybody. The service sends such a link at most this many seconds
/// after the request: a day. By then the queue has stopped retrying, too. After this time nobody
/// gets the link, not even if an operator retries the mail.
pub const LINK_JOB_TTL: u64 = DAY;
/// How long the service remembers that an address was freed (that its account was deleted or got
/// another address), in seconds. A registration that was requested before that can still be
/// waiting, first as a mail in the queue and then as a link in the mailbox. An hour is added
/// because clocks differ and because the cron runs only at intervals.
pub const FREED_ADDRESS_TTL: u64 = LINK_JOB_TTL + VERIFICATION_LINK_TTL + HOUR;
/// A job (a queued request for a mail) reserves the notice that it is about to send for this many
/// seconds, so that no other job sends the same notice. The time is longer than a provider may take
/// to answer. If the job is interrupted, another job sends the notice after this time.
pub const NOTICE_HELD: u64 = 60;
/// How long the service remembers that a notice was sent, in seconds. The time is longer than a
/// copy of the notice's job can wait in the queue and as a dead letter.
pub const NOTICE_KEPT: u64 = DEAD_LETTER_TTL + 2 * DAY;
/// How long `/dev/outbox` keeps a mail, in seconds.
pub const OUTBOX_TTL: u64 = DAY;
/// How many mails `/dev/outbox` shows.
pub const OUTBOX_SHOWN: u64 = 100;
/// The longest `PRODUCT_NAME`, and the longest display name in `MAIL_FROM`, in characters.
pub const PRODUCT_NAME_CHARS: usize = 64;
/// How much of an `Accept-Language` is read, in bytes. Browsers send fewer than 100.
pub const ACCEPT_LANGUAGE_BYTES_READ: usize = 200;

/// How many language ranges of an `Accept-Language` are read. Each range is compared with each
/// language of the service. Browsers send fewer ranges.
pub const ACCEPT_LANGUAGE_RANGES_READ: usize = 10;
/// How many users a page of the list of users has by default.
pub const USERS_PER_PAGE: u32 = 50;
/// How many apps a page of the list of apps has.
pub const CLIENTS_PER_PAGE: u32 = 100;
/// How many users a page of the list of users has at most.
pub const MAX_USERS_PER_PAGE: u32 = 200;
/// After a restore of the database, an operator raises counters of all accounts. One request does
/// so for at most this many accounts. D1 changes that many rows in well under a second.
pub const RAISED_AT_ONCE: u32 = 1_000;
/// How many failed mails one request retries or drops by their ids. Together the ids fit into a
/// request body.
pub const MAILS_AT_ONCE: usize = 200;
/// The longest id of a failed mail, in bytes. Such an id is the id of a job, which has 32 bytes, or
/// the id of a queue message, which is about as long.
pub const MAIL_ID_BYTES: usize = 64;
/// How many lines one request of an import may have.
pub const IMPORT_MAX_ROWS: usize = 500;
/// The largest body of an import, in bytes. The service adds fields to each row. With these fields
/// the rows stay below 2 MB, the limit of a D1 parameter.
pub const IMPORT_MAX_BYTES: usize = 1024 * 1024;
/// The longest line of an import, in bytes.
pub const IMPORT_LINE_MAX_BYTES: usize = 64 * 1024;
/// How many users a page of an export has at most. This number is also the default.
pub const EXPORT_MAX_ROWS: u32 = 500;
/// The longest `external_id` (the id of a user in another system), in characters.
pub const EXTERNAL_ID_MAX_CHARS: usize = 255;
/// How long an import rejects the id of a deleted account, in seconds. During this time the session
/// store may still reject every access token with that id.
pub const DEPARTED_ID_TTL: u64 = DAY;
/// How many times a change that depends on the user's version is attempted. An attempt fails if
/// another request changes the user at the same time.
pub const VERSION_TRIES: u32 = 3;

// --- Signing in to other apps ---

/// How long an authorization code is valid, in seconds: a minute. RFC 6749 section 4.1.2 allows ten
/// minutes. Apps exchange a code as soon as they get it.
pub const CODE_TTL: u64 = 60;
/// The longest body of a code, in bytes. With the prefix, the MAC and base64url it stays below
/// 2,000 characters, which every server and proxy accepts in a URL.
pub const CODE_MAX_BYTES: usize = 1_460;
/// How long a sealed request (an app's authorization request, which the service signs and hands to
/// the browser) is valid, in seconds: an hour. The user may first have to choose a new password
/// with a mailed link, and such a link is valid for an hour.
pub const SEALED_REQUEST_TTL: u64 = 3600;
/// The longest body of a sealed request, in bytes. The limit is that of the query, because no value
/// is longer in the sealed request than in the query.
pub const SEALED_REQUEST_MAX_BYTES: usize = AUTHORIZATION_QUERY_MAX_BYTES;
/// The longest body of an app's refresh token, in bytes. It has room for scopes and a resource of
/// the largest size, and for the fields of fixed size.
pub const APP_TICKET_MAX_BYTES: usize = 1_280;
/// The longest query of an authorization request, in bytes: 8 KB, which RFC 9110 section 4.1
/// recommends as the minimum that servers accept.
pub const AUTHORIZATION_QUERY_MAX_BYTES: usize = 8 * 1024;
// Every `id_token_hint` that fits into a query must be read. If a long hint were ignored, any user
// could sign in, instead of only the user that the hint names.
const _: () = assert!(ID_TOKEN_MAX_BYTES >= AUTHORIZATION_QUERY_MAX_BYTES);
/// The longest `state`, in bytes. Some libraries put a sealed state of more than 1 KB into it.
pub const STATE_MAX_BYTES: usize = 2_048;
/// The longest `nonce`, in bytes. The `nonce` is part of the authorization code, which must stay
/// short.
pub const NONCE_MAX_BYTES: usize = 256;
/// The longest `redirect_uri`, in bytes.
pub const REDIRECT_URI_MAX_BYTES: usize = 512;
/// The longest `resource`, in bytes. The `resource` is part of the authorization code.
pub const RESOURCE_MAX_BYTES: usize = 512;
/// The longest `client_id`, in bytes: it may be the URL of a metadata document.
pub const CLIENT_ID_MAX_BYTES: usize = 512;
/// The longest scope, in bytes. Real scopes have fewer than 40 bytes.
pub const SCOPE_MAX_BYTES: usize = 64;
/// The longest list of scopes, in bytes. The list is part of the authorization code.
pub const SCOPES_MAX_BYTES: usize = 512;
/// The longest `login_hint`, in bytes: as long as the longest address.
pub const LOGIN_HINT_MAX_BYTES: usize = EMAIL_BYTES;
/// The longest `ui_locales`, in bytes. It is the number of bytes that are read of an
/// `Accept-Language`.
pub const UI_LOCALES_MAX_BYTES: usize = ACCEPT_LANGUAGE_BYTES_READ;
/// The longest `acr_values`, in bytes. This service knows only one authentication context class, so
/// an app has no reason to send a long list.
pub const ACR_VALUES_MAX_BYTES: usize = 200;
/// The shortest `code_verifier`, in characters (RFC 7636 section 4.1).
pub const VERIFIER_MIN_CHARS: usize = 43;
/// The longest `code_verifier`, in characters (RFC 7636 section 4.1).
pub const VERIFIER_MAX_CHARS: usize = 128;
/// The longest name of a client or of an API, in characters. A consent page shows the name in one
/// or two lines.
pub const CLIENT_NAME_MAX_CHARS: usize = 100;
/// How many redirect URIs a client may have of each kind: enough for every environment of an app.
pub const CLIENT_REDIRECT_URIS_MAX: usize = 20;
/// How many APIs a client may get tokens for.
pub const CLIENT_RESOURCES_MAX: usize = 20;
/// How many secrets a client may have at a time: the current one, and its successor during a
/// change.
pub const CLIENT_SECRETS_MAX: usize = 2;
/// How many sessions of one app a user may have: enough for all devices. These sessions are not
/// counted in [`SESSIONS_PER_USER`], so no app can cause the user's own sessions to end.
pub const SESSIONS_PER_USER_AND_CLIENT: usize = 20;
/// How long a session of a public client on a website may be idle: a day. Such an app keeps its
/// refresh token in memory and begins a new session with each load of its page.
pub const APP_PAGE_IDLE_TTL: u64 = DAY;
/// How many APIs `RESOURCES` may name.
pub const RESOURCES_MAX: usize = 50;
/// The longest metadata document of a client, in bytes: 5 KB, the limit that the Internet-Draft
/// about client metadata documents recommends.
pub const METADATA_MAX_BYTES: usize = 5 * 1024;
/// How long a client's server may take to send its metadata document, in milliseconds. The time is
/// short, because a person is waiting.
pub const METADATA_TIMEOUT_MS: u32 = 5_000;
/// How long a metadata document is cached at least, in seconds: 5 minutes. Otherwise somebody could
/// make this service fetch the document with every request.
pub const METADATA_CACHE_MIN: u64 = 300;
/// How many metadata documents an isolate caches at most. Each has up to 5 KB.
pub const METADATA_DOCUMENTS_KEPT: usize = 100;
/// How long a metadata document is cached at most, in seconds: a day. If a client changes its
/// redirect URIs, the change takes effect within this time.
pub const METADATA_CACHE_MAX: u64 = DAY;
/// The smallest RSA key of `ID_TOKEN_KEYS`, in bits (RFC 7518 section 3.3).
pub const RSA_MIN_BITS: usize = 2_048;
/// The largest RSA key of `ID_TOKEN_KEYS`, in bits. A signature with such a key takes about 5 ms. A
/// larger key would only be slower.
pub const RSA_MAX_BITS: usize = 4_096;
/// How many keys `ID_TOKEN_KEYS` may have. A rotation needs two or three.
pub const ID_TOKEN_KEYS_MAX: usize = 5;
/// The longest text of `ID_TOKEN_KEYS`, in bytes: five private keys of the largest size.
pub const ID_TOKEN_KEYS_MAX_BYTES: usize = 20 * 1024;

// --- HTTP ---

/// The largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// The longest `Cookie` header that is searched for the refresh token, in bytes: four cookies of
/// the largest size that browsers allow. Most servers accept less.
pub const MAX_COOKIE_BYTES: usize = 16 * 1024;
/// How long a browser may cache the answer to a preflight request, in seconds: two hours, the most
/// that Chromium allows. An origin that is allowed stays allowed until the operator removes it from
/// the list. A cached answer hides the removal for up to two hours, but the responses to the actual
/// requests show it at once.
pub const PREFLIGHT_SECONDS: &str = "7200";
/// The longest list of header names that a preflight request may ask for, in bytes. Pages send a
/// few short names.
pub const MAX_PREFLIGHT_HEADER_BYTES: usize = 2048;
/// How long anyone may cache the public keys and the metadata: 5 minutes. A new key is published a
/// day before it signs.
pub const PUBLIC_CACHE_SECONDS: u32 = 300;
/// How many seconds a client is told to wait after a store has failed.
pub const RETRY_AFTER: u32 = 2;

/// How many seconds a client is told to wait after too many attempts. The limits count attempts per
/// minute.
pub const LIMIT_RETRY_AFTER: u32 = 60;

/// An hour, in seconds.
pub const HOUR: u64 = 3600;
/// A day, in seconds.
pub const DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    /// Each calculated limit has the value that the comments and the documents state.
    #[test]
    fn calculated_limits_are_what_is_documented() {
        for (calculated, documented) in [
            (COPY_TTL, 86_400),
            (HOLD_TTL, 120),
            (SESSION_TTL, 7_776_000),
            (MAX_SESSION_TTL, 34_560_000),
            (SESSION_IDLE_TTL, 2_592_000),
            (ROTATE_AFTER, 90),
            (NEW_SESSION_UNSEEN, 120),
            (ENDED_TTL, 34_560_300),
            (STALE_TTL, 3_900),
            (OWN_REVOCATIONS_KEPT, 300),
            (DEPARTURE_TTL, 691_200),
            (DEVICE_TTL, 34_560_000),
            (DELETED_VERSION, 9_007_199_254_740_991),
            (MAIL_TROUBLE_TTL, 7_200),
            (DEAD_LETTER_TTL, 1_209_600),
            (FREED_ADDRESS_TTL, 176_400),
            (NOTICE_KEPT, 1_382_400),
        ] {
            assert_eq!(calculated, documented);
        }
        for (calculated, kib) in [(BREACHES_MAX_BYTES, 256), (CHALLENGE_MAX_BYTES, 16)] {
            assert_eq!(calculated, kib << 10);
        }
        for bytes in [MAX_BODY_BYTES, MAX_COOKIE_BYTES, MAIL_ANSWER_MAX_BYTES] {
            assert_eq!(bytes, 16_384);
        }
        assert_eq!(ARGON2_MAX_MEMORY_KIB, 65_536);
    }
}
