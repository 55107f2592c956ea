//! The ports for what the service needs from its platform: hashing, time, randomness, rate limits,
//! logs and signatures.

use crate::domain::account::{
    Attempt, Comparison, HashError, HashRefusal, Password, PasswordHash, Verification,
};
use crate::domain::authorization::RsaSigningKey;
use crate::domain::error::StoreError;
use crate::domain::event::Event;
use crate::domain::mail::MailLine;
use crate::domain::session::Device;
use edgegate_token::SignedBy;

/// Hashes and compares passwords. It is the only step of the service that needs much CPU time.
pub trait PasswordHasher {
    /// A new hash with a fresh salt.
    ///
    /// # Errors
    /// When the parameters are invalid or there is too little memory.
    async fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<PasswordHash, HashError>;

    /// Whether the password is the one that was hashed. Compares in constant time.
    ///
    /// # Errors
    /// When the stored hash is malformed, or needs more memory or time than the limits allow.
    async fn verify(
        &self,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError>;

    /// Whether [`verify`](Self::verify) could verify this hash. This only reads the hash; it does
    /// not hash a password.
    ///
    /// # Errors
    /// The reason why the hash could not be verified.
    fn judge(&self, hash: &PasswordHash) -> Result<(), HashRefusal>;

    /// Does additional work after a failed attempt, so that every failure takes the same time as
    /// far as possible. A foreign hash is a hash that was imported from another system; the
    /// service's own hashes have the usual format. After an attempt at a foreign hash, this method
    /// also computes one of the service's own hashes, because a successful login computes such a
    /// hash too, to replace the foreign one. If the settings say which parameters foreign hashes
    /// usually have, each other failed attempt, at one of the service's own hashes or at an address
    /// without an account, also computes a hash with these parameters.
    async fn level_failure(&self, attempt: &Attempt<'_>);

    /// Does the same work as a comparison, for an address without an account. MUST take as long as
    /// [`verify`](Self::verify) takes for a hash with this salt. The time of a hash can depend on
    /// its salt. So the caller passes a different salt for each address, as each account has a salt
    /// of its own. With one salt for all addresses without an account, the answers for these
    /// addresses would take equally long, which would reveal that they have no account.
    async fn verify_nothing(&self, password: &Password, salt: &[u8; 16]);

    /// Compares the password of an attempt with the account's hash. The comparison takes the time
    /// of one of the service's own hashes, whether or not the account has a hash. If
    /// [`level_failure`](Self::level_failure) does additional work, the comparison also takes the
    /// time of a foreign hash. If the password was typed with a space other than U+0020 and does
    /// not match, everything is done twice. So a failure takes longer only because of the typed
    /// text, which reveals nothing about the account.
    async fn compare(&self, attempt: &Attempt<'_>) -> Comparison {
        let compared = self.compare_once(attempt).await;
        let Some(unmapped) = attempt.password.with_spaces_as_typed() else {
            return compared;
        };
        if matches!(compared, Ok(Verification::Matches { .. })) {
            return compared;
        }
        // Earlier versions of the service hashed the spaces as they were typed.
        let before = Attempt {
            password: &unmapped,
            ..*attempt
        };
        match self.compare_once(&before).await {
            Ok(Verification::Matches { .. }) => Ok(Verification::Matches { rehash: true }),
            compared => compared,
        }
    }

    /// Compares the password as it is in `attempt`, without trying other kinds of spaces.
    async fn compare_once(&self, attempt: &Attempt<'_>) -> Comparison {
        let compared = match attempt.hash {
            Some(hash) => self.verify(attempt.password, hash).await,
            None => Ok(Verification::Differs),
        };
        if attempt.hash.is_none() || compared.is_err() {
            self.verify_nothing(attempt.password, &attempt.decoy_salt)
                .await;
        }
        if attempt.has_failed(compared) {
            self.level_failure(attempt).await;
        }
        compared
    }
}

/// The time.
pub trait Clock {
    /// Milliseconds since 1970. The service reads the clock once for each request, because the
    /// clock of a Worker doesn't advance between I/O operations anyway.
    fn now_ms(&self) -> u64;
}

/// Cryptographic randomness.
pub trait Random {
    /// Fills `bytes` from a source that is secure enough for keys.
    fn fill(&self, bytes: &mut [u8]);
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// All requests of one IPv4 address, or of one /64 of IPv6.
    Client,
    /// The attempts of one client on one account. Attempts are never counted by the account alone,
    /// because a stranger could then lock its owner out.
    ClientOnAccount,
    /// The renewals of one IPv4 address, or of one /64 of IPv6. Many people can share it.
    ClientRenewals,
}

impl Limit {
    /// A stable name, `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::ClientOnAccount => "client_on_account",
            Self::ClientRenewals => "client_renewals",
        }
    }
}

/// Rate limits.
pub trait RateLimiter {
    /// Counts one attempt under `key`. Returns false when there were too many attempts. MUST return
    /// true when counting fails, because a limiter that is down must not lock everybody out.
    async fn admit(&self, limit: Limit, key: &str) -> bool;
}

/// Records the events that operators look up and count.
pub trait Events {
    /// Writes the event for operators. MUST NOT fail the request.
    fn record(&self, event: &Event);

    /// Writes the result of an attempt to deliver a mail. MUST NOT fail the delivery.
    fn mail(&self, line: &MailLine);
}

/// Verifies signatures with the platform's own code, which is faster than the code of the crate
/// `edgegate_token`.
pub trait SignatureVerifier {
    /// Whether the signature is valid, or `None` if the platform can't decide. In that case the
    /// crate `edgegate_token` verifies the signature. An answer other than `None` is final, so the
    /// answer MUST be `None` whenever the platform fails.
    ///
    /// Callers first check the form of the signature with [`SignedBy::judge_signature_form`].
    async fn verify(&self, signed_by: &SignedBy<'_>) -> Option<bool>;
}

/// Signs id_tokens with RSA, for apps that can verify only RS256. The platform's own code makes the
/// signature.
pub trait IdTokenSigner {
    /// Signs a message with a key of `ID_TOKEN_KEYS`. The algorithm is RSASSA-PKCS1-v1_5 with
    /// SHA-256 (RFC 7518 section 3.3). MUST return after a limited time, and MUST NOT put any part
    /// of the key into an error.
    ///
    /// # Errors
    /// When the platform can't use the key, or does not answer.
    async fn sign(&self, key: &RsaSigningKey, message: &[u8]) -> Result<Vec<u8>, StoreError>;
}

/// Describes devices.
pub trait Devices {
    /// The browser and the operating system that the header `User-Agent` names, as far as they are
    /// known. MUST accept any text.
    fn describe(&self, user_agent: &str) -> Device;
}
