//! What an app learns about the user: the claims of id_tokens and of `/auth/userinfo` (OpenID
//! Connect Core sections 2, 5.1 and 5.4).

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;
use subtle::ConstantTimeEq as _;

use super::client::{AppClient, ClientId, IdTokenAlg};
use super::id_token_keys::{IdTokenKeys, RsaSigningKey};
use super::scope::{Scope, Scopes};
use crate::domain::account::{Name, User, UserId};
use crate::domain::json;
use crate::domain::policy::{FUTURE_SKEW_SECONDS, ID_TOKEN_MAX_BYTES, MAX_SESSION_TTL};
use crate::domain::session::{Methods, Proof, SessionId};
use edgegate_token::json::Json;

/// The `typ` of id_tokens. Access tokens have a different `typ`, so an id_token is never accepted
/// as an access token, nor an access token as an id_token.
pub const ID_TOKEN_TYP: &str = "JWT";

/// The value of the claim `acr`. It means that the user was authenticated with one factor. The
/// service has no other authentication context class.
pub const ACR: &str = "aal1";

/// The claims that `/auth/userinfo` returns. The app's scopes decide which claims are present. The
/// type does not implement `Debug`, because the claims are personal data.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct UserinfoClaims {
    /// The user's id.
    pub sub: String,
    /// Only with the scope `profile`: the given name and the family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only with the scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Only with the scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// With the scope `profile`: when the account was last changed, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<u64>,
    /// Only with the scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Only with the scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// Only for the operator's own apps (first party).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
}

/// The claims about the user that this app may get with these scopes.
#[must_use]
pub fn userinfo_claims(user: &User, scopes: &Scopes, client: &AppClient) -> UserinfoClaims {
    let has_profile = scopes.contains(Scope::PROFILE);
    let has_email = scopes.contains(Scope::EMAIL);
    let text = |name: &Option<Name>| name.as_ref().map(|name| name.as_str().to_owned());
    let (given_name, family_name) = (text(&user.first_name), text(&user.last_name));
    let name = [&given_name, &family_name]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ");
    UserinfoClaims {
        sub: user.id.to_string(),
        name: (has_profile && !name.is_empty()).then_some(name),
        given_name: given_name.filter(|_| has_profile),
        family_name: family_name.filter(|_| has_profile),
        updated_at: has_profile.then_some(user.updated_at),
        // This is the canonical form of the address, as in access tokens.
        email: has_email.then(|| user.email.canonical().to_owned()),
        email_verified: has_email.then(|| user.email_verified_at.is_some()),
        roles: client.first_party.then(|| user.roles.to_vec()),
    }
}

/// What an id_token says in addition to the claims about the user.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenFacts<'a> {
    /// The setting `ISSUER`.
    pub issuer: &'a str,
    /// The app's session. The access tokens of the app contain the id of the same session.
    pub session: SessionId,
    /// When and how the user proved who they are.
    pub proof: Proof,
    /// The `nonce` of the authorization request. `None` when tokens are renewed (OpenID Connect
    /// Core section 12.2).
    pub nonce: Option<&'a str>,
    /// The current time, in seconds since 1970.
    pub now: u64,
    /// How long the id_token is valid, in seconds.
    pub ttl: u64,
}

/// The claims of an id_token. There is no claim `at_hash`, which would connect the id_token with
/// the access token. This is not needed, because the token endpoint returns both tokens in one
/// answer.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The client's id.
    pub aud: String,
    /// When the id_token expires, in seconds since 1970. From this second on, it is not valid.
    pub exp: u64,
    /// When the id_token was issued, in seconds since 1970.
    pub iat: u64,
    /// When the user last proved who they are, in seconds since 1970.
    pub auth_time: u64,
    /// The `nonce` of the authorization request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Always `aal1`.
    pub acr: &'static str,
    /// How the user proved who they are (RFC 8176).
    pub amr: Vec<&'static str>,
    /// The app's session.
    pub sid: String,
    /// `sub`, and the other claims about the user that the scopes allow. The id_token contains them
    /// in addition to the answer of `/auth/userinfo`, because many libraries never call
    /// `/auth/userinfo`.
    #[serde(flatten)]
    pub user: UserinfoClaims,
}

