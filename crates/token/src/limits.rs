//! The limits of tokens, key sets and addresses: each with the reason for it.

/// Longest access token accepted or issued, in bytes. Ours take some 700; proxies cut header lines at 8 KiB, and what is
/// longer is refused before anything is copied.
pub const ACCESS_TOKEN_MAX_BYTES: usize = 4096;

/// Longest time between `iat` and `exp` of an access token, in seconds. A day is far above the default life of ten minutes;
/// a key that leaks must not make tokens for years.
pub const ACCESS_TOKEN_MAX_LIFE_SECONDS: u64 = 86_400;

/// How long after `exp` a token still passes, in seconds. None on a server: it wrote the time itself.
pub const CLOCK_TOLERANCE_SECONDS: u64 = 0;

/// The longest `clockTolerance` that the npm package takes, in seconds: 5 minutes. A clock that is further off is broken, and
/// more would only lengthen the life of tokens.
pub const CLOCK_TOLERANCE_MAX_SECONDS: u64 = 300;

/// How far `iat` and `nbf` may lie ahead of the clock, in seconds. A minute covers clocks kept by NTP.
pub const FUTURE_SKEW_SECONDS: u64 = 60;

/// Largest time or counter in a token: 2^53 - 1, above which JavaScript takes two integers for one (RFC 8259 section 6).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Most roles in one token. With [`ROLE_MAX_CHARS`] it keeps a token under [`ACCESS_TOKEN_MAX_BYTES`] in ASCII.
pub const ROLES_MAX: usize = 32;

/// Most roles that one local check asks for: an endless list must have an end.
pub const ROLES_ASKED_MAX: u32 = 256;

/// Longest issuer, audience or user id that a local check compares with, in bytes: a token holds no longer one.
pub const EXPECTED_MAX_BYTES: usize = ACCESS_TOKEN_MAX_BYTES;

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

/// Shortest `TICKET_SECRET` and oct key, in bytes: the length of the hash's output (RFC 7518 section 3.2).
pub const HMAC_KEY_MIN_BYTES: usize = 32;

/// The longest address, in bytes (RFC 5321 section 4.5.3.1.3).
pub const EMAIL_BYTES: usize = 254;

/// The longest part of an address before the at sign, in bytes (RFC 5321 section 4.5.3.1.1).
pub const EMAIL_LOCAL_BYTES: usize = 64;
