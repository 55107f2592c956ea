//! Password hashes that other systems made. An import of user accounts stores these hashes
//! unchanged. When the owner of such an account next signs in with the password, the imported hash
//! is replaced with a new Argon2id hash.
//!
//! A stored hash is untrusted, because somebody could have altered the database row. The parameters
//! in a hash determine how much memory and time its verification takes. So this module checks that
//! the parameters are within limits before anything is computed. An import accepts exactly the
//! hashes that a login can verify.

mod hashing;
mod read;

pub use hashing::ForeignHashing;

use super::Password;
use crate::domain::policy::{
    ARGON2_MAX_ITERATIONS, ARGON2_MAX_MEMORY_KIB, ARGON2_MAX_PARALLELISM,
    FOREIGN_ARGON2_MIN_WORK_KIB, FOREIGN_BCRYPT_COST, FOREIGN_HASH_MAX_BYTES,
    FOREIGN_PBKDF2_ROUNDS, FOREIGN_SCRYPT_MAX_MEMORY_KIB, FOREIGN_SCRYPT_MAX_WORK_KIB,
    FOREIGN_SCRYPT_MIN_LOG_N,
};

/// The algorithm of a foreign hash, and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignWork {
    /// `$2a$`, `$2b$` and `$2y$`.
    Bcrypt {
        /// The binary logarithm of the number of rounds.
        cost: u32,
    },
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2Sha256 { rounds: u32 },
    /// PBKDF2 with HMAC-SHA-512.
    Pbkdf2Sha512 { rounds: u32 },
    /// scrypt (RFC 7914).
    Scrypt(ScryptCost),
    /// Firebase's scrypt. The hash is the signer key of the Firebase project, encrypted with the
    /// output of scrypt.
    FirebaseScrypt(ScryptCost),
    /// Argon2i or Argon2id. If the text of the hash contains no version, the hash has version 0x10.
    Argon2 {
        /// True for Argon2id, false for Argon2i.
        is_id: bool,
        /// True for version 0x13, false for version 0x10.
        is_newest: bool,
        memory_kib: u32,
        iterations: u32,
        lanes: u32,
    },
}

/// The parameters of scrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScryptCost {
    /// The binary logarithm of `N`.
    pub log_n: u8,
    /// The block size parameter.
    pub r: u32,
    /// The parallelization parameter: how many times the memory is filled. Here the memory is
    /// filled `p` times one after the other, not in parallel.
    pub p: u32,
}

impl ScryptCost {
    /// How much memory scrypt needs, in KiB.
    #[must_use]
    pub fn memory_kib(self) -> u64 {
        // A block has 128 bytes, so eight blocks are 1 KiB.
        let blocks = 1_u64.checked_shl(self.log_n.into());
        let blocks = blocks.and_then(|n| n.checked_mul(self.r.into()));
        blocks.map_or(u64::MAX, |blocks| blocks.div_ceil(8))
    }
}

/// How the other system transforms a password before it hashes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preparation {
    /// Not at all: the other system hashes the password as it was typed, in UTF-8.
    AsTyped,
    /// Unicode normalisation form KC, as in better-auth.
    Nfkc,
    /// SHA-256, in hexadecimal digits, as in Django's `bcrypt_sha256`.
    Sha256Hex,
}

/// What the other system hashed: a text itself, or the SHA-256 of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preimage {
    /// The text itself, in UTF-8.
    Text,
    /// The SHA-256 of the text, in hexadecimal digits.
    Sha256Hex,
}

/// A hash that another system made. Its parameters are within the limits.
#[derive(Clone)]
pub struct ForeignHash {
    work: ForeignWork,
    preparation: Preparation,
    salt: Vec<u8>,
    key: Vec<u8>,
}

/// Why a text can't be imported as a password hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashRefusal {
    /// The password of the hash can be guessed quickly. The hash is MD5, SHA-1, unsalted SHA-2 or
    /// `crypt`. Or the hash has a supported form, but computing it takes too little work or its
    /// salt is too short.
    Weak,
    /// Verifying the hash takes more time or memory than the limits allow.
    TooCostly,
    /// The text begins like a supported form, but is malformed.
    Malformed,
    /// The text has none of the supported forms.
    UnknownForm,
    /// `FIREBASE_SIGNER_KEY` is not set.
    NoSignerKey,
    /// The imported row contains Firebase's signer key, which is a secret of the whole Firebase
    /// project.
    SignerKeyInRow,
    /// The hash was made with a pepper that `PEPPERS` does not contain.
    UnknownPepper,
}

impl HashRefusal {
    /// A stable name for the reason, in `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Weak => "hash_weak",
            Self::TooCostly => "hash_too_costly",
            Self::Malformed => "hash_malformed",
            Self::UnknownForm => "hash_unknown",
            Self::NoSignerKey => "no_signer_key",
            Self::SignerKeyInRow => "signer_key_in_row",
            Self::UnknownPepper => "unknown_pepper",
        }
    }

    /// What is wrong, and what to do. This text is shown to the person who runs the import.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Weak => {
                "the hash is too weak (MD5, SHA-1, no salt or a short one, crypt, or too little work): \
                 leave password_hash out, and its owner asks for a reset link"
            }
            Self::TooCostly => {
                "the hash costs more than a login may (bcrypt cost 12, 1,500,000 rounds of PBKDF2, \
                 64 MiB of scrypt or Argon2): leave password_hash out, and its owner asks for a \
                 reset link"
            }
            Self::Malformed => "the hash has a known form but is incomplete or altered",
            Self::UnknownForm => {
                "the hash has none of the supported forms. A password in plain text is never \
                 accepted"
            }
            Self::NoSignerKey => {
                "the hash is Firebase's, which needs the secret FIREBASE_SIGNER_KEY: set it, and \
                 import again"
            }
            Self::SignerKeyInRow => {
                "the row contains the project's signer key. It belongs into the secret \
                 FIREBASE_SIGNER_KEY: remove it from the row"
            }
            Self::UnknownPepper => {
                "the hash was made with a pepper that PEPPERS does not contain: copy the pepper \
                 from the service that the row comes from"
            }
        }
    }
}

