//! The limits of tokens, key sets and email addresses, each with its reason.

/// Longest access token that is accepted or issued, in bytes. The tokens of the service have about
/// 700 bytes. Proxies cut off header lines at 8 KiB. A longer token is rejected before any part of
/// it is copied.
pub const ACCESS_TOKEN_MAX_BYTES: usize = 4096;

/// Longest time between `iat` and `exp` of an access token, in seconds. Tokens are valid for ten
/// minutes by default, so a day is more than enough. Because of the limit, a thief who has stolen a
/// signing key can't make a token that stays valid for years.
pub const ACCESS_TOKEN_MAX_LIFE_SECONDS: u64 = 86_400;

/// How many seconds after `exp` a token is still valid. It is 0 on a server, because the same
/// servers write `exp` and check it.
pub const CLOCK_TOLERANCE_SECONDS: u64 = 0;

/// Largest `clockTolerance` that the npm package accepts, in seconds: 5 minutes. A clock that is
/// wrong by more than 5 minutes should be corrected. With a larger tolerance, expired tokens would
/// be accepted for too long.
pub const CLOCK_TOLERANCE_MAX_SECONDS: u64 = 300;

/// How many seconds `iat` and `nbf` may be in the future. Clocks that are set by NTP differ by far
/// less than a minute.
pub const FUTURE_SKEW_SECONDS: u64 = 60;

/// Longest id_token, in bytes. It may be twice as long as an access token, because it also contains
/// names, an address and a nonce, and is not sent in a header.
pub const ID_TOKEN_MAX_BYTES: usize = 8 * 1024;

/// Largest time or counter in a token: 2^53 - 1. Above this limit, JavaScript reads some different
/// integers as the same number (RFC 8259 section 6).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Most roles in one token. This many roles of [`ROLE_MAX_CHARS`] ASCII characters each fit into a
/// token of [`ACCESS_TOKEN_MAX_BYTES`] bytes, unless its issuer, its audience or its scope is very
/// long.
pub const ROLES_MAX: usize = 32;

/// Most roles that a caller can pass to one local check. Without this limit, a check with an
/// endless list would never return.
pub const ROLES_ASKED_MAX: u32 = 256;

/// Longest issuer, audience or user id that a caller can pass to a local check, in bytes. No token
/// is long enough to contain a longer one.
pub const EXPECTED_MAX_BYTES: usize = ACCESS_TOKEN_MAX_BYTES;

/// Longest role, in characters.
pub const ROLE_MAX_CHARS: usize = 64;

/// Deepest nesting of JSON that is read. The service's own tokens are nested two levels deep, and
/// its key sets three. A limit is needed because the reader is recursive, and the stack of the wasm
/// has only 1 MiB.
pub const JSON_MAX_DEPTH: usize = 16;

/// Longest key id, in bytes. An RFC 7638 thumbprint has 43 bytes.
pub const KID_MAX_BYTES: usize = 128;

/// Most keys in a set. A key rotation needs three keys.
pub const KEYS_MAX: usize = 20;

/// Longest text of a key set, in bytes. Twenty P-256 keys have about 5 KiB.
pub const KEY_SET_MAX_BYTES: usize = 32 * 1024;

/// Shortest `TICKET_SECRET` and shortest symmetric key, in bytes. It is the length of the SHA-256
/// hash (RFC 7518 section 3.2).
pub const HMAC_KEY_MIN_BYTES: usize = 32;

/// Longest email address, in bytes (RFC 5321 section 4.5.3.1.3).
pub const EMAIL_BYTES: usize = 254;

/// Longest part of an email address before the at sign, in bytes (RFC 5321 section 4.5.3.1.1).
pub const EMAIL_LOCAL_BYTES: usize = 64;
