//! Hashes passwords with Argon2id (RFC 9106) and stores the hashes as PHC strings. It also verifies
//! hashes that other systems made.

use std::cell::RefCell;
use std::fmt;

use argon2::password_hash::{Output, ParamsString, PasswordHash as Phc, SaltString};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, KeyId, Params, ParamsBuilder, Version};

use super::foreign_hashes;
use crate::domain::account::{
    Attempt, ForeignHash, ForeignHashing, ForeignWork, HashError, HashRefusal, HashingCost,
    Password, PasswordHash, Peppers, Verification, argon2_is_enough,
};
use crate::domain::policy::{
    ARGON2_MAX_ITERATIONS, ARGON2_MAX_MEMORY_KIB, ARGON2_MAX_PARALLELISM, ARGON2_PARALLELISM,
};
use crate::domain::secret::SecretBytes;
use crate::ports::PasswordHasher;

const OUTPUT_BYTES: usize = 32;
/// The most memory that a hash may ask for, in blocks of 1 KiB.
const MOST_BLOCKS: usize = ARGON2_MAX_MEMORY_KIB as usize;
/// The algorithm and the version of new hashes.
const OURS: (Algorithm, Version) = (Algorithm::Argon2id, Version::V0x13);
const SALT_BYTES: std::ops::RangeInclusive<usize> = 8..=48;

/// Hashes with Argon2id. The memory for a hash is allocated once and used again for every hash,
/// because allocating 19 MiB takes a Worker longer than the first pass of the hash. scrypt uses the
/// same memory, because memory that wasm has allocated is never given back. The memory contains no
/// password, but it contains the data from which the last hash was computed, so it is as secret as
/// a hash. That data stays in the isolate's memory until the next hash overwrites it.
///
/// A pepper is Argon2's secret value (RFC 9106 section 3.1, `K`), and its number is the PHC
/// string's `keyid`.
pub struct Argon2Hasher {
    params: Params,
    peppers: Peppers,
    foreign: ForeignHashing,
    memory: RefCell<Vec<Block>>,
}

impl Default for Argon2Hasher {
    /// The parameters of [`policy`](crate::domain::policy), without a pepper.
    fn default() -> Self {
        Self::new(HashingCost::default(), Peppers::default())
    }
}

impl Argon2Hasher {
    /// New hashes have this cost, and use the current pepper if there is one.
    #[must_use]
    pub fn new(cost: HashingCost, peppers: Peppers) -> Self {
        let mut params = ParamsBuilder::new();
        params
            .m_cost(cost.memory_kib)
            .t_cost(cost.iterations)
            .p_cost(ARGON2_PARALLELISM)
            .output_len(OUTPUT_BYTES);
        if let Some(keyid) = peppers
            .current()
            .and_then(|(number, _)| KeyId::new(&[number]).ok())
        {
            params.keyid(keyid);
        }
        Self {
            // `build` does not fail, because Argon2 accepts every cost that the settings accept.
            // The fallback is the default of the argon2 crate, which costs the same as the policy's
            // default.
            params: params.build().unwrap_or_default(),
            peppers,
            foreign: ForeignHashing::default(),
            memory: RefCell::default(),
        }
    }

    /// The same hasher, with the keys and parameters that it needs to verify hashes that other
    /// systems made.
    #[must_use]
    pub fn with_foreign(self, foreign: ForeignHashing) -> Self {
        Self { foreign, ..self }
    }

