//! Computes the hashes of other systems: bcrypt, PBKDF2, scrypt and Firebase's scrypt.
//!
//! Argon2i is computed in [`argon2`](super::argon2), like Argon2id.

use aes::Aes256;
use argon2::Block;
use base16ct::lower::encode_string;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::domain::account::{
    ForeignHash, ForeignHashing, ForeignWork, HashError, Password, Preimage, ScryptCost,
};
use crate::domain::secret::SecretBytes;

/// How many bytes of a password bcrypt reads. After a shorter password, bcrypt also reads a NUL
/// byte.
const BCRYPT_BYTES: usize = 72;

/// The bytes that the other system would have given to its hash function for this password.
pub(super) fn preimage(hash: &ForeignHash, password: &Password) -> Zeroizing<Vec<u8>> {
    let (text, preimage) = hash.preimage(password);
    Zeroizing::new(match preimage {
        Preimage::Text => text.as_bytes().to_vec(),
        Preimage::Sha256Hex => encode_string(&Sha256::digest(text.as_bytes())).into_bytes(),
    })
}

/// Whether the password gives this hash. Compares in constant time.
///
/// # Errors
/// The signer key is missing, or the hash is an Argon2 hash.
pub(super) fn matches(
    hash: &ForeignHash,
    password: &[u8],
    hashing: &ForeignHashing,
    memory: &mut [Block],
) -> Result<bool, HashError> {
    let key = hash.key();
    let mut output = vec![0; key.len()];
    let mut is_possible = true;
    match hash.work() {
        ForeignWork::Bcrypt { cost } => {
            // bcrypt ignores a part of a password that is longer than 72 bytes or contains a NUL.
            // Such a password never matches. If it did, this service would replace the bcrypt hash
            // by one of the whole password, although bcrypt never checked the ignored part.
            is_possible = password.len() <= BCRYPT_BYTES && !password.contains(&0);
            output = bcrypt(cost, hash.salt(), password)?;
        }
        ForeignWork::Pbkdf2Sha256 { rounds } => {
            pbkdf2::pbkdf2_hmac::<Sha256>(password, hash.salt(), rounds, &mut output);
        }
        ForeignWork::Pbkdf2Sha512 { rounds } => {
            pbkdf2::pbkdf2_hmac::<Sha512>(password, hash.salt(), rounds, &mut output);
        }
        ForeignWork::Scrypt(cost) => scrypt(cost, password, hash.salt(), memory, &mut output)?,
        ForeignWork::FirebaseScrypt(cost) => {
            let signer_key = hashing.signer_key().ok_or(HashError::NoSignerKey)?;
            let mut derived = Zeroizing::new([0; 32]);
            scrypt(cost, password, hash.salt(), memory, derived.as_mut())?;
            output = signer_key.expose().to_vec();
            let mut cipher = Ctr128BE::<Aes256>::new((&*derived).into(), &[0; 16].into());
            cipher
                .try_apply_keystream(&mut output)
                .map_err(|_| HashError::Failed)?;
        }
        ForeignWork::Argon2 { .. } => return Err(HashError::Failed),
    }
    Ok(SecretBytes::new(output).are(key) && is_possible)
}

fn bcrypt(cost: u32, salt: &[u8], password: &[u8]) -> Result<Vec<u8>, HashError> {
    let salt = salt.try_into().map_err(|_| HashError::Malformed)?;
    let mut terminated = Zeroizing::new([password, &[0]].concat());
    terminated.truncate(BCRYPT_BYTES);
    let mut output = bcrypt::bcrypt(cost, salt, &terminated).to_vec();
    // The last byte of bcrypt's output is not stored.
    output.pop();
    Ok(output)
}

/// How many blocks of memory a hash needs.
pub(super) fn blocks(hash: &ForeignHash) -> Option<usize> {
    match hash.work() {
        ForeignWork::Scrypt(cost) | ForeignWork::FirebaseScrypt(cost) => {
            edgegate_scrypt::blocks(cost.log_n, cost.r)
        }
        _ => Some(0),
    }
}

