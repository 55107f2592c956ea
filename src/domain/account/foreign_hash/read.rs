//! Parses foreign hashes: password hashes that other systems made.

use base64ct::{Base64Bcrypt, Base64Unpadded, Encoding as _};

use super::{ForeignHash, ForeignWork, HashRefusal, Preparation, ScryptCost};

type Read<T> = Result<T, HashRefusal>;

/// How many bytes a salt may have. If salts were shorter, several accounts could get the same salt
/// (NIST SP 800-63B section 3.1.1.2). Longer salts are not used in practice.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 4..=64;
/// The shortest salt that Argon2 allows (RFC 9106 section 3.1).
const ARGON2_SALT_BYTES: usize = 8;
/// How many bytes the key (the result of the hash function) may have. A wrong password could match
/// a shorter key by chance.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=128;
/// How many bytes the key may have if the algorithm is scrypt.
const SCRYPT_KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// The prefixes of hashes whose passwords can be guessed quickly: MD5, SHA-1, one round of SHA-2,
/// DES.
const WEAK: [&str; 24] = [
    "$1$",
    "$apr1$",
    "$md5",
    "$sha1$",
    "$pbkdf2$",
    "$pbkdf2-sha1$",
    "$H$",
    "$P$",
    "$NT$",
    "$LM$",
    "{MD5}",
    "{SMD5}",
    "{SHA}",
    "{SSHA}",
    "{SHA256}",
    "{CRYPT}",
    "md5$",
    "md5:",
    "sha1$",
    "sha1:",
    "crypt$",
    "unsalted_md5$",
    "unsalted_sha1$",
    "pbkdf2_sha1$",
];

pub(super) fn hash(text: &str) -> Read<ForeignHash> {
    // Django puts the name of its own password hasher before some hashes.
    if let Some(bcrypt) = text.strip_prefix("bcrypt$") {
        return self::bcrypt(bcrypt, Preparation::AsTyped);
    }
    if let Some(bcrypt) = text.strip_prefix("bcrypt_sha256$") {
        return self::bcrypt(bcrypt, Preparation::Sha256Hex);
    }
    if let Some(argon2) = text.strip_prefix("argon2$") {
        return self::argon2(&["$", argon2].concat());
    }
    match text.split('$').collect::<Vec<_>>().as_slice() {
        ["", "2a" | "2b" | "2y", ..] => bcrypt(text, Preparation::AsTyped),
        ["", "pbkdf2-sha256" | "pbkdf2-sha512", ..] => pbkdf2(text),
        ["", "scrypt", parameters, salt, key] => {
            let cost = scrypt_cost(parameters)?;
            scrypt(cost, base64(salt)?, base64(key)?)
        }
        ["", "scrypt", ..] => Err(HashRefusal::Malformed),
        ["", "firescrypt", rest @ ..] => firebase(rest),
        ["", "argon2i" | "argon2id", ..] => argon2(text),
        ["pbkdf2_sha256", rounds, salt, key] => {
            let rounds = decimal(rounds)?;
            let salt = typed_salt(salt)?;
            pbkdf2_with(ForeignWork::Pbkdf2Sha256 { rounds }, salt, base64(key)?)
        }
        ["scrypt", n, salt, r, p, key] => {
            let n: u32 = decimal(n)?;
            if !n.is_power_of_two() {
                return Err(HashRefusal::Malformed);
            }
            let cost = ScryptCost {
                // The logarithm of a 32-bit number is at most 31, so it always fits.
                log_n: u8::try_from(n.ilog2()).unwrap_or(u8::MAX),
                r: decimal(r)?,
                p: decimal(p)?,
            };
            scrypt(cost, typed_salt(salt)?, base64(key)?)
        }
        ["pbkdf2_sha256" | "scrypt", ..] => Err(HashRefusal::Malformed),
        _ => better_auth(text),
    }
}

/// `$2b$<cost>$<salt><key>`. The salt has 22 characters and the key has 31, in bcrypt's own base64.
fn bcrypt(text: &str, preparation: Preparation) -> Read<ForeignHash> {
    let malformed = HashRefusal::Malformed;
    let ["", "2a" | "2b" | "2y", cost, encoded] = text.split('$').collect::<Vec<_>>()[..] else {
        return Err(malformed);
    };
    let is_cost = cost.len() == 2 && cost.bytes().all(|b| b.is_ascii_digit());
    if !is_cost || encoded.len() != 53 {
        return Err(malformed);
    }
    let (salt, key) = encoded.split_at_checked(22).ok_or(malformed)?;
    let work = ForeignWork::Bcrypt {
        // The cost is not read with `decimal`, which rejects a leading zero: the cost of bcrypt may
        // begin with a zero.
        cost: cost.parse().map_err(|_| malformed)?,
    };
    Ok(ForeignHash {
        work,
        preparation,
        salt: bcrypt_base64(salt)?,
        key: bcrypt_base64(key)?,
    })
}