    /// The pepper that was used for a hash with these parameters. Empty if no pepper was used.
    fn pepper(&self, params: &Params) -> Result<&[u8], HashError> {
        match params.keyid() {
            [] => Ok(&[]),
            [number] => self.peppers.get(*number).ok_or(HashError::UnknownPepper),
            _ => Err(HashError::UnknownPepper),
        }
    }
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<PasswordHash, HashError> {
        let output = self.compute(OURS, &self.params, password.as_bytes(), salt, OUTPUT_BYTES)?;
        let salt = SaltString::encode_b64(salt).map_err(|_| HashError::Failed)?;
        let phc = Phc {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params).map_err(|_| HashError::Failed)?,
            salt: Some(salt.as_salt()),
            hash: Some(Output::new(output.expose()).map_err(|_| HashError::Failed)?),
        };
        Ok(PasswordHash::new(phc.to_string()))
    }

    async fn verify(
        &self,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        if is_ours(hash.as_str()) {
            return self.compare(password.as_bytes(), hash.as_str());
        }
        let hash = self.foreign.read(hash.as_str())?;
        Ok(if self.is_of(password, &hash)? {
            Verification::Matches { rehash: true }
        } else {
            Verification::Differs
        })
    }

    fn judge(&self, hash: &PasswordHash) -> Result<(), HashRefusal> {
        let hash = hash.as_str();
        if !is_ours(hash) {
            return self.foreign.read(hash).map(drop);
        }
        let stored = StoredHash::read(hash)
            .and_then(|stored| self.pepper(&stored.params).map(|_| stored.params));
        let params = stored.map_err(|error| match error {
            HashError::TooCostly => HashRefusal::TooCostly,
            HashError::UnknownPepper => HashRefusal::UnknownPepper,
            HashError::Malformed | HashError::NoSignerKey | HashError::Failed => {
                HashRefusal::Malformed
            }
        })?;
        if argon2_is_enough(params.m_cost(), params.t_cost()) {
            Ok(())
        } else {
            Err(HashRefusal::Weak)
        }
    }

    async fn level_failure(&self, attempt: &Attempt<'_>) {
        let hash = attempt.hash.map(PasswordHash::as_str);
        if hash.is_some_and(|hash| self.is_foreign_work(hash)) {
            self.verify_nothing(attempt.password, &attempt.decoy_salt)
                .await;
        } else if let Some(usual) = self.foreign.usual() {
            std::hint::black_box(self.is_of(attempt.password, usual).is_ok());
        }
    }

    async fn verify_nothing(&self, password: &Password, salt: &[u8; 16]) {
        let output = self.compute(OURS, &self.params, password.as_bytes(), salt, OUTPUT_BYTES);
        // Without this call the compiler could remove the computation, because nothing uses its
        // result.
        std::hint::black_box(&output);
    }
}

#[cfg(test)]
impl Argon2Hasher {
    /// The content of the memory after the last Argon2 hash. Every word of it depends on the
    /// password, the salt and all parameters.
    pub(super) fn work_done(&self) -> Vec<u64> {
        let memory = self.memory.borrow();
        let words = memory.iter().flat_map(|block| block.as_ref());
        words.copied().collect()
    }
}

impl Argon2Hasher {
    /// Whether another system made this stored hash, so that verifying it takes other work than
    /// verifying a hash of this service. A foreign hash of Argon2id, version 0x13, looks like a
    /// hash of this service. Such a hash is recognised as foreign only if it has the parameters
    /// that `IMPORTED_HASHES` names.
    fn is_foreign_work(&self, hash: &str) -> bool {
        if !is_ours(hash) {
            return self.foreign.read(hash).is_ok();
        }
        let usual = self.foreign.usual().map(ForeignHash::work);
        StoredHash::read(hash).is_ok_and(|StoredHash { params, .. }| {
            let work = ForeignWork::Argon2 {
                is_id: true,
                is_newest: true,
                memory_kib: params.m_cost(),
                iterations: params.t_cost(),
                lanes: params.p_cost(),
            };
            // If the pepper is unknown, the attempt computed no hash, so it did no work.
            usual == Some(work) && self.pepper(&params).is_ok()
        })
    }

    /// Whether a foreign hash was made from this password.
    fn is_of(&self, password: &Password, hash: &ForeignHash) -> Result<bool, HashError> {
        let password = foreign_hashes::preimage(hash, password);
        let ForeignWork::Argon2 {
            is_id,
            is_newest,
            memory_kib,
            iterations,
            lanes,
        } = hash.work()
        else {
            let blocks = foreign_hashes::blocks(hash).ok_or(HashError::Malformed)?;
            let mut memory = self.memory.borrow_mut();
            let memory = at_least(&mut memory, blocks, self.params.block_count())?;
            return foreign_hashes::matches(hash, &password, &self.foreign, memory);
        };
        let params = Params::new(memory_kib, iterations, lanes, Some(hash.key().len()));
        let params = params.map_err(|_| HashError::Malformed)?;
        let algorithm = if is_id {
            Algorithm::Argon2id
        } else {
            Algorithm::Argon2i
        };
        let version = if is_newest {
            Version::V0x13
        } else {
            Version::V0x10
        };
        let kind = (algorithm, version);
        let output = self.compute(kind, &params, &password, hash.salt(), hash.key().len())?;
        Ok(output.are(hash.key()))
    }