fn scrypt(
    ScryptCost { log_n, r, p }: ScryptCost,
    password: &[u8],
    salt: &[u8],
    memory: &mut [Block],
    output: &mut [u8],
) -> Result<(), HashError> {
    if edgegate_scrypt::scrypt(password, salt, (log_n, r, p), memory, output) {
        Ok(())
    } else {
        Err(HashError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::adapters::argon2::Argon2Hasher;
    use crate::domain::account::{
        Attempt, ForeignHashing, HashError, HashRefusal, HashingCost, Password, PasswordHash,
        Verification,
    };
    use crate::ports::PasswordHasher as _;

    /// Each of these hashes was made by a library that the file names, or was published.
    const HASHES: &str = include_str!("../../tests/vectors/foreign_hashes/hashes.json");
    const MATCHES: Result<Verification, HashError> = Ok(Verification::Matches { rehash: true });
    const DIFFERS: Result<Verification, HashError> = Ok(Verification::Differs);

    fn verify(
        hasher: &Argon2Hasher,
        password: &str,
        hash: &str,
    ) -> Result<Verification, HashError> {
        let password = Password::for_login(password).unwrap();
        let hash = PasswordHash::new(hash.to_owned());
        pollster::block_on(hasher.verify(&password, &hash))
    }

    fn hashing() -> ForeignHashing {
        let vectors: Value = serde_json::from_str(HASHES).unwrap();
        let signer_key = vectors["signer_key"].as_str().unwrap();
        ForeignHashing::default()
            .with_signer_key(signer_key)
            .unwrap()
    }

    #[test]
    fn hashes_of_the_original_libraries_match_only_their_passwords() {
        let vectors: Value = serde_json::from_str(HASHES).unwrap();
        let hasher = Argon2Hasher::default().with_foreign(hashing());
        let mut forms = std::collections::BTreeSet::new();
        for vector in vectors["hashes"].as_array().unwrap() {
            let text = |name: &str| vector[name].as_str().unwrap();
            forms.insert(text("form"));
            let (password, hash) = (text("password"), text("hash"));
            let judged = hasher.judge(&PasswordHash::new(hash.to_owned()));
            assert_eq!(judged, Ok(()), "{vector}");
            assert_eq!(verify(&hasher, password, hash), MATCHES, "{vector}");
            for wrong in [
                password.get(..password.len() - 1).unwrap_or("x"),
                &[password, "x"].concat(),
                &password.to_uppercase(),
                "",
            ] {
                assert_eq!(verify(&hasher, wrong, hash), DIFFERS, "{vector} {wrong}");
            }
        }
        assert_eq!(forms.len(), 18, "{forms:?}");
    }

    /// better-auth hashes the NFKC form of a password. The other systems hash the password as it
    /// was typed.
    #[test]
    fn a_password_is_hashed_as_the_other_system_received_it() {
        let hasher = Argon2Hasher::default();
        let hash_of = |text: &str| {
            let salt: [u8; 16] = *b"0123456789abcdef";
            let terminated = [text.as_bytes(), &[0]].concat();
            let key = bcrypt::bcrypt(4, salt, &terminated);
            use base64ct::{Base64Bcrypt, Encoding as _};
            let encoded = |bytes: &[u8]| Base64Bcrypt::encode_string(bytes);
            ["$2b$04$", &encoded(&salt), &encoded(key.get(..23).unwrap())].concat()
        };
        for typed in ["caf\u{e9}", "cafe\u{301}", "a\u{a0}b", "a\u{3000}e\u{301}"] {
            assert_eq!(
                verify(&hasher, typed, &hash_of(typed)),
                MATCHES,
                "{typed:?}"
            );
        }
        let decomposed = hash_of("cafe\u{301}");
        assert_eq!(verify(&hasher, "caf\u{e9}", &decomposed), DIFFERS);
    }

    /// bcrypt itself would ignore what follows the first 72 bytes. C libraries would ignore what
    /// follows a NUL.
    #[test]
    fn what_bcrypt_ignores_never_matches() {
        let hasher = Argon2Hasher::default();
        // The hash of 72 times the letter a, made by bcrypt 4.0.1 (PyPI).
        let hash = "$2b$04$cNQjKvPm7uLvwd.akNznpeS/a1Be27ppnJER4aI20qnU2CWi42Ike";
        assert_eq!(verify(&hasher, &"a".repeat(72), hash), MATCHES);
        assert_eq!(verify(&hasher, &"a".repeat(71), hash), DIFFERS);
        assert_eq!(verify(&hasher, &"a".repeat(73), hash), DIFFERS);
        let short = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert_eq!(verify(&hasher, "a", short), MATCHES);
        assert_eq!(verify(&hasher, "a\0", short), DIFFERS);
        assert_eq!(verify(&hasher, "a\0b", short), DIFFERS);
    }

    #[test]
    fn firebases_hash_needs_the_signer_key() {
        let hash = "$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$Bw==";
        let without = Argon2Hasher::default();
        let error = Err(HashError::NoSignerKey);
        assert_eq!(verify(&without, "user1password", hash), error);
        let judged = without.judge(&PasswordHash::new(hash.to_owned()));
        assert_eq!(judged, Err(HashRefusal::NoSignerKey));
        let other = ForeignHashing::default()
            .with_signer_key(&"A".repeat(86))
            .unwrap();
        let other = Argon2Hasher::default().with_foreign(other);
        assert_eq!(verify(&other, "user1password", hash), DIFFERS);
        let short = ForeignHashing::default()
            .with_signer_key(&"A".repeat(43))
            .unwrap();
        let short = Argon2Hasher::default().with_foreign(short);
        let judged = short.judge(&PasswordHash::new(hash.to_owned()));
        assert_eq!(judged, Err(HashRefusal::Malformed), "no password can match");
    }

    fn attempt<'a>(password: &'a Password, hash: Option<&'a PasswordHash>) -> Attempt<'a> {
        Attempt {
            by: None,
            password,
            hash,
            decoy_salt: [9; 16],
            in_vain: false,
        }
    }

    /// After a failed attempt at a foreign hash, the hasher also computes one Argon2id hash with
    /// this service's own parameters. A successful login computes an Argon2id hash too, which
    /// replaces the foreign hash. The test recognises the computation by what Argon2 leaves in the
    /// memory.
    #[test]
    fn a_failed_attempt_at_a_foreign_hash_makes_one_of_ours_too() {
        let typed = Password::for_login("correct horse battery staple").unwrap();
        let nothing = Argon2Hasher::default();
        pollster::block_on(nothing.verify_nothing(&typed, &[9; 16]));
        let foreign = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        let foreign = PasswordHash::new(foreign.to_owned());
        let hasher = Argon2Hasher::default();
        let compared = pollster::block_on(hasher.compare(&attempt(&typed, Some(&foreign))));
        assert_eq!(compared, DIFFERS);
        assert!(hasher.work_done() == nothing.work_done());
        // The password is right, so the caller computes the new hash and the hasher does not.
        let right = Password::for_login("a").unwrap();
        let hasher = Argon2Hasher::default();
        let compared = pollster::block_on(hasher.compare(&attempt(&right, Some(&foreign))));
        assert_eq!(compared, MATCHES);
        assert!(hasher.work_done().is_empty());
        // The account is disabled, so the caller computes no hash and the hasher computes one.
        let in_vain = Attempt {
            in_vain: true,
            ..attempt(&right, Some(&foreign))
        };
        pollster::block_on(hasher.compare(&in_vain)).unwrap();
        assert!(!hasher.work_done().is_empty());
    }

    /// While `IMPORTED_HASHES` is set, failed attempts at accounts without a foreign hash do the
    /// work of a foreign hash too. The test recognises that work by the size of the memory, because
    /// the scrypt hash in this test needs more memory than Argon2.
    #[test]
    fn with_the_usual_parameters_every_failure_does_the_work_of_a_foreign_hash() {
        let usual = ForeignHashing::default()
            .with_usual("$scrypt$ln=15,r=8,p=1")
            .unwrap();
        let typed = Password::for_login("correct horse battery staple").unwrap();
        let new = |foreign| Argon2Hasher::default().with_foreign(foreign);
        let ours = pollster::block_on(new(usual.clone()).hash(&typed, &[7; 16])).unwrap();
        let none = PasswordHash::none();
        let broken = PasswordHash::new("$scrypt$ln=30,r=8,p=1$MDEyMzQ1$AAAA".to_owned());
        let wrong = Password::for_login("a wrong guess").unwrap();
        for hash in [None, Some(&ours), Some(&none), Some(&broken)] {
            for (foreign, expected) in [(usual.clone(), true), (ForeignHashing::default(), false)] {
                let hasher = new(foreign);
                let compared = pollster::block_on(hasher.compare(&attempt(&wrong, hash)));
                assert!(!matches!(compared, Ok(Verification::Matches { .. })));
                let is_scrypt = hasher.work_done().len() == 64 * 1024 * 128;
                assert_eq!(is_scrypt, expected, "{hash:?}");
            }
        }
        let hasher = new(usual);
        let compared = pollster::block_on(hasher.compare(&attempt(&typed, Some(&ours))));
        assert_eq!(compared, Ok(Verification::Matches { rehash: false }));
        assert_eq!(hasher.work_done().len(), 19_456 * 128);
    }

    /// A foreign hash of Argon2id differs from a hash of this service only in its parameters. Every
    /// failed attempt computes one hash with the foreign parameters and one with this service's
    /// own, also when the address is unknown. The memory shows which hash was computed last.
    #[test]
    fn with_the_usual_parameters_of_argon2id_every_failure_does_both_works_once() {
        let usual = ForeignHashing::default()
            .with_usual("$argon2id$v=19$m=20480,t=1,p=1")
            .unwrap();
        let cost = HashingCost {
            memory_kib: 20_480,
            iterations: 1,
        };
        let other = Argon2Hasher::new(cost, Default::default());
        let typed = Password::for_login("correct horse battery staple").unwrap();
        let imported = pollster::block_on(other.hash(&typed, &[7; 16])).unwrap();
        let wrong = Password::for_login("a wrong guess").unwrap();
        let nothing = Argon2Hasher::default();
        pollster::block_on(nothing.verify_nothing(&wrong, &[9; 16]));
        let ours = nothing.work_done();
        for (foreign, is_ours_last) in [(usual, true), (ForeignHashing::default(), false)] {
            let hasher = Argon2Hasher::default().with_foreign(foreign);
            let compared = pollster::block_on(hasher.compare(&attempt(&wrong, Some(&imported))));
            assert_eq!(compared, DIFFERS);
            let done = hasher.work_done();
            assert_eq!(done.get(..ours.len()) == Some(&*ours), is_ours_last);
            assert!(
                done.get(ours.len()..20_480 * 128)
                    .unwrap()
                    .iter()
                    .any(|word| *word != 0)
            );
        }
    }

    /// A foreign hash of Argon2id version 0x13 is compared like a hash of this service: with the
    /// password in NFC, and also with non-ASCII spaces as they were typed.
    #[test]
    fn argon2id_of_another_system_is_compared_in_nfc() {
        let made_of = |text: &str| {
            let params = argon2::Params::new(64, 1, 1, Some(32)).unwrap();
            let kind = (argon2::Algorithm::Argon2id, argon2::Version::V0x13);
            let mut key = [0; 32];
            argon2::Argon2::new(kind.0, kind.1, params)
                .hash_password_into(text.as_bytes(), b"0123456789abcdef", &mut key)
                .unwrap();
            use base64ct::{Base64Unpadded, Encoding as _};
            let salt = Base64Unpadded::encode_string(b"0123456789abcdef");
            let key = Base64Unpadded::encode_string(&key);
            PasswordHash::new(format!("$argon2id$v=19$m=64,t=1,p=1${salt}${key}"))
        };
        let hasher = Argon2Hasher::default();
        for (hashed, typed, expected) in [
            ("caf\u{e9}", "caf\u{e9}", MATCHES),
            ("caf\u{e9}", "cafe\u{301}", MATCHES),
            ("a\u{a0}b", "a\u{a0}b", MATCHES),
            ("cafe\u{301}", "cafe\u{301}", DIFFERS),
        ] {
            let password = Password::for_login(typed).unwrap();
            let hash = made_of(hashed);
            let compared = pollster::block_on(hasher.compare(&attempt(&password, Some(&hash))));
            assert_eq!(compared, expected, "{hashed:?} {typed:?}");
        }
    }
}