/// The claims of an id_token about this user for this app.
#[must_use]
pub fn id_token_claims(
    user: &User,
    scopes: &Scopes,
    client: &AppClient,
    facts: &IdTokenFacts<'_>,
) -> IdTokenClaims {
    IdTokenClaims {
        iss: facts.issuer.to_owned(),
        aud: client.id.as_str().to_owned(),
        exp: facts.now.saturating_add(facts.ttl),
        iat: facts.now,
        auth_time: facts.proof.auth_time,
        nonce: facts.nonce.map(str::to_owned),
        acr: ACR,
        amr: methods(facts.proof.methods),
        sid: facts.session.to_string(),
        user: userinfo_claims(user, scopes, client),
    }
}

fn methods(methods: Methods) -> Vec<&'static str> {
    let knows = methods.to_bits() & Methods::PASSWORD.to_bits() != 0;
    knows.then_some("pwd").into_iter().collect()
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    typ: &'static str,
}

/// The part of an id_token that is signed: the encoded header and claims (RFC 7515 section 5.1). If
/// the key is an RSA key, the platform computes the signature, and the caller passes this text to
/// the platform.
#[must_use]
pub fn signing_input(alg: IdTokenAlg, kid: &str, claims: &IdTokenClaims) -> String {
    let header = Header {
        alg: alg.as_str(),
        kid,
        typ: ID_TOKEN_TYP,
    };
    let part = |json: String| Base64UrlUnpadded::encode_string(json.as_bytes());
    format!(
        "{}.{}",
        part(json::encode(&header)),
        part(json::encode(claims))
    )
}

/// The complete token: the signed text, followed by its signature.
#[must_use]
pub fn with_signature(signing_input: &str, signature: &[u8]) -> String {
    format!(
        "{signing_input}.{}",
        Base64UrlUnpadded::encode_string(signature)
    )
}

/// The content of an `id_token_hint` (OpenID Connect RP-Initiated Logout section 2). The hint is an
/// id_token that an app received earlier. The id_token might have expired long ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenHint {
    /// The user whom the token describes.
    pub user: UserId,
    /// The app that got the token.
    pub client: ClientId,
}

impl IdTokenHint {
    /// Reads the hint from the claims of an id_token. The caller must have verified the token's
    /// signature, for instance with [`edgegate_token::read_signed`]. Returns `None` if another
    /// issuer made the token, or if the token says that it was issued in the future. Also returns
    /// `None` if the token is older than [`MAX_SESSION_TTL`], because no session from that time can
    /// still be active.
    #[must_use]
    pub fn of(claims: &Json, issuer: &str, now: u64) -> Option<Self> {
        let text = |name| claims.get(name).and_then(Json::as_str);
        let issued_at = claims.get("iat").and_then(Json::as_u64)?;
        let is_of_our_time = issued_at <= now.saturating_add(FUTURE_SKEW_SECONDS)
            && now < issued_at.saturating_add(MAX_SESSION_TTL);
        if text("iss") != Some(issuer) || !is_of_our_time {
            return None;
        }
        Some(Self {
            user: UserId::parse(text("sub")?)?,
            client: ClientId::parse(text("aud")?)?,
        })
    }
}

