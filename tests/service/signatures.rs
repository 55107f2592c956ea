//! The platform verifies the signature of an access token. If the platform gives no answer,
//! edgegate-token verifies it.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgegate::adapters::memory::PlatformAnswer;
use edgegate::domain::error::{AccessRefusal, Error};
use edgegate_token::TokenError;

use crate::fixture::{ADA, on_both};

/// A key made for these tests. The example keys of RFCs can't be used, because the service rejects
/// them.
const ES256: (&str, &str) = (
    "SIGNING_KEYS",
    r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"es","x":"Dbb9TTP7gx-OxeQDXHV6b95lhvv-8aK2flJpSVZB7Q0","y":"xCPG325dnJEFGUoNE9FB0pb9UjPPhRgEcsXi_x8lQ54","d":"LOHISjiiYCpTdMHlfaZAnPxZjV01fRnxpAFsqb2x_Rw"}]}"#,
);

/// The token, with its signature replaced by these bytes.
fn with_signature(token: &str, bytes: &[u8]) -> String {
    let (input, _) = token.rsplit_once('.').unwrap();
    format!("{input}.{}", Base64UrlUnpadded::encode_string(bytes))
}

fn refused(why: TokenError) -> Error {
    Error::Access(AccessRefusal::Token(why))
}

macro_rules! by_the_platform {
    ($($algorithm:ident: $changes:expr),*) => { $(mod $algorithm {
        use super::*;

        on_both!(the_platform_verifies_a_new_token_once_and_nobody_a_token_seen_before, $changes, world => {
            let (service, signatures) = (&world.service, &world.service.ports().signatures);
            signatures.answer.set(PlatformAnswer::True);
            let token = world.log_in(ADA).tokens.access_token;
            for _ in 0..3 {
                assert!(service.is_authorized_by_role(token.expose(), &["user"]).await);
                assert!(service.me(token.expose()).await.is_ok());
                assert!(service.list_sessions(token.expose()).await.is_ok());
            }
            assert_eq!(signatures.asked.get(), 1);
            let other = world.log_in(ADA).tokens.access_token;
            assert!(service.list_sessions(other.expose()).await.is_ok());
            assert_eq!(signatures.asked.get(), 2);
        });

        on_both!(what_the_platform_refuses_is_refused_and_not_remembered, $changes, world => {
            let (service, signatures) = (&world.service, &world.service.ports().signatures);
            signatures.answer.set(PlatformAnswer::Always(false));
            let token = world.log_in(ADA).tokens.access_token;
            let answer = service.bearer(token.expose()).await.map(drop);
            assert_eq!(answer, Err(refused(TokenError::SignatureInvalid)));
            signatures.answer.set(PlatformAnswer::True);
            assert!(service.bearer(token.expose()).await.is_ok());
            assert_eq!(signatures.asked.get(), 2);
        });

        on_both!(when_the_platform_cannot_tell_the_signature_is_verified_here, $changes, world => {
            let (service, signatures) = (&world.service, &world.service.ports().signatures);
            signatures.answer.set(PlatformAnswer::Unknown);
            let token = world.log_in(ADA).tokens.access_token;
            assert!(service.bearer(token.expose()).await.is_ok());
            let forged = with_signature(token.expose(), &[0x01; 64]);
            let answer = service.bearer(&forged).await.map(drop);
            assert_eq!(answer, Err(refused(TokenError::SignatureInvalid)));
            assert_eq!(signatures.asked.get(), 2);
        });

        // Malformed signatures that some platforms accept by mistake (RFC 8032 section 5.1.7, FIPS
        // 186-5 section 6.4.2).
        on_both!(the_form_of_a_signature_is_judged_before_the_platform_is_asked, $changes, world => {
            let (service, signatures) = (&world.service, &world.service.ports().signatures);
            signatures.answer.set(PlatformAnswer::Always(true));
            let token = world.log_in(ADA).tokens.access_token;
            for (bytes, why) in [
                (vec![0; 64], TokenError::SignatureInvalid),
                (vec![0xff; 64], TokenError::SignatureInvalid),
                ([[0; 32], [0x11; 32]].concat(), TokenError::SignatureInvalid),
                ([[0x11; 32], [0xff; 32]].concat(), TokenError::SignatureInvalid),
                (vec![0x11; 63], TokenError::SignatureLength),
                (vec![0x11; 65], TokenError::SignatureLength),
                (vec![], TokenError::SignatureLength),
            ] {
                let changed = with_signature(token.expose(), &bytes);
                assert_eq!(service.bearer(&changed).await.map(drop), Err(refused(why)), "{bytes:?}");
            }
            assert_eq!(signatures.asked.get(), 0);
        });

        on_both!(the_claims_are_judged_whoever_has_verified_the_signature, $changes, world => {
            let (service, signatures) = (&world.service, &world.service.ports().signatures);
            let token = world.log_in(ADA).tokens.access_token;
            world.clock.advance(600);
            for answer in [PlatformAnswer::True, PlatformAnswer::Unknown] {
                signatures.answer.set(answer);
                let answer = service.bearer(token.expose()).await.map(drop);
                assert_eq!(answer, Err(refused(TokenError::Expired)));
            }
        });
    })* };
}

by_the_platform!(eddsa: &[], es256: &[ES256]);