impl HashRefusal {
    /// What is wrong with the setting `IMPORTED_HASHES`, in which an operator writes the parameters
    /// of a hash without a salt and a key. The returned text is the end of a sentence.
    #[must_use]
    pub const fn parameters_fault(self) -> &'static str {
        match self {
            Self::Weak => "which is weaker than what an import accepts",
            Self::TooCostly => "which costs more than a login may",
            _ => "which is not what a supported hash begins with",
        }
    }
}

impl ForeignHash {
    /// Reads a hash in one of the supported forms.
    ///
    /// ```
    /// use edgegate::domain::account::{ForeignHash, ForeignWork, HashRefusal};
    ///
    /// let hash = "$2b$10$abcdefghijklmnopqrstuuZQ8LkL7tWvvR6Kq1rKzYbY3FZtF1Xn.";
    /// assert_eq!(ForeignHash::read(hash).unwrap().work(), ForeignWork::Bcrypt { cost: 10 });
    /// let md5 = "5f4dcc3b5aa765d61d8327deb882cf99";
    /// assert_eq!(ForeignHash::read(md5).unwrap_err(), HashRefusal::Weak);
    /// ```
    ///
    /// # Errors
    /// The reason why a login can't verify the hash.
    pub fn read(text: &str) -> Result<Self, HashRefusal> {
        if text.len() > FOREIGN_HASH_MAX_BYTES {
            return Err(HashRefusal::UnknownForm);
        }
        let hash = read::hash(text)?;
        hash.work.is_within_limits()?;
        Ok(hash)
    }

    /// Whether the hash is Firebase's, so its verification needs the signer key.
    #[must_use]
    pub fn is_firebase(&self) -> bool {
        matches!(self.work, ForeignWork::FirebaseScrypt(_))
    }

    #[must_use]
    pub fn work(&self) -> ForeignWork {
        self.work
    }

    /// The salt. If the hash is Firebase's, the salt separator is already appended to it.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// The result of the hash function for the right password.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// What the other system hashed if `password` is the right password: a text, and whether the
    /// other system hashed the text itself or the SHA-256 of the text.
    #[must_use]
    pub fn preimage(&self, password: &Password) -> (zeroize::Zeroizing<String>, Preimage) {
        let typed = password.as_typed();
        match self.preparation {
            Preparation::AsTyped => (typed.to_owned().into(), Preimage::Text),
            Preparation::Nfkc => (edgegate_token::unicode::nfkc(typed).into(), Preimage::Text),
            Preparation::Sha256Hex => (typed.to_owned().into(), Preimage::Sha256Hex),
        }
    }
}

impl std::fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ForeignHash")
            .field("work", &self.work)
            .finish_non_exhaustive()
    }
}

impl ForeignWork {
    fn is_within_limits(self) -> Result<(), HashRefusal> {
        let (is_enough, is_affordable) = match self {
            Self::Bcrypt { cost } => between(cost, FOREIGN_BCRYPT_COST),
            Self::Pbkdf2Sha256 { rounds } | Self::Pbkdf2Sha512 { rounds } => {
                between(rounds, FOREIGN_PBKDF2_ROUNDS)
            }
            Self::Scrypt(cost) | Self::FirebaseScrypt(cost) => {
                let memory = cost.memory_kib();
                let work = memory.saturating_mul(cost.p.into());
                let is_affordable =
                    memory <= FOREIGN_SCRYPT_MAX_MEMORY_KIB && work <= FOREIGN_SCRYPT_MAX_WORK_KIB;
                (cost.log_n >= FOREIGN_SCRYPT_MIN_LOG_N, is_affordable)
            }
            Self::Argon2 {
                memory_kib,
                iterations,
                lanes,
                ..
            } => {
                let is_affordable = memory_kib <= ARGON2_MAX_MEMORY_KIB
                    && iterations <= ARGON2_MAX_ITERATIONS
                    && lanes <= ARGON2_MAX_PARALLELISM;
                (argon2_is_enough(memory_kib, iterations), is_affordable)
            }
        };
        match (is_enough, is_affordable) {
            (_, false) => Err(HashRefusal::TooCostly),
            (false, _) => Err(HashRefusal::Weak),
            (true, true) => Ok(()),
        }
    }
}

/// Whether computing an Argon2 hash with this memory and this number of passes is enough work. If
/// it were less work, an attacker could guess passwords quickly.
#[must_use]
pub fn argon2_is_enough(memory_kib: u32, iterations: u32) -> bool {
    u64::from(memory_kib).saturating_mul(iterations.into()) >= FOREIGN_ARGON2_MIN_WORK_KIB
}

/// Whether a number is at least the minimum, and whether it is at most the maximum.
fn between(number: u32, (least, most): (u32, u32)) -> (bool, bool) {
    (number >= least, number <= most)
}

#[cfg(test)]
mod tests;
