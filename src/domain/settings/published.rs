//! Keys that everybody knows: examples of RFCs, and what this repository's tests and documents sign and seal with. A deployment
//! with one of them would be anybody's (OWASP ASVS 6.3.2).

use sha2::{Digest as _, Sha256};

use super::{host_of, is_loopback_origin};

/// The beginning of the SHA-256 of a key's text: of a public half `x`, a symmetric `k`, or a `TICKET_SECRET`. The whole text
/// would weigh more, and eight bytes are met by chance never.
type Mark = [u8; 8];

/// RFC 7515 appendices A.1 and A.3, RFC 7517 appendix A.1, RFC 7520 section 3.5, RFC 8037 appendix A.
const OF_RFCS: [Mark; 5] = [
    [139, 27, 23, 169, 116, 12, 6, 138],
    [120, 247, 238, 6, 253, 207, 107, 35],
    [234, 24, 210, 136, 122, 24, 205, 20],
    [3, 48, 177, 25, 152, 203, 201, 171],
    [227, 202, 205, 92, 45, 147, 18, 149],
];

/// Of this repository. `tests/published_keys.rs` looks for them all.
const OF_TESTS: [Mark; 9] = [
    [200, 222, 13, 150, 119, 182, 127, 247],
    [159, 198, 175, 13, 221, 78, 168, 121],
    [91, 101, 130, 133, 213, 138, 120, 43],
    [104, 230, 169, 18, 101, 220, 169, 250],
    [163, 141, 203, 65, 5, 191, 198, 177],
    [107, 181, 15, 70, 155, 79, 11, 127],
    [229, 140, 170, 59, 217, 145, 89, 213],
    [234, 134, 106, 117, 126, 76, 56, 186],
    [207, 9, 49, 225, 104, 180, 158, 152],
];

/// Whether a setting's text holds a published key. Those of our tests count where nobody but their developer can be: on a
/// loopback address, and under the names that documents use.
pub(super) fn holds_published_key(text: &str, issuer: &str) -> bool {
    let in_use = !is_loopback_origin(issuer) && !is_reserved(issuer);
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        .filter(|word| word.len() >= 43)
        .any(|word| {
            let hash = Sha256::digest(word);
            let is_in = |marks: &[Mark]| marks.iter().any(|mark| hash.starts_with(mark));
            is_in(&OF_RFCS) || in_use && is_in(&OF_TESTS)
        })
}

/// Names that nobody can have (RFC 2606 sections 2 and 3).
fn is_reserved(issuer: &str) -> bool {
    let host = host_of(issuer.split_once("://").map_or(issuer, |(_, rest)| rest));
    [".example", ".example.com", ".test", ".invalid"]
        .iter()
        .any(|name| host.ends_with(name))
}
