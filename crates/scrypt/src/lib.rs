//! The password hash scrypt (RFC 7914). Its large table is in memory that the caller provides: the
//! blocks that Argon2 also uses.
//!
//! This is not the crate `scrypt` of crates.io, because that crate allocates memory of its own for
//! each hash and frees it afterwards. Small allocations would then take parts of the freed memory,
//! so that the next hash would not fit there and would need new memory. Wasm never gives memory
//! back. So after a few hashes, an isolate would exceed its 128 MB.

#![no_std]

extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;

use argon2::Block;
use pbkdf2::pbkdf2_hmac;
use salsa20::SalsaCore;
use salsa20::cipher::StreamCipherCore as _;
use salsa20::cipher::typenum::U4;
use sha2::Sha256;
use zeroize::Zeroizing;

/// A block of scrypt has this many bytes for each unit of `r`.
const UNIT: usize = 128;
/// A block of scrypt has this many words of 64 bits for each unit of `r`.
const UNIT_WORDS: usize = 16;
/// How many of these units of 128 bytes fit into an Argon2 block, which has 1 KiB.
const UNITS_IN_BLOCK: usize = 8;

/// How many Argon2 blocks of memory a hash with these parameters needs. `None` if the number
/// overflows.
#[must_use]
pub fn blocks(log_n: u8, r: u32) -> Option<usize> {
    let units = 1_usize.checked_shl(log_n.into())?;
    let units = units.checked_mul(usize::try_from(r).ok()?)?;
    Some(units.div_ceil(UNITS_IN_BLOCK))
}

/// Fills `output` with the hash. Returns false if the memory is smaller than [`blocks`] says, or a
/// parameter is zero or overflows.
#[must_use]
pub fn scrypt(
    password: &[u8],
    salt: &[u8],
    (log_n, r, p): (u8, u32, u32),
    memory: &mut [Block],
    output: &mut [u8],
) -> bool {
    let Some((r, p)) = usize::try_from(r).ok().zip(usize::try_from(p).ok()) else {
        return false;
    };
    let is_enough = blocks(log_n, u32::try_from(r).unwrap_or(u32::MAX))
        .is_some_and(|needed| needed <= memory.len());
    let length = r.checked_mul(UNIT);
    let (Some(length), true) = (length.filter(|_| r > 0 && p > 0 && log_n > 0), is_enough) else {
        return false;
    };
    let Some(all) = length.checked_mul(p) else {
        return false;
    };
    let mut parts = Zeroizing::new(vec![0; all]);
    pbkdf2_hmac::<Sha256>(password, salt, 1, &mut parts);
    for part in parts.chunks_exact_mut(length) {
        ro_mix(part, 1 << log_n, r, memory);
    }
    pbkdf2_hmac::<Sha256>(password, &parts, 1, output);
    true
}

/// The words of the unit with this index in the memory.
fn unit(memory: &mut [Block], index: usize) -> Option<&mut [u64]> {
    let block = memory.get_mut(index / UNITS_IN_BLOCK)?;
    let words: &mut [u64] = block.as_mut();
    words
        .chunks_exact_mut(UNIT_WORDS)
        .nth(index % UNITS_IN_BLOCK)
}

/// scryptROMix (RFC 7914 section 5).
fn ro_mix(part: &mut [u8], n: usize, r: usize, memory: &mut [Block]) {
    let mut x: Zeroizing<Vec<u64>> = Zeroizing::new(part.chunks_exact(8).map(word).collect());
    let mut y = Zeroizing::new(vec![0; x.len()]);
    for i in 0..n {
        for (at, from) in x.chunks_exact(UNIT_WORDS).enumerate() {
            if let Some(to) = unit(memory, i.wrapping_mul(r).wrapping_add(at)) {
                to.copy_from_slice(from);
            }
        }
        block_mix(&x, &mut y);
        core::mem::swap(&mut x, &mut y);
    }
    let mask = n.wrapping_sub(1);
    for _ in 0..n {
        let last = x.len().wrapping_sub(8);
        // `j` is the low bits of the first word of the last 64 bytes. `n` has at most 31 bits.
        #[allow(clippy::cast_possible_truncation, reason = "the low bits are meant")]
        let j = x.get(last).map_or(0, |word| *word as u32 as usize & mask);
        for (at, to) in x.chunks_exact_mut(UNIT_WORDS).enumerate() {
            if let Some(from) = unit(memory, j.wrapping_mul(r).wrapping_add(at)) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to ^= *from;
                }
            }
        }
        block_mix(&x, &mut y);
        core::mem::swap(&mut x, &mut y);
    }
    for (to, from) in part.chunks_exact_mut(8).zip(x.iter()) {
        to.copy_from_slice(&from.to_le_bytes());
    }
}

