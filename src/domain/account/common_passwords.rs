//! The list of common passwords, in the compact form that is part of the Worker.
//!
//! The list as text, `common_passwords.txt`, would add 45 KB to the Worker. Shortened hashes of its
//! lines add only 14 KB. Every password on the list is recognised. Some passwords that are not on
//! the list are mistaken for common ones, because their shortened hash is equal to the shortened
//! hash of a common password:
//!
//! | characters | hash | mistaken for a common one |
//! |---|---|---|
//! | 15 or more, the default minimum | 32 bits | 1 in 139 million |
//! | 8 to 14, where `PASSWORD_MIN_LENGTH` allows them | 22 bits | 1 in 363 |
//!
//! A password that is longer than every line of the list, or that is not ASCII, is never mistaken
//! for a common one.
//!
//! `scripts/common-passwords.mjs` makes two files of hashes from the text. `common_passwords.long`
//! has 32 bits of the hash of each long password. `common_passwords.rice` has 22 bits of the hash
//! of each short password. The 22-bit hashes are sorted in ascending order, and each is stored as
//! its distance from the previous hash. The distance is written in a Rice code (Golomb, 1966): the
//! distance divided by 256 and rounded down gives a number n, and n is written as n 1s followed by
//! a 0. After it come the low 8 bits of the distance. Each byte is filled from its highest bit to
//! its lowest. The unused bits of the last byte are 1s.

use sha2::{Digest as _, Sha256};

const SHORT: &[u8] = include_bytes!("common_passwords.rice");
const SHORT_BITS: u32 = 22;
const LOW_BITS: u32 = 8;
const LONG: &[u8] = include_bytes!("common_passwords.long");
/// Passwords with at least this many characters are in the list of long passwords.
const LONG_CHARS: usize = 15;
/// The longest line of the list, in bytes.
const LONGEST: usize = 20;

/// Whether a password, given in lower case, is on the list.
pub(super) fn is_common(lower: &str) -> bool {
    if lower.len() > LONGEST || !lower.is_ascii() {
        return false;
    }
    let hash = hash(lower);
    if lower.len() >= LONG_CHARS {
        LONG.chunks_exact(4)
            .any(|known| known == hash.to_be_bytes())
    } else {
        let wanted = short(hash);
        Hashes::all().any(|known| known == wanted)
    }
}

fn hash(password: &str) -> u32 {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(password).into();
    u32::from_be_bytes([a, b, c, d])
}

const fn short(hash: u32) -> u32 {
    hash >> (u32::BITS - SHORT_BITS)
}

/// Reads the hashes of short passwords, in ascending order.
struct Hashes<I> {
    bits: I,
    last: u32,
}

impl Hashes<()> {
    fn all() -> Hashes<impl Iterator<Item = bool>> {
        let bits = SHORT
            .iter()
            .flat_map(|byte| (0..u8::BITS).rev().map(move |bit| byte >> bit & 1 == 1));
        Hashes { bits, last: 0 }
    }
}

impl<I: Iterator<Item = bool>> Iterator for Hashes<I> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let mut distance = 0_u32;
        while self.bits.next()? {
            distance = distance.wrapping_add(1);
        }
        for _ in 0..LOW_BITS {
            distance = distance << 1 | u32::from(self.bits.next()?);
        }
        self.last = self.last.wrapping_add(distance);
        Some(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// All entries of zxcvbn's list of common passwords that have eight or more characters, in
    /// lower case. The list is under the MIT licence, whose text is stored next to the file.
    const COMMON: &str = include_str!("common_passwords.txt");

    #[test]
    fn the_list_is_sorted_and_has_11_611_lines_of_8_to_20_characters() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert_eq!(lines.len(), 11_611);
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(
            lines
                .iter()
                .all(|line| line.len() >= 8 && line.is_ascii() && *line == line.to_lowercase())
        );
        assert_eq!(lines.iter().map(|line| line.len()).max(), Some(LONGEST));
    }

    #[test]
    fn the_hashes_are_exactly_those_of_the_list() {
        let hashes_of = |wanted: fn(&&str) -> bool, kept: fn(u32) -> u32| {
            let mut hashes: Vec<u32> = COMMON
                .lines()
                .filter(wanted)
                .map(|line| kept(hash(line)))
                .collect();
            hashes.sort_unstable();
            hashes.dedup();
            hashes
        };
        let made = "run `node scripts/common-passwords.mjs`";
        let short_ones = hashes_of(|line| line.len() < LONG_CHARS, short);
        assert!(Hashes::all().eq(short_ones), "{made}");
        let long_ones = hashes_of(|line| line.len() >= LONG_CHARS, |hash| hash);
        let bytes: Vec<u8> = long_ones
            .iter()
            .flat_map(|hash| hash.to_be_bytes())
            .collect();
        assert_eq!(LONG, bytes, "{made}");
    }

    #[test]
    fn no_line_is_missed() {
        assert!(COMMON.lines().step_by(100).all(is_common));
        assert!(
            COMMON
                .lines()
                .filter(|line| line.len() >= LONG_CHARS)
                .all(is_common)
        );
    }

    #[test]
    fn few_other_passwords_are_mistaken_for_common_ones() {
        let hashes: HashSet<u32> = Hashes::all().collect();
        let mistaken = (0..100_000)
            .filter(|n| hashes.contains(&short(hash(&format!("uncommon{n}")))))
            .count();
        // At a rate of 1 in 363, about 275 of the 100,000 passwords are mistaken for common ones.
        // 333 of them would be a rate of 1 in 300.
        assert!(mistaken < 333, "{mistaken} of 100,000");
        // None of the following passwords is mistaken for a common one. The first ones have the
        // default minimum length or more. The second ones are longer than every line of the list.
        // The third ones contain a letter that no line contains.
        assert!((0..20_000).all(|n| !is_common(&format!("correct h {n:06}"))));
        assert!((0..20_000).all(|n| !is_common(&format!("correct horse battery {n:06}"))));
        assert!((0..20_000).all(|n| !is_common(&format!("pässwort{n}"))));
    }
}
