//! The cases that are measured in native code. Each case runs one step of a request, with input
//! that is prepared beforehand. `benches/micro.rs` measures the time of the cases.
//! `src/bin/instructions.rs` runs one case while callgrind counts its instructions.
//!
//! All input is made from constants, and signing is deterministic. So each run does the same work.

use std::error::Error;
use std::hint::black_box;
use std::rc::Rc;

use edgegate::domain::account::UserId;
use edgegate::domain::policy::{
    REFRESH_GRACE, ROTATE_AFTER, SESSION_IDLE_TTL, SESSION_TTL, VERIFIED_TOKENS_MAX,
};
use edgegate::domain::session::{
    ClientFingerprint, Consistency, Fingerprints, Presented, Proof, Record, RefreshTicket,
    RefreshTokens, Reuse, Rules, SessionId, Standing, Stored, Use, Verdict, rotate,
};
use edgegate::domain::ticket::TicketSecrets;
use edgegate::domain::verified_tokens::{Reader, VerifiedTokens};
use edgegate_token::json::Json;
use edgegate_token::{
    Claims, Expected, KeySet, UntrustedToken, VerifiedToken, has_any_role, issue, verify,
};

/// One call of a case. It returns false if it did not do what the case's name says. Without this
/// check, code that wrongly rejects the input would look fast, because rejecting takes few
/// instructions.
pub type Call = Box<dyn FnMut() -> bool>;

/// A step of a request, with its input.
pub struct Case {
    /// The case's name in `bench/instructions.json` and in criterion's report.
    pub name: &'static str,
    prepare: fn() -> Prepared,
}

type Prepared = Result<Call, Box<dyn Error>>;

impl Case {
    /// Makes the input, and returns the call to measure.
    ///
    /// # Errors
    /// If the rules of the service have changed so that they reject the input.
    pub fn prepare(&self) -> Prepared {
        (self.prepare)()
    }
}

/// All cases.
pub const CASES: [Case; 13] = [
    case("parse-token", parse_token),
    case("verify-eddsa", || verify_with(EDDSA)),
    case("verify-es256", || verify_with(ES256)),
    case("verify-hs256", || verify_with(HS256)),
    case("token-seen-before", token_seen_before),
    case("issue-eddsa", issue_eddsa),
    case("open-refresh-token", open_refresh_token),
    case("seal-next-refresh-token", seal_next_refresh_token),
    case("rotate-fresh", || rotation(600, 5, is_fresh)),
    case("rotate-kept", || rotation(10, 5, is_kept)),
    case("rotate-reused", || rotation(600, 3, is_reused)),
    case("read-json-body", read_json_body),
    case("has-any-role", check_roles),
];

const fn case(name: &'static str, prepare: fn() -> Prepared) -> Case {
    Case { name, prepare }
}

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://auth.example.com";
const AUDIENCE: &str = "https://api.example.com";

// These keys are examples in RFC 8037 A.1, RFC 7515 A.3 and RFC 7515 A.1. Everybody knows them, so
// a Worker does not start with them.
const EDDSA: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026-01","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}"#;
const ES256: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"2026-02","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}]}"#;
const HS256: &str = r#"{"keys":[{"kty":"oct","kid":"2026-03","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}"#;
/// The same secret as the key in `HS256`.
const TICKET_SECRET: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// The claims of a user with an email address and three roles.
fn claims(jti: &str) -> Claims {
    Claims {
        iss: ISSUER.into(),
        sub: "0198c2f4-7b1e-7c3a-9d55-1f0a6f2f8b11".into(),
        aud: AUDIENCE.into(),
        client_id: "edgegate".into(),
        exp: NOW + 600,
        iat: NOW,
        nbf: None,
        auth_time: Some(NOW),
        jti: jti.into(),
        sid: "0198c2f4-7fff-7000-8000-000000000002".into(),
        ver: 3,
        roles: ["author", "support", "user"].map(String::from).into(),
        email: Some("ada@example.com".into()),
        email_verified: true,
        scope: None,
        sign_on: None,
    }
}

fn token(keys: &KeySet, number: usize) -> Result<String, Box<dyn Error>> {
    let jti = format!("0198c2f4-8000-7000-8000-{number:012}");
    Ok(issue(keys, &claims(&jti))?)
}

fn verified(keys: &KeySet, token: &str) -> Result<VerifiedToken, Box<dyn Error>> {
    Ok(verify(token, keys, &Expected::new(ISSUER, AUDIENCE), NOW)?)
}

fn parse_token() -> Prepared {
    let token = token(&KeySet::from_private_jwks(EDDSA)?, 1)?;
    Ok(Box::new(move || {
        black_box(UntrustedToken::parse(black_box(&token))).is_ok()
    }))
}

fn verify_with(keys: &str) -> Prepared {
    let keys = KeySet::from_private_jwks(keys)?;
    let token = token(&keys, 1)?;
    let expected = Expected::new(ISSUER, AUDIENCE);
    Ok(Box::new(move || {
        black_box(verify(black_box(&token), &keys, &expected, black_box(NOW))).is_ok()
    }))
}