/// scryptBlockMix (RFC 7914 section 4), with Salsa20/8.
fn block_mix(input: &[u64], output: &mut [u64]) {
    let mut x = [0_u64; 8];
    if let Some(last) = input.chunks_exact(8).last() {
        x.copy_from_slice(last);
    }
    let (even, odd) = output.split_at_mut(input.len() / 2);
    let outputs = even.chunks_exact_mut(8).zip(odd.chunks_exact_mut(8));
    for (pair, (even, odd)) in input.chunks_exact(UNIT_WORDS).zip(outputs) {
        let (first, second) = pair.split_at(8);
        salsa(&mut x, first);
        even.copy_from_slice(&x);
        salsa(&mut x, second);
        odd.copy_from_slice(&x);
    }
}

/// `x = Salsa20/8(x ^ other)`.
#[allow(clippy::cast_possible_truncation, reason = "each half of a word")]
fn salsa(x: &mut [u64; 8], other: &[u64]) {
    let mut state = [0_u32; 16];
    for ((pair, x), other) in state.chunks_exact_mut(2).zip(x.iter()).zip(other) {
        let mixed = x ^ other;
        if let [low, high] = pair {
            *low = mixed as u32;
            *high = (mixed >> 32) as u32;
        }
    }
    let mut bytes = [0; 64];
    SalsaCore::<U4>::from_raw_state(state).write_keystream_block((&mut bytes).into());
    for (x, bytes) in x.iter_mut().zip(bytes.chunks_exact(8)) {
        *x = word(bytes);
    }
}

fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn computed(password: &str, salt: &str, cost: (u8, u32, u32)) -> Vec<u8> {
        let mut memory = vec![Block::default(); blocks(cost.0, cost.1).unwrap()];
        let mut output = vec![0; 64];
        let (password, salt) = (password.as_bytes(), salt.as_bytes());
        assert!(scrypt(password, salt, cost, &mut memory, &mut output));
        output
    }

    /// RFC 7914 section 12.
    #[test]
    fn the_vectors_of_rfc_7914() {
        for (password, salt, cost, begins) in [
            ("", "", (4, 1, 1), [0x77, 0xd6, 0x57, 0x62]),
            ("password", "NaCl", (10, 8, 16), [0xfd, 0xba, 0xbe, 0x1c]),
            (
                "pleaseletmein",
                "SodiumChloride",
                (14, 8, 1),
                [0x70, 0x23, 0xbd, 0xcb],
            ),
        ] {
            assert_eq!(computed(password, salt, cost)[..4], begins, "{password}");
        }
    }

    #[test]
    fn too_little_memory_and_bad_parameters_compute_nothing() {
        let mut memory = vec![Block::default(); 16];
        let mut output = [0; 32];
        for (cost, is_computed) in [
            ((4, 8, 1), true),
            ((7, 1, 3), true),
            ((5, 8, 1), false),
            ((0, 8, 1), false),
            ((4, 0, 1), false),
            ((4, 8, 0), false),
            ((255, 8, 1), false),
            ((31, u32::MAX, 1), false),
        ] {
            let done = scrypt(b"password", b"salt", cost, &mut memory, &mut output);
            assert_eq!(done, is_computed, "{cost:?}");
        }
    }
}
