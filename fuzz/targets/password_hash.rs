//! Reads stored password hashes, which are untrusted data. If the costs in a hash exceed the
//! limits, the hash must be rejected before any memory is allocated for it. If the service
//! computes an Argon2id hash, a second implementation must agree whether the password matches. To
//! be fast, this target skips Argon2id hashes whose cost is high but within the limits. Hashes of
//! other systems are only read, not computed.

use argon2::password_hash::{PasswordHash as Phc, PasswordVerifier as _};
use argon2::{Argon2, Params};
use edgegate::adapters::argon2::Argon2Hasher;
use edgegate::domain::account::{
    ForeignHash, ForeignWork, HashError, Password, PasswordHash, Verification,
};
use edgegate::domain::policy::{
    ARGON2_MAX_ITERATIONS, ARGON2_MAX_MEMORY_KIB, ARGON2_MAX_PARALLELISM, FOREIGN_BCRYPT_COST,
    FOREIGN_HASH_MAX_BYTES, FOREIGN_PBKDF2_ROUNDS, FOREIGN_SCRYPT_MAX_MEMORY_KIB,
    FOREIGN_SCRYPT_MAX_WORK_KIB,
};
use edgegate::ports::PasswordHasher as _;

/// To be fast, this target skips hashes whose cost (KiB of memory times passes) is above this
/// value. Hashes whose cost is even above the service's limits are not skipped, because the hasher
/// must reject them without computing them.
const QUICK: u64 = 512;

thread_local! {
    /// As in an isolate of the Worker, one hasher uses the same memory for all hashes. A new hasher
    /// for each input would allocate new memory each time. The sanitizer does not give back freed
    /// memory at once, so the fuzzer's memory limit would be exceeded.
    static HASHER: Argon2Hasher = Argon2Hasher::default();
}

/// Checks a hash that comes from another system. If its costs exceed a limit, it must be rejected
/// before it is computed.
fn foreign(text: &str) {
    let judged = HASHER.with(|hasher| hasher.judge(&PasswordHash::new(text.to_owned())));
    let Ok(hash) = ForeignHash::read(text) else {
        return assert!(judged.is_err());
    };
    assert!(judged.is_ok() || hash.is_firebase());
    assert!(text.len() <= FOREIGN_HASH_MAX_BYTES);
    assert!(hash.salt().len() <= 80 && hash.key().len() <= 128);
    match hash.work() {
        ForeignWork::Bcrypt { cost } => assert!(cost <= FOREIGN_BCRYPT_COST.1),
        ForeignWork::Pbkdf2Sha256 { rounds } | ForeignWork::Pbkdf2Sha512 { rounds } => {
            assert!(rounds <= FOREIGN_PBKDF2_ROUNDS.1);
        }
        ForeignWork::Scrypt(cost) | ForeignWork::FirebaseScrypt(cost) => {
            assert!(cost.memory_kib() <= FOREIGN_SCRYPT_MAX_MEMORY_KIB);
            assert!(u64::from(cost.p) * cost.memory_kib() <= FOREIGN_SCRYPT_MAX_WORK_KIB);
        }
        ForeignWork::Argon2 {
            memory_kib,
            iterations,
            lanes,
            ..
        } => {
            assert!(memory_kib <= ARGON2_MAX_MEMORY_KIB);
            assert!(iterations <= ARGON2_MAX_ITERATIONS && lanes <= ARGON2_MAX_PARALLELISM);
        }
    }
}

pub fn run(input: &[u8]) {
    let Some(text) = super::text(input) else {
        return;
    };
    if !text.starts_with("$argon2id$") || text.starts_with("$argon2id$v=16$") {
        return foreign(text);
    }
    let asked: Vec<(String, u32)> = Phc::new(text).map_or(Vec::new(), |phc| {
        let params = phc.params.iter();
        params
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.decimal().ok()?)))
            .collect()
    });
    let most = |param: &str| {
        asked
            .iter()
            .filter(|(name, _)| name == param)
            .map(|(_, value)| *value)
            .max()
    };
    let is_capped = most("m") > Some(ARGON2_MAX_MEMORY_KIB)
        || most("t") > Some(ARGON2_MAX_ITERATIONS)
        || most("p") > Some(ARGON2_MAX_PARALLELISM);
    let cost = u64::from(most("m").unwrap_or(Params::DEFAULT_M_COST))
        * u64::from(most("t").unwrap_or(Params::DEFAULT_T_COST));
    if !is_capped && cost > QUICK {
        return;
    }
    let password = Password::for_login("password").unwrap();
    let hash = PasswordHash::new(text.to_owned());
    match HASHER.with(|hasher| pollster::block_on(hasher.verify(&password, &hash))) {
        Ok(verification) => {
            assert!(!is_capped, "a greedy hash was computed");
            let phc = Phc::new(text).expect("only a PHC string verifies");
            assert_eq!(phc.algorithm.as_str(), "argon2id");
            let theirs = Argon2::default()
                .verify_password(password.as_bytes(), &phc)
                .is_ok();
            assert_eq!(matches!(verification, Verification::Matches { .. }), theirs);
            // This target computes only hashes with a low cost. So a hash that matches is weaker
            // than the current parameters demand, and must be marked for a rehash.
            assert_ne!(verification, Verification::Matches { rehash: false });
        }
        Err(error) => {
            assert!(!is_capped || matches!(error, HashError::TooCostly | HashError::Malformed));
        }
    }
}
