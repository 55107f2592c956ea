//! Tokens with random changes. The same number always gives the same token.

use super::token_support::{Key, claims, encode};

/// Makes changed tokens.
pub(super) struct Mutations {
    claims: Vec<u8>,
}

/// Values that are unusual for a claim or a member of a header.
const VALUES: [&str; 24] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e400",
    "9007199254740991",
    "9007199254740992",
    "18446744073709551616",
    "1800000000",
    "1800000060",
    "1800000061",
    "1799999999",
    "\"\"",
    "\"a\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "[]",
    "[\"user\"]",
    "[\"user\",\"user\"]",
    "[1]",
    "{}",
    "[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]",
];
const NAMES: [&str; 24] = [
    "iss",
    "sub",
    "aud",
    "client_id",
    "exp",
    "iat",
    "nbf",
    "auth_time",
    "jti",
    "sid",
    "ver",
    "roles",
    "email",
    "email_verified",
    "alg",
    "typ",
    "kid",
    "crit",
    "b64",
    "jwk",
    "cty",
    "x5c",
    "extra",
    "__proto__",
];
/// Pieces that are written into a text at a random place.
const PIECES: [&[u8]; 14] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\\u0061",
];
/// Characters of base64url, and some that are not in its alphabet.
const LETTERS: &[u8] = b"ABCDXYZabcdxyz0189-_.=+/ \t";

/// The order of the base point of Ed25519 (little-endian). The next constant is the order of the
/// base point of P-256 (big-endian).
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

impl Mutations {
    pub(super) fn new() -> Self {
        Self {
            claims: claims().to_string().into_bytes(),
        }
    }

    /// The token with this number, and the key whose key set verifies it.
    pub(super) fn token(&self, number: u64) -> (Key, String) {
        let mut random = Random(number);
        let key = random.one_of(&[Key::Ed, Key::Es, Key::Es, Key::Ed, Key::Retired, Key::Lone]);
        let header = key.header().to_string().into_bytes();
        if number.is_multiple_of(2) {
            let (mut header, mut claims) = (header, self.claims.clone());
            // One token in ten is not changed, and is valid.
            match random.below(10) {
                0 => {}
                1 | 2 => random.change_json(&mut header),
                _ => random.change_json(&mut claims),
            }
            return (key, key.token(header, claims));
        }
        let good = key.token(header, &self.claims);
        (key, random.change_token(key, &good))
    }
}

/// The random number generator SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Changes a JSON object once or twice.
    fn change_json(&mut self, text: &mut Vec<u8>) {
        for _ in 0..=self.below(2) {
            match self.below(8) {
                0 => {
                    let at = self.below(text.len());
                    text[at] ^= 1 << self.below(8);
                }
                1 => {
                    let at = self.below(text.len());
                    let end = (at + 1 + self.below(12)).min(text.len());
                    text.drain(at..end);
                }
                2 => {
                    let at = self.below(text.len() + 1);
                    let piece = self.one_of(&PIECES);
                    text.splice(at..at, piece.iter().copied());
                }
                3 => self.add_member(text),
                _ => self.replace_value(text),
            }
            if text.is_empty() {
                return;
            }
        }
    }

    /// Adds a member at the beginning of the object. If the object has a member with this name
    /// already, it now has two.
    fn add_member(&mut self, text: &mut Vec<u8>) {
        let member = format!("{{\"{}\":{},", self.one_of(&NAMES), self.one_of(&VALUES));
        if text.first() == Some(&b'{') {
            text.splice(..1, member.into_bytes());
        }
    }

    /// Gives a member another value, or removes it.
    fn replace_value(&mut self, text: &mut Vec<u8>) {
        let Ok(mut object) = serde_json::from_slice::<serde_json::Value>(text) else {
            return;
        };
        let Some(members) = object.as_object_mut() else {
            return;
        };
        let names: Vec<String> = members.keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let name = &names[self.below(names.len())];
        if self.below(6) == 0 {
            members.remove(name);
        } else if let Ok(value) = serde_json::from_str(self.one_of(&VALUES)) {
            members.insert(name.clone(), value);
        }
        *text = object.to_string().into_bytes();
    }

    /// Changes a token after it was signed. This usually makes the signature invalid.
    fn change_token(&mut self, key: Key, good: &str) -> String {
        let mut text = good.as_bytes().to_vec();
        match self.below(8) {
            0 => {
                let at = self.below(text.len());
                text[at] = self.one_of(LETTERS);
            }
            1 => {
                let at = self.below(text.len());
                text.remove(at);
            }
            2 => {
                let at = self.below(text.len() + 1);
                text.insert(at, self.one_of(LETTERS));
            }
            3 => {
                let end = self.below(text.len());
                text.truncate(end);
            }
            _ => return self.change_signature(key, good),
        }
        // The text is still UTF-8, because all letters are ASCII.
        String::from_utf8(text).unwrap()
    }

    /// Changes the signature: flips a single bit, or replaces one half by a special value.
    fn change_signature(&mut self, key: Key, good: &str) -> String {
        let (input, _) = good.rsplit_once('.').unwrap();
        let mut signature = key.sign(input.as_bytes());
        let order = if key == Key::Es {
            P256_ORDER
        } else {
            ED25519_ORDER
        };
        let half = 32 * self.below(2);
        match self.below(8) {
            0 => signature[half..half + 32].fill(0),
            1 => signature[half..half + 32].fill(0xff),
            2 => signature[half..half + 32].copy_from_slice(&order),
            3 => signature = add_order(signature, key, order),
            4 => {
                // The point is the identity or another point of small order, with or without the
                // sign bit.
                signature[..32].fill(0);
                signature[0] = u8::try_from(self.below(2)).unwrap();
                signature[31] = self.one_of(&[0, 0x80]);
            }
            5 => {
                let length = self.below(70);
                signature.resize(length, 0x30);
            }
            _ => {
                let at = self.below(signature.len());
                signature[at] ^= 1 << self.below(8);
            }
        }
        format!("{input}.{}", encode(&signature))
    }
}

/// Changes the scalar of a signature by the order of the base point. For Ed25519, S becomes S + L,
/// which must be rejected. For P-256, s becomes n - s, which is also a valid signature.
fn add_order(mut signature: Vec<u8>, key: Key, order: [u8; 32]) -> Vec<u8> {
    let (mut carry, mut borrow) = (0, 0);
    for at in 0..32 {
        if key == Key::Es {
            let place = 63 - at;
            let left = i16::from(order[31 - at]) - i16::from(signature[place]) - borrow;
            borrow = i16::from(left < 0);
            signature[place] = u8::try_from(left.rem_euclid(256)).unwrap();
        } else {
            let sum = u16::from(signature[32 + at]) + u16::from(order[at]) + carry;
            carry = sum >> 8;
            signature[32 + at] = u8::try_from(sum & 0xff).unwrap();
        }
    }
    signature
}