/// An id_token whose header names an RSA key of this deployment. Its signature has not been
/// verified yet.
///
/// RS256 signatures are deterministic (RFC 8017 section 8.2). So the service verifies a signature
/// by computing it again: the caller signs [`signing_input`](Self::signing_input) and passes the
/// result to [`claims`](Self::claims). This type does not implement `Debug`, because an id_token
/// contains personal data.
#[derive(Clone)]
pub struct RsaSigned<'a> {
    /// The key that the token's header names.
    pub key: &'a RsaSigningKey,
    /// The part of the token that the signature covers.
    pub signing_input: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> RsaSigned<'a> {
    /// Reads a token. Returns `None` unless its header has the algorithm `RS256`, the `typ` of
    /// id_tokens, and the id of one of these keys.
    #[must_use]
    pub fn read(token: &'a str, keys: &'a IdTokenKeys) -> Option<Self> {
        if token.len() > ID_TOKEN_MAX_BYTES {
            return None;
        }
        let (signing_input, signature) = token.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        let decode = |part| Base64UrlUnpadded::decode_vec(part).ok();
        let header = Json::read(&decode(header)?).ok()?;
        let text = |name| header.get(name).and_then(Json::as_str);
        let is_ours = text("alg") == Some(IdTokenAlg::Rs256.as_str())
            && text("typ") == Some(ID_TOKEN_TYP)
            && header.get("crit").is_none();
        let kid = text("kid").filter(|_| is_ours)?;
        Some(Self {
            key: keys.iter().find(|key| key.kid() == kid)?,
            signing_input,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The claims of the token. The caller has computed `signature` from the signing input with
    /// [`key`](Self::key). Returns `None` unless the signature in the token is equal to it.
    #[must_use]
    pub fn claims(&self, signature: &[u8]) -> Option<Json> {
        let is_same = bool::from(self.signature.ct_eq(signature));
        (!signature.is_empty() && is_same)
            .then(|| Json::read(&self.payload).ok())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ISSUER, NOW, client, scopes, signed_on, user};
    use super::*;
    use edgegate_token::{KeySet, read_signed, sign};

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;

    fn facts(nonce: Option<&str>) -> IdTokenFacts<'_> {
        IdTokenFacts {
            issuer: ISSUER,
            session: signed_on().session,
            proof: Proof::by_password(NOW - 5),
            nonce,
            now: NOW,
            ttl: 600,
        }
    }

    #[test]
    fn claims_come_with_their_scopes() {
        let names = |list: &str, client: &AppClient| {
            json::encode(&userinfo_claims(&user(), &scopes(list), client))
        };
        let sub = format!(r#"{{"sub":"{}""#, user().id);
        assert_eq!(names("openid", &client()), format!("{sub}}}"));
        assert_eq!(
            names("openid profile", &client()),
            format!(
                r#"{sub},"name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace","updated_at":1764000001}}"#
            )
        );
        assert_eq!(
            names("openid email", &client()),
            format!(r#"{sub},"email":"ada@example.com","email_verified":true}}"#)
        );
        let ours = AppClient {
            first_party: true,
            ..client()
        };
        assert_eq!(
            names("openid", &ours),
            format!(r#"{sub},"roles":["user"]}}"#)
        );
        let nameless = User {
            first_name: None,
            last_name: None,
            ..user()
        };
        let claims = userinfo_claims(&nameless, &scopes("openid profile"), &client());
        assert_eq!((claims.name, claims.given_name), (None, None));
    }

    #[test]
    fn an_id_token_says_who_when_and_how() {
        let claims = id_token_claims(&user(), &scopes("openid"), &client(), &facts(Some("n")));
        let sid = signed_on().session;
        let sub = user().id;
        let expected = format!(
            r#"{{"iss":"{ISSUER}","aud":"app","exp":1764000600,"iat":1764000000,"auth_time":1763999995,"nonce":"n","acr":"aal1","amr":["pwd"],"sid":"{sid}","sub":"{sub}"}}"#
        );
        assert_eq!(json::encode(&claims), expected);
        let renewed = id_token_claims(&user(), &scopes("openid"), &client(), &facts(None));
        assert!(!json::encode(&renewed).contains("nonce"));
        let unknown = IdTokenFacts {
            proof: Proof {
                auth_time: NOW,
                methods: Methods::from_bits(0),
            },
            ..facts(None)
        };
        let claims = id_token_claims(&user(), &scopes("openid"), &client(), &unknown);
        assert!(
            claims.amr.is_empty(),
            "no method is claimed that nobody proved"
        );
    }

    #[test]
    fn a_signed_id_token_is_a_hint_later_and_never_an_access_token() {
        let keys = KeySet::from_private_jwks(KEYS).unwrap();
        let claims = id_token_claims(&user(), &scopes("openid email"), &client(), &facts(None));
        let token = sign(&keys, ID_TOKEN_TYP, &claims).unwrap();
        let read = read_signed(&token, ID_TOKEN_TYP, &keys).unwrap();
        let hint = IdTokenHint::of(&read, ISSUER, NOW).unwrap();
        assert_eq!(hint.user, user().id);
        assert_eq!(hint.client, client().id);
        assert_eq!(IdTokenHint::of(&read, "https://other.example", NOW), None);
        let last = NOW + MAX_SESSION_TTL - 1;
        for (now, is_hint) in [
            (NOW - 61, false),
            (NOW - 60, true),
            (last, true),
            (last + 1, false),
        ] {
            assert_eq!(
                IdTokenHint::of(&read, ISSUER, now).is_some(),
                is_hint,
                "{now}"
            );
        }
        let expected = edgegate_token::Expected::new(ISSUER, "app");
        let taken = edgegate_token::verify(&token, &keys, &expected, NOW);
        assert_eq!(taken.err(), Some(edgegate_token::TokenError::TypWrong));
        assert!(sign(&keys, "at+jwt", &claims).is_err());
    }

    #[test]
    fn a_token_of_an_rsa_key_is_signed_again_to_be_verified() {
        let keys = IdTokenKeys::parse(&super::super::id_token_keys::sample("rsa")).unwrap();
        let claims = id_token_claims(&user(), &scopes("openid"), &client(), &facts(None));
        let input = signing_input(IdTokenAlg::Rs256, "rsa", &claims);
        let token = with_signature(&input, b"signature");
        let signed = RsaSigned::read(&token, &keys).unwrap();
        assert_eq!(signed.signing_input, input);
        assert_eq!(signed.key.kid(), "rsa");
        assert!(signed.claims(b"other").is_none() && signed.claims(b"").is_none());
        let read = signed.claims(b"signature").unwrap();
        assert!(IdTokenHint::of(&read, ISSUER, NOW).is_some());
        for (token, why) in [
            (
                with_signature(&signing_input(IdTokenAlg::EdDsa, "rsa", &claims), b"s"),
                "alg",
            ),
            (
                with_signature(&signing_input(IdTokenAlg::Rs256, "other", &claims), b"s"),
                "kid",
            ),
            (format!("{input}.="), "base64"),
            ("a.b".to_owned(), "form"),
            ("a".repeat(9000), "length"),
        ] {
            assert!(RsaSigned::read(&token, &keys).is_none(), "{why}");
        }
        let unsigned = format!("{input}.");
        let signed = RsaSigned::read(&unsigned, &keys).unwrap();
        assert!(signed.claims(b"").is_none(), "no signature is no signature");
    }

    #[test]
    fn a_token_of_the_largest_size_is_read() {
        let keys = IdTokenKeys::parse(&super::super::id_token_keys::sample("rsa")).unwrap();
        let claims = id_token_claims(&user(), &scopes("openid"), &client(), &facts(None));
        let input = signing_input(IdTokenAlg::Rs256, "rsa", &claims);
        let (header, _) = input.split_once('.').unwrap();
        let start = format!("{header}.AAAA.");
        let token = |length: usize| format!("{start}{}", "A".repeat(length - start.len()));
        assert!(RsaSigned::read(&token(ID_TOKEN_MAX_BYTES), &keys).is_some());
        assert!(RsaSigned::read(&token(ID_TOKEN_MAX_BYTES + 1), &keys).is_none());
    }
}
