//! Keys that are published: those in the examples of RFCs, and those in this repository's tests and
//! documents. If a deployment used such a key, anyone could forge its tokens. So these keys are
//! rejected (OWASP ASVS 6.3.2).

use sha2::{Digest as _, Sha256};

use super::{host_of, is_loopback_origin};

/// The first eight bytes of the SHA-256 of a key's text. The text is a public half `x`, a modulus
/// `n`, a symmetric `k`, or a `TICKET_SECRET`. Only eight bytes are stored, because whole keys
/// would make the Worker larger. Eight bytes are enough: a random key does not have the same eight
/// bytes by accident.
type Mark = [u8; 8];

/// The JWKs in the JOSE RFCs, and the test keys in the RFC about HTTP message signatures, as far as
/// this service would accept them:
///
/// - each public half `x` and each private half `d` of Ed25519 and P-256,
/// - each symmetric `k` of 32 bytes or more,
/// - each RSA modulus `n` of 2,048 bits or more.
///
/// P-384, P-521 and shorter keys need no entry here, because the service rejects all keys of these
/// kinds.
const OF_RFCS: [Mark; 29] = [
    // RFC 7515 appendix A.1 (also RFC 7517 A.3)
    [139, 27, 23, 169, 116, 12, 6, 138],
    // RFC 7515 appendix A.3
    [120, 247, 238, 6, 253, 207, 107, 35],
    [92, 207, 46, 219, 79, 7, 15, 11],
    // RFC 7517 appendices A.1 and A.2
    [234, 24, 210, 136, 122, 24, 205, 20],
    [164, 84, 4, 174, 51, 61, 217, 85],
    // RFC 7518 appendix C, Alice
    [175, 81, 172, 205, 106, 92, 30, 220],
    [12, 156, 204, 14, 250, 136, 50, 146],
    // RFC 7518 appendix C, Bob
    [191, 175, 217, 122, 158, 128, 49, 160],
    [108, 235, 215, 100, 221, 152, 64, 252],
    // RFC 7520 section 3.5
    [3, 48, 177, 25, 152, 203, 201, 171],
    // RFC 7520 section 3.6
    [143, 13, 93, 95, 138, 211, 134, 249],
    // RFC 7520 section 5.5
    [140, 144, 147, 3, 239, 83, 88, 214],
    [121, 189, 140, 181, 206, 148, 241, 107],
    // RFC 7520 section 5.7
    [253, 230, 82, 136, 117, 138, 222, 101],
    // RFC 7800 section 3.3
    [169, 86, 5, 254, 158, 224, 64, 154],
    // RFC 8037 appendix A
    [227, 202, 205, 92, 45, 147, 18, 149],
    [25, 14, 223, 89, 213, 115, 108, 59],
    // RFC 9421 appendix B.1.3
    [138, 149, 129, 162, 80, 158, 28, 128],
    [76, 120, 48, 58, 158, 172, 206, 190],
    // RFC 9421 appendix B.1.4
    [59, 127, 209, 185, 151, 168, 172, 82],
    [72, 148, 171, 243, 3, 239, 31, 164],
    // RFC 9421 appendix B.1.5
    [40, 2, 103, 105, 113, 182, 43, 161],
    // RFC 9901 appendix A.5, the issuer
    [57, 28, 18, 133, 195, 119, 43, 151],
    [11, 119, 235, 102, 93, 24, 114, 223],
    // RFC 9901 appendix A.5, the holder
    [34, 6, 70, 13, 94, 155, 138, 174],
    [228, 30, 99, 247, 171, 6, 251, 33],
    // RFC 7515 appendix A.2, RSA
    [244, 163, 131, 51, 46, 182, 42, 57],
    // RFC 7517 appendices A.1 and A.2, RSA
    [105, 218, 155, 138, 110, 78, 179, 79],
    // RFC 7520 section 3.3, RSA
    [137, 158, 95, 37, 111, 6, 201, 152],
];

/// The keys in this repository. `tests/published_keys.rs` checks that all of them are in this list.
const OF_TESTS: [Mark; 10] = [
    [200, 222, 13, 150, 119, 182, 127, 247],
    [159, 198, 175, 13, 221, 78, 168, 121],
    [91, 101, 130, 133, 213, 138, 120, 43],
    [104, 230, 169, 18, 101, 220, 169, 250],
    [163, 141, 203, 65, 5, 191, 198, 177],
    [107, 181, 15, 70, 155, 79, 11, 127],
    [229, 140, 170, 59, 217, 145, 89, 213],
    [234, 134, 106, 117, 126, 76, 56, 186],
    [207, 9, 49, 225, 104, 180, 158, 152],
    [77, 142, 145, 71, 101, 19, 95, 27],
];

/// Whether a setting's text contains a published key. The keys of this repository are allowed if
/// the issuer shows that only the developer can reach the Worker: if it is on a loopback address,
/// or under a host name that is reserved for documentation and tests.
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

/// Host names that nobody can register (RFC 2606 sections 2 and 3).
fn is_reserved(issuer: &str) -> bool {
    let host = host_of(issuer.split_once("://").map_or(issuer, |(_, rest)| rest));
    [".example", ".example.com", ".test", ".invalid"]
        .iter()
        .any(|name| host.ends_with(name))
}