    fn compare(&self, password: &[u8], hash: &str) -> Result<Verification, HashError> {
        let stored = StoredHash::read(hash)?;
        let bytes = stored.output.len();
        let output = self.compute(OURS, &stored.params, password, &stored.salt, bytes)?;
        if !output.are(stored.output.as_bytes()) {
            return Ok(Verification::Differs);
        }
        let same = |param: fn(&Params) -> u32| param(&stored.params) == param(&self.params);
        Ok(Verification::Matches {
            rehash: !(stored.params.keyid() == self.params.keyid()
                && same(Params::m_cost)
                && same(Params::t_cost)
                && same(Params::p_cost)
                && stored.output.len() == OUTPUT_BYTES),
        })
    }

    fn compute(
        &self,
        (algorithm, version): (Algorithm, Version),
        params: &Params,
        password: &[u8],
        salt: &[u8],
        bytes: usize,
    ) -> Result<SecretBytes, HashError> {
        let pepper = self.pepper(params)?;
        let mut memory = self.memory.borrow_mut();
        let blocks = params.block_count();
        let memory = at_least(&mut memory, blocks, self.params.block_count())?;
        let mut output = vec![0; bytes];
        // With an empty pepper the result is the same as without a pepper.
        Argon2::new_with_secret(pepper, algorithm, version, params.clone())
            .map_err(|_| HashError::Failed)?
            .hash_password_into_with_memory(password, salt, &mut output, memory)
            .map_err(|_| HashError::Failed)?;
        Ok(SecretBytes::new(output))
    }
}

/// The first `blocks` blocks of the memory, which is enlarged if necessary. The memory has one of
/// two sizes. The size `ours`, which this service's own hashes need, is used if it is enough for
/// this hash and at most half of the maximum. Otherwise the memory has the maximum size that any
/// hash is allowed to need. A third size would take more memory permanently, because memory that
/// wasm has allocated is never given back, and a freed block can't be reused for a larger one.
fn at_least(
    memory: &mut Vec<Block>,
    blocks: usize,
    ours: usize,
) -> Result<&mut [Block], HashError> {
    if memory.len() < blocks {
        // The old memory is freed first, because the old and the new memory together could exceed
        // an isolate's limit.
        *memory = Vec::new();
        // Both sizes together must leave room in an isolate's 128 MB.
        let is_small = blocks <= ours && ours <= MOST_BLOCKS / 2;
        let size = if is_small { ours } else { MOST_BLOCKS };
        memory.resize(size, Block::default());
    }
    memory.get_mut(..blocks).ok_or(HashError::Failed)
}

/// Whether a stored text is a hash of Argon2id, version 0x13, with salt and key in the base64 that
/// this service writes. A text without a version has version 0x10, as in Argon2's reference code.
/// The hashes of other systems can have base64 with padding, or with another alphabet.
fn is_ours(hash: &str) -> bool {
    let is_ours = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let mut salt_and_key = hash.rsplit('$').take(2);
    hash.starts_with("$argon2id$v=19$") && salt_and_key.all(|text| text.bytes().all(is_ours))
}

/// A stored hash whose parameters are within the limits. Somebody might have altered the user's row
/// in the database, and an altered row must not make the Worker allocate a gigabyte.
struct StoredHash {
    params: Params,
    salt: Vec<u8>,
    output: Output,
}

impl StoredHash {
    fn read(phc: &str) -> Result<Self, HashError> {
        let phc = Phc::new(phc).map_err(|_| HashError::Malformed)?;
        let version_is_ours = phc.version == Some(Version::V0x13.into());
        if phc.algorithm != ARGON2ID_IDENT || !version_is_ours {
            return Err(HashError::Malformed);
        }
        // The limits are checked before the argon2 crate reads the parameters, because the crate
        // multiplies the lanes by eight without checking for overflow.
        if asks_too_much(&phc) {
            return Err(HashError::TooCostly);
        }
        let params = Params::try_from(&phc).map_err(|_| HashError::Malformed)?;
        let (Some(salt), Some(output)) = (phc.salt, phc.hash) else {
            return Err(HashError::Malformed);
        };
        let mut buffer = [0; 64];
        let salt = salt
            .decode_b64(&mut buffer)
            .map_err(|_| HashError::Malformed)?;
        // A short hash could be guessed.
        if !SALT_BYTES.contains(&salt.len()) || output.len() < 16 {
            return Err(HashError::Malformed);
        }
        Ok(Self {
            params,
            salt: salt.to_vec(),
            output,
        })
    }
}