/// Decodes bcrypt's base64. Some bits of the last character do not belong to any byte. Some
/// libraries set these bits at random, and all libraries ignore them when they read a hash. So this
/// function sets these bits to zero.
fn bcrypt_base64(text: &str) -> Read<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let malformed = HashRefusal::Malformed;
    let (last, before) = text.as_bytes().split_last().ok_or(malformed)?;
    let value = ALPHABET.iter().position(|c| c == last).ok_or(malformed)?;
    // 22 characters are 16 bytes and four unused bits. 31 characters are 23 bytes and two unused
    // bits.
    let unused = if text.len() == 22 { 0b1111 } else { 0b11 };
    let last = ALPHABET.get(value & !unused).ok_or(malformed)?;
    let mut canonical = String::from_utf8_lossy(before).into_owned();
    canonical.push(char::from(*last));
    Base64Bcrypt::decode_vec(&canonical).map_err(|_| malformed)
}

/// Either a PHC string, `$pbkdf2-sha256$i=<rounds>,l=<bytes>$<salt>$<key>`, or the form of passlib,
/// `$pbkdf2-sha256$<rounds>$<salt>$<key>`.
fn pbkdf2(text: &str) -> Read<ForeignHash> {
    let ["", name, parameters, salt, key] = text.split('$').collect::<Vec<_>>()[..] else {
        return Err(HashRefusal::Malformed);
    };
    let key = base64(key)?;
    let rounds = if parameters.contains('=') {
        let [rounds, length] = named(parameters, ["i", "l"])?;
        if length.is_some_and(|length| usize::try_from(length) != Ok(key.len())) {
            return Err(HashRefusal::Malformed);
        }
        rounds.ok_or(HashRefusal::Malformed)?
    } else {
        decimal(parameters)?
    };
    let work = match name {
        "pbkdf2-sha512" => ForeignWork::Pbkdf2Sha512 { rounds },
        _ => ForeignWork::Pbkdf2Sha256 { rounds },
    };
    pbkdf2_with(work, base64(salt)?, key)
}

fn pbkdf2_with(work: ForeignWork, salt: Vec<u8>, mut key: Vec<u8>) -> Read<ForeignHash> {
    require_lengths(&salt, &key, KEY_BYTES)?;
    // Only the first block of the key is used, because it is enough to show whether a password is
    // right. For each further block, the owner's login would have to do the same work again. An
    // attacker would not do this extra work, because they also need only the first block.
    key.truncate(match work {
        ForeignWork::Pbkdf2Sha512 { .. } => 64,
        _ => 32,
    });
    Ok(ForeignHash {
        work,
        preparation: Preparation::AsTyped,
        salt,
        key,
    })
}

fn scrypt(cost: ScryptCost, salt: Vec<u8>, key: Vec<u8>) -> Read<ForeignHash> {
    require_lengths(&salt, &key, SCRYPT_KEY_BYTES)?;
    Ok(ForeignHash {
        work: ForeignWork::Scrypt(checked(cost)?),
        preparation: Preparation::AsTyped,
        salt,
        key,
    })
}

/// `$firescrypt$ln=<mem_cost>,r=<rounds>,p=1$<salt>$<key>$<salt separator>`. The separator may be
/// left out if the Firebase project has none.
fn firebase(parts: &[&str]) -> Read<ForeignHash> {
    let (cost, salt, key, separator) = match parts {
        [cost, salt, key] => (cost, salt, key, ""),
        [cost, salt, key, separator] => (cost, salt, key, *separator),
        [_, _, _, _, _] => return Err(HashRefusal::SignerKeyInRow),
        _ => return Err(HashRefusal::Malformed),
    };
    let mut salt = base64(salt)?;
    let key = base64(key)?;
    require_lengths(&salt, &key, KEY_BYTES)?;
    let separator = base64(separator)?;
    if separator.len() > 16 {
        return Err(HashRefusal::Malformed);
    }
    salt.extend(separator);
    let cost = checked(scrypt_cost(cost)?)?;
    if cost.p != 1 {
        return Err(HashRefusal::Malformed);
    }
    Ok(ForeignHash {
        work: ForeignWork::FirebaseScrypt(cost),
        preparation: Preparation::AsTyped,
        salt,
        key,
    })
}

/// `$argon2i$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<key>`. A hash of version 0x10 has `v=16` or
/// no `v=` at all. The form without `v=` is older than version 0x13, and the reference
/// implementation also reads it as version 0x10.
fn argon2(text: &str) -> Read<ForeignHash> {
    let malformed = HashRefusal::Malformed;
    let (name, version, parameters, salt, key) = match text.split('$').collect::<Vec<_>>()[..] {
        ["", name, version, parameters, salt, key] => (name, version, parameters, salt, key),
        ["", name, parameters, salt, key] => (name, "v=16", parameters, salt, key),
        _ => return Err(malformed),
    };
    let is_newest = match version {
        "v=19" => true,
        "v=16" => false,
        _ => return Err(malformed),
    };
    let is_id = match name {
        "argon2id" => true,
        "argon2i" => false,
        _ => return Err(HashRefusal::UnknownForm),
    };
    let [Some(memory_kib), Some(iterations), Some(lanes)] = named(parameters, ["m", "t", "p"])?
    else {
        return Err(malformed);
    };
    let (salt, key) = (base64(salt)?, base64(key)?);
    require_lengths(&salt, &key, KEY_BYTES)?;
    // The limits that Argon2 itself sets (RFC 9106 section 3.1).
    if iterations == 0
        || lanes == 0
        || memory_kib < lanes.saturating_mul(8)
        || salt.len() < ARGON2_SALT_BYTES
    {
        return Err(malformed);
    }
    let work = ForeignWork::Argon2 {
        is_id,
        is_newest,
        memory_kib,
        iterations,
        lanes,
    };
    Ok(ForeignHash {
        work,
        preparation: Preparation::AsTyped,
        salt,
        key,
    })
}

