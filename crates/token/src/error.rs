//! Why a token was refused.

reasons! {
    /// Why a token was refused. There is one variant for each rule. The reason is for the log: a
    /// client learns only that its token is invalid (ASVS 16.5.1). No variant contains text of the
    /// token.
    pub enum TokenError {
        TooLong, "token_too_long", "the token is too long";
        BadCharacter, "bad_character", "the token has a character outside base64url and dot";
        NotThreeParts, "not_three_parts", "the token does not have exactly three parts";
        HeaderBase64, "header_base64", "the header is not canonical base64url";
        HeaderNotUtf8, "header_not_utf8", "the header is not utf-8";
        HeaderByteOrderMark, "header_byte_order_mark", "the header begins with a byte order mark";
        HeaderNotJson, "header_not_json", "the header is not json";
        HeaderNotObject, "header_not_object", "the header is not a json object";
        HeaderDuplicateMember, "header_duplicate_member", "the header has a member twice";
        HeaderTooDeep, "header_too_deep", "the header is nested too deeply";
        AlgMissing, "alg_missing", "the header has no alg";
        AlgNotString, "alg_not_string", "alg is not a string";
        AlgUnsupported, "alg_unsupported", "alg is not supported";
        Crit, "crit", "the header has crit, and no extension is understood";
        B64, "b64", "the header has b64, which a jwt must not use";
        EmbeddedKey, "embedded_key", "the header brings or points to a key";
        Cty, "cty", "the header has cty: nested tokens are not read";
        KidNotString, "kid_not_string", "kid is not a string";
        KidTooLong, "kid_too_long", "kid is too long";
        TypMissing, "typ_missing", "the header has no typ";
        TypNotString, "typ_not_string", "typ is not a string";
        TypWrong, "typ_wrong", "typ is not that of an access token";
        ClaimsBase64, "claims_base64", "the claims are not canonical base64url";
        SignatureBase64, "signature_base64", "the signature is not canonical base64url";
        KidMissing, "kid_missing", "the header has no kid, and there are several keys";
        KidUnknown, "kid_unknown", "no key has this kid";
        AlgNotTheKeys, "alg_not_the_keys", "alg is not the algorithm of the key";
        SignatureLength, "signature_length", "the signature does not have the algorithm's length";
        SignatureInvalid, "signature_invalid", "the signature does not match";
        ClaimsNotUtf8, "claims_not_utf8", "the claims are not utf-8";
        ClaimsByteOrderMark, "claims_byte_order_mark", "the claims begin with a byte order mark";
        ClaimsNotJson, "claims_not_json", "the claims are not json";
        ClaimsNotObject, "claims_not_object", "the claims are not a json object";
        ClaimsDuplicateMember, "claims_duplicate_member", "the claims have a member twice";
        ClaimsTooDeep, "claims_too_deep", "the claims are nested too deeply";
        IssMissing, "iss_missing", "iss is missing";
        IssNotString, "iss_not_string", "iss is not a string";
        IssEmpty, "iss_empty", "iss is empty";
        SubMissing, "sub_missing", "sub is missing";
        SubNotString, "sub_not_string", "sub is not a string";
        SubEmpty, "sub_empty", "sub is empty";
        AudMissing, "aud_missing", "aud is missing";
        AudNotStrings, "aud_not_strings", "aud is neither a string nor an array of strings";
        AudEmpty, "aud_empty", "aud names no audience, or an empty one";
        ClientIdMissing, "client_id_missing", "client_id is missing";
        ClientIdNotString, "client_id_not_string", "client_id is not a string";
        ClientIdEmpty, "client_id_empty", "client_id is empty";
        ExpMissing, "exp_missing", "exp is missing";
        ExpNotInteger, "exp_not_integer", "exp is not a non-negative integer";
        ExpTooLarge, "exp_too_large", "exp is beyond any real time";
        IatMissing, "iat_missing", "iat is missing";
        IatNotInteger, "iat_not_integer", "iat is not a non-negative integer";
        IatTooLarge, "iat_too_large", "iat is beyond any real time";
        NbfNotInteger, "nbf_not_integer", "nbf is not a non-negative integer";
        NbfTooLarge, "nbf_too_large", "nbf is beyond any real time";
        AuthTimeNotInteger, "auth_time_not_integer", "auth_time is not a non-negative integer";
        AuthTimeTooLarge, "auth_time_too_large", "auth_time is beyond any real time";
        JtiMissing, "jti_missing", "jti is missing";
        JtiNotString, "jti_not_string", "jti is not a string";
        JtiEmpty, "jti_empty", "jti is empty";
        SidMissing, "sid_missing", "sid is missing";
        SidNotString, "sid_not_string", "sid is not a string";
        SidEmpty, "sid_empty", "sid is empty";
        VerMissing, "ver_missing", "ver is missing";
        VerNotInteger, "ver_not_integer", "ver is not a non-negative integer";
        VerTooLarge, "ver_too_large", "ver is beyond 2^53 - 1";
        RolesNotStrings, "roles_not_strings", "roles is not an array of strings";
        RolesTooMany, "roles_too_many", "there are too many roles";
        RoleEmpty, "role_empty", "a role is empty";
        RoleTooLong, "role_too_long", "a role is too long";
        EmailNotString, "email_not_string", "email is not a string";
        EmailVerifiedNotBoolean, "email_verified_not_boolean", "email_verified is not true or false";
        ScopeNotString, "scope_not_string", "scope is not a string";
        SignOnNotString, "sign_on_not_string", "sign_on is not a string";
        SignOnEmpty, "sign_on_empty", "sign_on is empty";
        ExpNotAfterIat, "exp_not_after_iat", "exp is not after iat";
        LifeTooLong, "life_too_long", "the time between iat and exp is too long";
        IssWrong, "iss_wrong", "iss is not the expected issuer";
        AudWrong, "aud_wrong", "aud does not name the expected audience";
        ClientIdWrong, "client_id_wrong", "client_id is not the expected client";
        ScopePresent, "scope_present", "the token has a scope, so it is another app's";
        Expired, "expired", "the token has expired";
        IatInFuture, "iat_in_future", "iat is too far ahead";
        NbfInFuture, "nbf_in_future", "nbf is too far ahead";
    }
}

#[cfg(test)]
mod tests {
    use super::TokenError;
    use std::collections::BTreeSet;

    #[test]
    fn reasons_are_unique_and_snake_case_and_texts_lower_case() {
        let codes: BTreeSet<_> = TokenError::ALL.iter().map(TokenError::reason).collect();
        assert_eq!(codes.len(), TokenError::ALL.len());
        for error in TokenError::ALL {
            let code = error.reason();
            assert!(
                code.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{code}"
            );
            let text = error.to_string();
            assert_eq!(text, text.to_lowercase());
        }
    }
}
