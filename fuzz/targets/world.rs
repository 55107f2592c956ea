//! A service that stores everything in memory and has the two demo accounts. Each input gets a new
//! service. The service hashes passwords in almost no time.

use std::rc::Rc;

use edgegate::adapters::memory::{
    ManualClock, MemoryPorts, MemorySessions, MemoryUsers, NoLimits, SeededRandom,
};
use edgegate::domain::account::{
    Attempt, HashError, HashRefusal, Password, PasswordHash, Verification,
};
use edgegate::domain::session::Client;
use edgegate::domain::settings::Settings;
use edgegate::ports::PasswordHasher;
use edgegate::service::{AuthService, Login, Shared};
use sha2::Digest as _;

pub const PASSWORD: &str = "correct horse battery staple";
/// Every password hash of this service begins with this text. The text must not be in a note for
/// the log, and not in an answer except an export.
pub const HASH_START: &str = "sha256-of-a-test:";

/// Hashes passwords with SHA-256 instead of Argon2, which would take too long for fuzzing. (The
/// target `password_hash` tests how hashes of Argon2 are read.)
#[derive(Debug, Default)]
pub struct QuickHasher;

impl PasswordHasher for QuickHasher {
    async fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<PasswordHash, HashError> {
        Ok(hashed(password, &format!("{salt:02x?}")))
    }

    async fn verify(
        &self,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        let text = hash.as_str().strip_prefix(HASH_START);
        let (salt, _) = text
            .and_then(|text| text.split_once(':'))
            .ok_or(HashError::Malformed)?;
        Ok(if hashed(password, salt).as_str() == hash.as_str() {
            Verification::Matches { rehash: false }
        } else {
            Verification::Differs
        })
    }

    fn judge(&self, _hash: &PasswordHash) -> Result<(), HashRefusal> {
        Ok(())
    }

    async fn level_failure(&self, _attempt: &Attempt<'_>) {}

    async fn verify_nothing(&self, _: &Password, _: &[u8; 16]) {}
}

fn hashed(password: &Password, salt: &str) -> PasswordHash {
    let digest = sha2::Sha256::new()
        .chain_update(salt)
        .chain_update(password.as_bytes())
        .finalize();
    PasswordHash::new(format!("{HASH_START}{salt}:{digest:x}"))
}

pub type Service = AuthService<
    MemoryPorts<MemorySessions, ManualClock, SeededRandom, MemoryUsers, QuickHasher, NoLimits>,
>;

/// Valid settings with keys that are publicly known.
pub fn settings(issuer: &str) -> Settings {
    Settings::read(|name| Some(setting(name, issuer)?.to_owned())).unwrap()
}

fn setting<'a>(name: &str, issuer: &'a str) -> Option<&'a str> {
    Some(match name {
        "ISSUER" => issuer,
        "DEV" => "1",
        "REGISTRATION" => "open",
        "SIGNING_KEYS" => {
            r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#
        }
        "TICKET_SECRET" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "MAIL_PROVIDER" | "MAIL_FROM" => return None,
        _ => return None,
    })
}

/// A service with the two demo accounts.
pub fn service() -> Service {
    thread_local! {
        static SHARED: Rc<Shared> = Rc::new(Shared::new(settings("http://127.0.0.1:8787")));
    }
    let service = SHARED.with(|shared| AuthService::new(MemoryPorts::default(), Rc::clone(shared)));
    pollster::block_on(service.add_demo_accounts()).unwrap();
    service
}

/// The values of an account that replace the placeholders in an input. The fields have the names of
/// the placeholders.
pub struct Credentials {
    pub access: String,
    pub refresh: String,
    pub user: String,
    pub session: String,
}

/// Logs in to the account with this address.
pub fn log_in(service: &Service, email: &str) -> Credentials {
    let login = Login {
        email,
        password: PASSWORD,
    };
    let client = Client::new(Some("203.0.113.9"), Some("test/1"));
    let signed_in = pollster::block_on(service.generate_token(login, &client)).unwrap();
    Credentials {
        access: signed_in.tokens.access_token.expose().to_owned(),
        refresh: signed_in.tokens.refresh_token.expose().to_owned(),
        user: signed_in.user.id.to_string(),
        session: signed_in.tokens.session.to_string(),
    }
}

/// Replaces the placeholders in the input: `{access}`, `{refresh}`, `{user}` and `{session}` by the
/// values of the demo account Ada, and `{admin}` by an administrator's access token. Returns the
/// result, and the password and the tokens, which no note for the log may contain.
pub fn fill(service: &Service, text: &str) -> (String, Vec<String>) {
    let mut filled = text.to_owned();
    let mut secrets = vec![PASSWORD.to_owned()];
    if ["{access}", "{refresh}", "{user}", "{session}"]
        .iter()
        .any(|name| text.contains(name))
    {
        let ada = log_in(service, "ada@example.com");
        for (name, value) in [
            ("{access}", &ada.access),
            ("{refresh}", &ada.refresh),
            ("{user}", &ada.user),
            ("{session}", &ada.session),
        ] {
            filled = filled.replace(name, value);
        }
        secrets.extend([ada.access, ada.refresh]);
    }
    if text.contains("{admin}") {
        let root = log_in(service, "root@example.com");
        filled = filled.replace("{admin}", &root.access);
        secrets.extend([root.access, root.refresh]);
    }
    (filled, secrets)
}