/// `<salt>:<key>`, both in hexadecimal digits. The salt is the text of its digits: better-auth does
/// not decode them.
fn better_auth(text: &str) -> Read<ForeignHash> {
    let hex = |text: &str| base16ct::mixed::decode_vec(text).ok();
    match text.split_once(':') {
        Some((salt, key)) if salt.len() == 32 && key.len() == 128 && hex(salt).is_some() => {
            let cost = ScryptCost {
                log_n: 14,
                r: 16,
                p: 1,
            };
            let key = hex(key).ok_or(HashRefusal::Malformed)?;
            Ok(ForeignHash {
                preparation: Preparation::Nfkc,
                ..scrypt(cost, salt.as_bytes().to_vec(), key)?
            })
        }
        _ if is_weak(text) => Err(HashRefusal::Weak),
        _ => Err(HashRefusal::UnknownForm),
    }
}

/// Whether the text looks like a hash whose password can be guessed quickly.
fn is_weak(text: &str) -> bool {
    let begins = |name: &str| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    // The second condition below recognises MD5, SHA-1 and SHA-2 in hexadecimal digits, alone or
    // with a salt.
    let mut parts = text.split([':', '$']);
    WEAK.into_iter().any(begins)
        || parts.any(|part| {
            matches!(part.len(), 32 | 40 | 64 | 128) && part.bytes().all(|b| b.is_ascii_hexdigit())
        })
}

/// Reads parameters such as `ln=15,r=8,p=1`.
fn scrypt_cost(text: &str) -> Read<ScryptCost> {
    let [Some(log_n), Some(r), Some(p)] = named(text, ["ln", "r", "p"])? else {
        return Err(HashRefusal::Malformed);
    };
    Ok(ScryptCost {
        log_n: u8::try_from(log_n).map_err(|_| HashRefusal::TooCostly)?,
        r,
        p,
    })
}

/// Checks the limits that scrypt itself sets (RFC 7914 section 2).
fn checked(cost: ScryptCost) -> Read<ScryptCost> {
    let is_valid = cost.log_n > 0
        && cost.r > 0
        && cost.p > 0
        && u32::from(cost.log_n) < cost.r.saturating_mul(16);
    is_valid.then_some(cost).ok_or(HashRefusal::Malformed)
}

/// Reads parameters such as `m=65536,t=3,p=4`, in any order. A text is rejected if a parameter
/// occurs twice, or if it is not one of the `names`.
fn named<const N: usize>(text: &str, names: [&str; N]) -> Read<[Option<u32>; N]> {
    let mut values = [None; N];
    for part in text.split(',') {
        let (name, value) = part.split_once('=').ok_or(HashRefusal::Malformed)?;
        let known = names.iter().position(|known| *known == name);
        let slot = known.and_then(|at| values.get_mut(at));
        match slot {
            Some(slot @ None) => *slot = Some(decimal(value)?),
            _ => return Err(HashRefusal::Malformed),
        }
    }
    Ok(values)
}

/// Reads a number without a sign and without leading zeros.
fn decimal(text: &str) -> Read<u32> {
    if text.is_empty() || text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(HashRefusal::Malformed);
    }
    // The text has only digits, so parsing fails only if the number is too large.
    text.parse().map_err(|_| HashRefusal::TooCostly)
}

/// Reads base64 with or without padding. Two other alphabets are accepted too: the one of
/// base64url, and the one of passlib, which has `.` instead of `+`.
fn base64(text: &str) -> Read<Vec<u8>> {
    let standard = |c| match c {
        '-' | '.' => '+',
        '_' => '/',
        c => c,
    };
    let text: String = text.trim_end_matches('=').chars().map(standard).collect();
    Base64Unpadded::decode_vec(&text).map_err(|_| HashRefusal::Malformed)
}

/// A salt that Django uses as text, without decoding it. The salts that Django itself makes consist
/// of letters and digits.
fn typed_salt(text: &str) -> Read<Vec<u8>> {
    if text.chars().any(char::is_control) {
        return Err(HashRefusal::Malformed);
    }
    Ok(text.as_bytes().to_vec())
}

fn require_lengths(salt: &[u8], key: &[u8], keys: std::ops::RangeInclusive<usize>) -> Read<()> {
    if salt.len() > *SALT_BYTES.end() || !keys.contains(&key.len()) {
        Err(HashRefusal::Malformed)
    } else if salt.len() < *SALT_BYTES.start() {
        Err(HashRefusal::Weak)
    } else {
        Ok(())
    }
}