/// Whether any parameter is above its limit. If a parameter occurs twice, both values are checked.
fn asks_too_much(phc: &Phc<'_>) -> bool {
    phc.params.iter().any(|(name, value)| {
        let most = match name.as_str() {
            "m" => ARGON2_MAX_MEMORY_KIB,
            "t" => ARGON2_MAX_ITERATIONS,
            "p" => ARGON2_MAX_PARALLELISM,
            _ => return false,
        };
        value.decimal().is_ok_and(|asked| asked > most)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn password(text: &str) -> Password {
        Password::for_login(text).unwrap()
    }

    fn verify(text: &str, phc: &str) -> Result<Verification, HashError> {
        let hash = PasswordHash::new(phc.to_owned());
        pollster::block_on(Argon2Hasher::default().verify(&password(text), &hash))
    }

    #[test]
    fn a_hash_matches_only_its_password() {
        let hasher = Argon2Hasher::default();
        let phc = pollster::block_on(hasher.hash(&password("caf\u{e9}"), &[7; 16])).unwrap();
        assert!(phc.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(
            verify("cafe\u{301}", phc.as_str()),
            Ok(Verification::Matches { rehash: false })
        );
        assert_eq!(verify("cafe", phc.as_str()), Ok(Verification::Differs));
        let other = pollster::block_on(hasher.hash(&password("caf\u{e9}"), &[8; 16])).unwrap();
        assert_ne!(phc, other);
    }

    /// `tests/vectors/argon2` has PHC strings that the C reference code made, and also malformed
    /// and oversized strings.
    #[test]
    fn published_hashes_match_and_malformed_ones_do_not() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../tests/vectors/argon2/argon2id.json")).unwrap();
        // The passwords are compared as bytes, because normalising them is not a part of hashing.
        let hasher = Argon2Hasher::default();
        let mut counted = 0;
        for (list, expected) in [
            ("phc", Some(true)),
            ("must_fail", Some(false)),
            ("malformed", Some(false)),
            ("either", None),
        ] {
            for vector in vectors[list].as_array().unwrap() {
                let password = vector["password"].as_str().unwrap();
                let phc = vector["phc"].as_str().unwrap();
                let verified = hasher.compare(password.as_bytes(), phc);
                let matches = matches!(verified, Ok(Verification::Matches { .. }));
                assert!(
                    expected.is_none_or(|expected| expected == matches),
                    "{vector}"
                );
                counted += 1;
            }
        }
        assert_eq!(counted, 38);
    }

    fn judge(phc: &str) -> Result<(), HashRefusal> {
        Argon2Hasher::default().judge(&PasswordHash::new(phc.to_owned()))
    }

    #[test]
    fn an_import_takes_no_hash_that_is_guessed_quickly() {
        const SALT_AND_KEY: &str =
            "$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
        for (parameters, expected) in [
            ("v=19$m=8,t=1,p=1", Err(HashRefusal::Weak)),
            ("v=19$m=511,t=2,p=1", Err(HashRefusal::Weak)),
            ("v=19$m=512,t=2,p=1", Ok(())),
            ("v=19$m=1024,t=1,p=1", Ok(())),
            ("m=8,t=1,p=1", Err(HashRefusal::Weak)),
            ("v=16$m=8,t=1,p=1", Err(HashRefusal::Weak)),
        ] {
            let phc = ["$argon2id$", parameters, SALT_AND_KEY].concat();
            assert_eq!(judge(&phc), expected, "{parameters}");
        }
    }

    /// Some other systems write the base64 of salt and key with padding, or in the URL-safe
    /// alphabet.
    #[test]
    fn the_base64_of_a_hash_may_have_padding_or_another_alphabet() {
        let hasher = Argon2Hasher::default();
        let params = Params::new(1_024, 2, 1, Some(32)).unwrap();
        let salt = [251; 16];
        let output = hasher.compute(OURS, &params, b"password", &salt, 32);
        let key = Output::new(output.unwrap().expose()).unwrap();
        use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding as _};
        for encoded in [
            Base64::encode_string,
            Base64Unpadded::encode_string,
            Base64Url::encode_string,
            Base64UrlUnpadded::encode_string,
        ] {
            let (salt, key) = (encoded(&salt), encoded(key.as_bytes()));
            let phc = format!("$argon2id$v=19$m=1024,t=2,p=1${salt}${key}");
            assert_eq!(judge(&phc), Ok(()), "{phc}");
            let verified = |text| verify(text, &phc);
            let matches = Ok(Verification::Matches { rehash: true });
            assert_eq!(verified("password"), matches, "{phc}");
            assert_eq!(verified("Password"), Ok(Verification::Differs), "{phc}");
        }
    }

    /// The reference code reads a hash without a version in the same way. It always writes version
    /// 0x13, so only older hashes lack a version.
    #[test]
    fn a_hash_without_a_version_has_version_0x10() {
        let hasher = Argon2Hasher::default();
        let params = Params::new(1_024, 2, 1, Some(32)).unwrap();
        let of = |version| {
            let kind = (Algorithm::Argon2id, version);
            let salt = b"0123456789abcdef";
            let output = hasher.compute(kind, &params, b"password", salt, 32);
            let key = Output::new(output.unwrap().expose()).unwrap();
            verify(
                "password",
                &format!("$argon2id$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg${key}"),
            )
        };
        let matches = Ok(Verification::Matches { rehash: true });
        assert_eq!(of(Version::V0x10), matches);
        assert_eq!(of(Version::V0x13), Ok(Verification::Differs));
    }

    #[test]
    fn the_tag_of_rfc_9106() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../tests/vectors/argon2/argon2id.json")).unwrap();
        let vector = &vectors["raw"][0];
        let hex = |name: &str| -> Vec<u8> {
            let text = vector[name].as_str().unwrap();
            (0..text.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
                .collect()
        };
        let params = ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(argon2::AssociatedData::new(&hex("ad_hex")).unwrap())
            .build()
            .unwrap();
        let secret = hex("secret_hex");
        let argon2 =
            Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon2
            .hash_password_into(&hex("password_hex"), &hex("salt_hex"), &mut tag)
            .unwrap();
        assert_eq!(tag.to_vec(), hex("tag"));
    }

    const PEPPER_1: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const PEPPER_2: &str = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

    fn with(peppers: &str) -> Argon2Hasher {
        Argon2Hasher::new(HashingCost::default(), Peppers::parse(peppers).unwrap())
    }

    #[test]
    fn a_peppered_hash_needs_its_pepper() {
        let typed = password("correct horse battery staple");
        let old = with(PEPPER_1);
        let hash = pollster::block_on(old.hash(&typed, &[7; 16])).unwrap();
        let verify = |hasher: &Argon2Hasher, hash: &PasswordHash| {
            pollster::block_on(hasher.verify(&typed, hash))
        };
        assert!(hash.as_str().contains(",keyid="), "{}", hash.as_str());
        let matches = |rehash| Ok(Verification::Matches { rehash });
        assert_eq!(verify(&old, &hash), matches(false));
        assert_eq!(
            verify(&with(&format!("{PEPPER_2},{PEPPER_1}")), &hash),
            matches(true)
        );
        for without in [with(""), with(PEPPER_2)] {
            assert_eq!(verify(&without, &hash), Err(HashError::UnknownPepper));
        }
        // This hasher has a pepper with the same number but another secret.
        let other = with(&PEPPER_2.replacen('2', "1", 1));
        assert_eq!(verify(&other, &hash), Ok(Verification::Differs));
        // A stored hash does not match if somebody has removed or changed the number of its pepper.
        let bare = PasswordHash::new(hash.as_str().replace(",keyid=AQ", ""));
        assert_eq!(verify(&old, &bare), Ok(Verification::Differs));
        let long = PasswordHash::new(hash.as_str().replace("keyid=AQ", "keyid=AQE"));
        assert_eq!(verify(&old, &long), Err(HashError::UnknownPepper));
    }

    #[test]
    fn a_hash_from_before_the_pepper_matches_and_is_renewed() {
        let typed = password("correct horse battery staple");
        let hash = pollster::block_on(Argon2Hasher::default().hash(&typed, &[7; 16])).unwrap();
        assert_eq!(
            pollster::block_on(with(PEPPER_1).verify(&typed, &hash)),
            Ok(Verification::Matches { rehash: true })
        );
    }

    /// A login at an address without an account costs the same computation as a login at an address
    /// with one.
    #[test]
    fn verifying_nothing_does_the_work_of_verifying() {
        let typed = password("correct horse battery staple");
        let cost = HashingCost {
            memory_kib: 7_168,
            iterations: 5,
        };
        for (cost, peppers) in [
            (HashingCost::default(), ""),
            (HashingCost::default(), PEPPER_1),
            (cost, ""),
        ] {
            let new = || Argon2Hasher::new(cost, Peppers::parse(peppers).unwrap());
            let after_nothing = |salt: [u8; 16]| {
                let hasher = new();
                pollster::block_on(hasher.verify_nothing(&typed, &salt));
                hasher.work_done()
            };
            let (maker, verifier) = (new(), new());
            let hash = pollster::block_on(maker.hash(&typed, &[7; 16])).unwrap();
            pollster::block_on(verifier.verify(&typed, &hash)).unwrap();
            let verified = verifier.work_done();
            assert_eq!(verified.len(), cost.memory_kib as usize * 128);
            assert!(after_nothing([7; 16]) == verified, "{cost:?}, {peppers}");
            assert!(after_nothing([8; 16]) != verified, "{cost:?}, {peppers}");
        }
    }

    #[test]
    fn other_costs_are_used_and_old_hashes_renewed() {
        let typed = password("correct horse battery staple");
        let cost = HashingCost {
            memory_kib: 7_168,
            iterations: 5,
        };
        let cheap = Argon2Hasher::new(cost, Peppers::default());
        let hash = pollster::block_on(cheap.hash(&typed, &[7; 16])).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=7168,t=5,p=1$"));
        for (hasher, rehash) in [(cheap, false), (Argon2Hasher::default(), true)] {
            assert_eq!(
                pollster::block_on(hasher.verify(&typed, &hash)),
                Ok(Verification::Matches { rehash })
            );
        }
    }

    /// An isolate has 128 MB. When the memory grows, the freed smaller block can't be used for the
    /// larger one, so both sizes together must fit.
    #[test]
    fn both_sizes_of_the_memory_leave_room_in_an_isolate() {
        let typed = password("correct horse battery staple");
        for (memory_kib, size) in [(32_768, 32_768), (32_772, 65_536), (60_000, 65_536)] {
            let cost = HashingCost {
                memory_kib,
                iterations: 1,
            };
            let hasher = Argon2Hasher::new(cost, Peppers::default());
            pollster::block_on(hasher.verify_nothing(&typed, &[7; 16]));
            assert_eq!(hasher.memory.borrow().len(), size, "{memory_kib}");
        }
    }

    #[test]
    fn a_hash_that_asks_for_too_much_memory_is_rejected() {
        let greedy = "$argon2id$v=19$m=4194304,t=2,p=1$ZWRnZWdhdGUtc2FsdC0xNg$JQqCEZWQMvb1xBHtdf+7MUDzop2l0yN0dcFJ47tHOsQ";
        assert_eq!(verify("password", greedy), Err(HashError::TooCostly));
    }

    /// Found by fuzzing: the argon2 crate multiplies the number of lanes by eight, and for large
    /// numbers the product overflows 32 bits.
    #[test]
    fn too_many_lanes_are_rejected_before_they_are_multiplied() {
        for lanes in ["5", "536870912", "4294967295", "1,p=536870912"] {
            let greedy = format!(
                "$argon2id$v=19$m=64,t=2,p={lanes}$ZWRnZWdhdGUtc2FsdC0xNg$JQqCEZWQMvb1xBHtdf+7MUDzop2l0yN0dcFJ47tHOsQ"
            );
            assert_eq!(
                verify("password", &greedy),
                Err(HashError::TooCostly),
                "{lanes}"
            );
        }
    }
}
