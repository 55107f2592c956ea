//! Every lifetime and limit: its default and the reason for it. No such number stands elsewhere.

// --- Access tokens ---

/// `ACCESS_TOKEN_TTL`: 10 minutes (RFC 9700 asks for short lives; a local check sees no revocation before the end).
pub const ACCESS_TOKEN_TTL: u64 = 600;
/// Longest access token accepted or issued, in bytes. Ours take some 700; proxies cut header lines at 8 KiB, and what is
/// longer is refused before anything is copied.
pub const ACCESS_TOKEN_MAX_BYTES: usize = 4096;

/// Longest time between `iat` and `exp` of an access token, in seconds. A day is far above the default life of ten minutes;
/// a key that leaks must not make tokens for years.
pub const ACCESS_TOKEN_MAX_LIFE_SECONDS: u64 = 86_400;

/// How long after `exp` a token still passes, in seconds. None on a server: it wrote the time itself.
pub const CLOCK_TOLERANCE_SECONDS: u64 = 0;

/// How far `iat` and `nbf` may lie ahead of the clock, in seconds. A minute covers clocks kept by NTP.
pub const FUTURE_SKEW_SECONDS: u64 = 60;

/// Largest time or counter in a token: 2^53, above which JavaScript loses integers (RFC 8259 section 6 asks for no more).
pub const INTEGER_MAX: u64 = 1 << 53;

/// Most roles in one token. With [`ROLE_MAX_CHARS`] it keeps a token under [`ACCESS_TOKEN_MAX_BYTES`] in ASCII.
pub const ROLES_MAX: usize = 32;

/// Longest role, in characters.
pub const ROLE_MAX_CHARS: usize = 64;

/// Deepest nesting of JSON in a token or a key set. Ours is two deep; the wasm stack is 1 MiB.
pub const JSON_MAX_DEPTH: usize = 16;

/// Longest key id, in bytes. An RFC 7638 thumbprint takes 43.
pub const KID_MAX_BYTES: usize = 128;

/// Most keys in a set. A rotation needs three.
pub const KEYS_MAX: usize = 20;

/// Longest text of a key set, in bytes. Twenty P-256 keys take about 5 KiB.
pub const KEY_SET_MAX_BYTES: usize = 32 * 1024;

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
/// How long an `ended` record lives: as long as the longest ticket can.
pub const ENDED_TTL: u64 = MAX_SESSION_TTL;
/// A `stale` record outlives the access tokens it refuses by 5 minutes.
pub const STALE_MARGIN: u64 = 300;
/// How long KV may serve a cached answer to a check: its own lower bound.
pub const REVOCATION_CACHE_TTL: u64 = 30;
/// How long an isolate may answer a check from its memory.
pub const REVOCATION_MEMORY_TTL: u64 = 15;
/// How many sessions' revocations an isolate remembers.
pub const REVOCATION_MEMORY_ENTRIES: usize = 2048;
/// The pauses before a refused KV write is tried again, in milliseconds, with up to 255 ms of jitter on each: a key
/// takes one write a second.
pub const KV_WRITE_RETRIES_MS: [u64; 3] = [300, 600, 900];
/// How much of a User-Agent is kept: KV metadata has 1,024 bytes in all.
pub const USER_AGENT_KEPT_CHARS: usize = 256;
/// How much of a city's name is kept.
pub const CITY_KEPT_CHARS: usize = 64;
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

/// How often a user's Durable Object is asked: once more after a failure, since an object that was moved or updated
/// breaks the requests on their way to it, and is there again at once.
pub const OBJECT_TRIES: u32 = 2;

// --- Secrets ---

/// Shortest `TICKET_SECRET` and oct key, in bytes: the length of the hash's output (RFC 7518 section 3.2).
pub const HMAC_KEY_MIN_BYTES: usize = 32;
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
/// The longest given or family name, in characters.
pub const NAME_MAX_CHARS: usize = 100;
/// The longest part of an address before the at sign, in bytes (RFC 5321 section 4.5.3.1.1).
pub const EMAIL_LOCAL_BYTES: usize = 64;
/// The longest address, in bytes (RFC 5321 section 4.5.3.1.3).
pub const EMAIL_BYTES: usize = 254;
/// The role that may manage users.
pub const ADMIN_ROLE: &str = "admin";

// --- HTTP ---

/// The largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// How long anyone may cache the public keys and the metadata: 5 minutes; a new key is published a day before it signs.
pub const PUBLIC_CACHE_SECONDS: u32 = 300;
/// What a client is told to wait, in seconds, when a store failed.
pub const RETRY_AFTER: u32 = 2;

/// What a client is told to wait, in seconds, after too many tries: the limits count by the minute.
pub const LIMIT_RETRY_AFTER: u32 = 60;

const DAY: u64 = 86_400;
