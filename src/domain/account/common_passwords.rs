//! The list of common passwords, as the Worker carries it.
//!
//! The text, `common_passwords.txt`, would be 12 KB of the Worker; the first 23 bits of each line's SHA-256 are 5. No
//! common password is missed. A password that is not on the list is taken for one of it with a chance of 1 in 2,774, and
//! only when it could be by its length and its characters.
//!
//! `common_passwords.rice` is made of the text by `scripts/common-passwords.mjs`: the hashes in ascending order, each as
//! its distance from the one before in a Rice code (Golomb, 1966): the distance's high bits in unary, 1s and a 0, then its
//! low 11 bits; the highest bit of a byte first, the last byte filled up with 1s.

use sha2::{Digest as _, Sha256};

const HASHES: &[u8] = include_bytes!("common_passwords.rice");
const HASH_BITS: u32 = 23;
const LOW_BITS: u32 = 11;
/// The longest line of the list, in bytes.
const LONGEST: usize = 20;

/// Whether a password in lower case is on the list.
pub(super) fn is_common(lower: &str) -> bool {
    if lower.len() > LONGEST || !lower.is_ascii() {
        return false;
    }
    let wanted = hash(lower);
    Hashes::all().any(|hash| hash == wanted)
}

fn hash(password: &str) -> u32 {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(password).into();
    u32::from_be_bytes([a, b, c, d]) >> (u32::BITS - HASH_BITS)
}

/// Reads the hashes, in ascending order.
struct Hashes<I> {
    bits: I,
    last: u32,
}

impl Hashes<()> {
    fn all() -> Hashes<impl Iterator<Item = bool>> {
        let bits = HASHES
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

    /// The 3,000 most frequent of eight characters or more, and all of fifteen or more, of zxcvbn's list (MIT; the
    /// licences lie beside the file), in lower case, a line each.
    const COMMON: &str = include_str!("common_passwords.txt");

    #[test]
    fn the_list_is_sorted_and_holds_what_it_says() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() > 3000);
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(
            lines
                .iter()
                .all(|line| line.len() >= 8 && line.is_ascii() && *line == line.to_lowercase())
        );
        assert_eq!(lines.iter().map(|line| line.len()).max(), Some(LONGEST));
    }

    #[test]
    fn the_hashes_are_those_of_the_list_and_no_others() {
        let mut hashes: Vec<u32> = COMMON.lines().map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert!(
            Hashes::all().eq(hashes),
            "run `node scripts/common-passwords.mjs`"
        );
        assert!(COMMON.lines().step_by(100).all(is_common));
    }

    #[test]
    fn few_others_are_taken_for_common() {
        let hashes: HashSet<u32> = Hashes::all().collect();
        let mistaken = (0..100_000)
            .filter(|n| hashes.contains(&hash(&format!("uncommon{n}"))))
            .count();
        // 36 are expected; 1 in 2,000 would be 50.
        assert!(mistaken < 50, "{mistaken} of 100,000");
        // What is longer than any line, or has a letter that no line has, never is.
        assert!((0..20_000).all(|n| !is_common(&format!("correct horse battery {n:06}"))));
        assert!((0..20_000).all(|n| !is_common(&format!("pässwort{n}"))));
    }
}