/// Looks up one token after another in the memory of verified tokens, which is full. The memory is
/// a hash map, in which collisions make some lookups slower. So all tokens are looked up in turn.
fn token_seen_before() -> Prepared {
    // The tokens have HS256 signatures, because these take the least time to make.
    let keys = KeySet::from_private_jwks(HS256)?;
    let mut memory = VerifiedTokens::default();
    let mut texts = Vec::new();
    for number in 0..VERIFIED_TOKENS_MAX {
        let text = token(&keys, number)?;
        memory.insert(
            &text,
            Reader::Account,
            Rc::new(verified(&keys, &text)?),
            NOW,
        );
        texts.push(text);
    }
    let mut next = (0..texts.len()).cycle();
    Ok(Box::new(move || {
        let text = next.next().and_then(|index| texts.get(index));
        text.is_some_and(|text| {
            black_box(memory.get(black_box(text), Reader::Account, black_box(NOW))).is_some()
        })
    }))
}

fn issue_eddsa() -> Prepared {
    let keys = KeySet::from_private_jwks(EDDSA)?;
    let claims = claims("0198c2f4-8000-7000-8000-000000000001");
    Ok(Box::new(move || {
        black_box(issue(&keys, black_box(&claims))).is_ok()
    }))
}

const BEGUN: u64 = NOW - 86_400;
const COUNTER: u32 = 5;

fn ticket(counter: u32) -> RefreshTicket {
    RefreshTicket {
        user: UserId::new(BEGUN * 1000, &[1; 10]),
        session: SessionId::new(BEGUN * 1000, &[2; 10]),
        epoch: 3,
        counter,
        expires_at: BEGUN + SESSION_TTL,
        proof: Proof::by_password(BEGUN),
        sign_on: None,
    }
}

fn refresh_tokens() -> Result<RefreshTokens, Box<dyn Error>> {
    let secrets = TicketSecrets::parse(TICKET_SECRET)?;
    Ok(RefreshTokens::new(&secrets, ISSUER))
}

fn open_refresh_token() -> Prepared {
    let tokens = refresh_tokens()?;
    let sealed = tokens.seal(ticket(COUNTER));
    Ok(Box::new(move || {
        black_box(tokens.open(black_box(sealed.expose()))).is_some()
    }))
}

fn seal_next_refresh_token() -> Prepared {
    let tokens = refresh_tokens()?;
    let ticket = ticket(COUNTER);
    Ok(Box::new(move || {
        let next = black_box(ticket).successor();
        black_box(next.map(|next| tokens.seal(next))).is_some()
    }))
}

/// Judges a refresh token with the counter `counter`. The stored record says that the token with
/// the counter `COUNTER - 1` was used `ago` seconds ago.
fn rotation(ago: u64, counter: u32, is_expected: fn(Verdict) -> bool) -> Prepared {
    let owner = ClientFingerprint([1; 4]);
    let stored = Stored {
        record: Some(Record {
            used: Some(Use {
                counter: COUNTER - 1,
                first_at: NOW.saturating_sub(ago),
                by: Some(owner),
            }),
            proof: None,
        }),
        ended: false,
    };
    let presented = Presented {
        ticket: ticket(counter),
        by: Some(Fingerprints::only(owner)),
        now: NOW,
        app: None,
    };
    let standing = Some(Standing {
        epoch: 3,
        disabled: false,
    });
    let rules = Rules {
        grace: REFRESH_GRACE,
        rotate_after: ROTATE_AFTER,
        reuse: Reuse::SameClient,
        session_ttl: SESSION_TTL,
        idle_ttl: SESSION_IDLE_TTL,
    };
    Ok(Box::new(move || {
        is_expected(black_box(rotate(
            black_box(&stored),
            black_box(standing),
            black_box(&presented),
            black_box(&rules),
            black_box(Consistency::Eventual),
        )))
    }))
}

fn is_fresh(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fresh(_))
}

fn is_kept(verdict: Verdict) -> bool {
    verdict == Verdict::Kept
}

fn is_reused(verdict: Verdict) -> bool {
    verdict == Verdict::Reused
}

/// Reads the JSON body of a login request.
fn read_json_body() -> Prepared {
    let body = r#"{"email":"ada@example.com","password":"correct horse battery staple"}"#;
    Ok(Box::new(move || {
        black_box(Json::read(black_box(body.as_bytes()))).is_ok()
    }))
}

/// Checks roles in a way that takes the most comparisons: the token has three roles, two roles are
/// required, and only the last of the token's roles matches, with the second required role.
fn check_roles() -> Prepared {
    let keys = KeySet::from_private_jwks(HS256)?;
    let token = verified(&keys, &token(&keys, 1)?)?;
    Ok(Box::new(move || {
        has_any_role(black_box(&token), black_box(&["admin", "user"]))
    }))
}
