//! Every lifetime and limit: its default and the reason for it.

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

/// Shortest HMAC key, in bytes: the length of the hash's output (RFC 7518 section 3.2).
pub const HMAC_KEY_MIN_BYTES: usize = 32;

/// Verified tokens remembered by one isolate. At most 4 KiB of text each: 1 MiB of an isolate's 128.
pub const VERIFIED_TOKENS_MAX: usize = 256;
