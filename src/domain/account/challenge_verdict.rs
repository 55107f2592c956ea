//! The answer of Cloudflare Turnstile's "siteverify" API, which checks whether a visitor has passed
//! a challenge. The HTTP status of the answer is 200 even if the check has failed. A failure can be
//! caused by a mistake of the operator, not only by the visitor. Cloudflare documents the API at
//! <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>.

use edgegate_token::json::Json;

/// Whether the visitor has passed the challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChallengeVerdict {
    /// The visitor has passed the challenge.
    Met,
    /// The visitor has not passed the challenge.
    NotMet,
    /// Turnstile did not check the visitor's token, for a reason that is not the visitor's fault.
    /// The text is written to the log and says what the operator can do.
    NotJudged(String),
}

/// The error codes for which the visitor is responsible: the token is missing, was not made by the
/// widget, has expired, or was used before.
const VISITORS: [&str; 3] = [
    "missing-input-response",
    "invalid-input-response",
    "timeout-or-duplicate",
];

/// Error codes whose cause the operator can remove. Each has a text that tells the operator how.
const REMEDIES: [(&str, &str); 3] = [
    (
        "missing-input-secret",
        "TURNSTILE_SECRET did not arrive: check TURNSTILE_URL",
    ),
    (
        "invalid-input-secret",
        "TURNSTILE_SECRET is not the secret key of a widget: copy it from the widget's settings in \
         the Cloudflare dashboard and store it with `npx wrangler secret put TURNSTILE_SECRET`",
    ),
    (
        "bad-request",
        "the request was not understood: check TURNSTILE_URL",
    ),
];

impl ChallengeVerdict {
    /// Reads an answer. `None` if it is not an answer of Turnstile.
    ///
    /// If at least one of the error codes is not the visitor's fault, the result is
    /// [`NotJudged`](Self::NotJudged), whatever the other codes are. For instance, if the
    /// operator's secret is wrong, Turnstile does not check the visitor's token at all. A failure
    /// without any error code is treated as the visitor's fault.
    ///
    /// ```
    /// use edgegate::domain::account::ChallengeVerdict;
    ///
    /// let read = ChallengeVerdict::read;
    /// assert_eq!(read(br#"{"success":true}"#), Some(ChallengeVerdict::Met));
    /// let used = br#"{"success":false,"error-codes":["timeout-or-duplicate"]}"#;
    /// assert_eq!(read(used), Some(ChallengeVerdict::NotMet));
    /// assert_eq!(read(b"<html>"), None);
    /// ```
    #[must_use]
    pub fn read(answer: &[u8]) -> Option<Self> {
        let answer = Json::read(answer).ok()?;
        let codes = match (answer.get("success")?, answer.get("error-codes")) {
            (Json::Bool(true), _) => return Some(Self::Met),
            (Json::Bool(false), None) => return Some(Self::NotMet),
            (Json::Bool(false), Some(codes)) => codes.clone().into_texts()?,
            _ => return None,
        };
        let ours = codes.iter().find(|code| !VISITORS.contains(&code.as_str()));
        Some(ours.map_or(Self::NotMet, |code| Self::NotJudged(remedy(code))))
    }
}

fn remedy(code: &str) -> String {
    let is_plain =
        (1..=40).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let code = if is_plain { code } else { "unknown" };
    let known = REMEDIES.iter().find(|(known, _)| *known == code);
    let text = known.map_or("if it stays so, ask Cloudflare", |(_, text)| text);
    format!("it answered {code}: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(codes: &str) -> Option<ChallengeVerdict> {
        let answer = format!(r#"{{"success":false,"error-codes":{codes},"messages":[]}}"#);
        ChallengeVerdict::read(answer.as_bytes())
    }

    #[test]
    fn only_the_visitors_own_errors_are_the_visitors() {
        for codes in [
            "[]",
            r#"["missing-input-response"]"#,
            r#"["invalid-input-response"]"#,
            r#"["timeout-or-duplicate"]"#,
            r#"["timeout-or-duplicate","invalid-input-response"]"#,
        ] {
            assert_eq!(read(codes), Some(ChallengeVerdict::NotMet), "{codes}");
        }
        for (codes, told) in [
            (r#"["missing-input-secret"]"#, "TURNSTILE_URL"),
            (r#"["invalid-input-secret"]"#, "wrangler secret put"),
            (r#"["bad-request"]"#, "TURNSTILE_URL"),
            (r#"["internal-error"]"#, "it answered internal-error"),
            (r#"["a-new-code"]"#, "it answered a-new-code"),
            (r#"["A code\nwith 2 lines"]"#, "it answered unknown"),
            (r#"[""]"#, "it answered unknown"),
            (
                r#"["invalid-input-response","invalid-input-secret"]"#,
                "wrangler secret put",
            ),
        ] {
            match read(codes) {
                Some(ChallengeVerdict::NotJudged(text)) => {
                    assert!(text.contains(told), "{codes}: {text}");
                }
                verdict => panic!("{codes}: {verdict:?}"),
            }
        }
    }

    #[test]
    fn what_is_not_an_answer_of_turnstile_is_none() {
        for answer in [
            "",
            "<html>",
            "{}",
            "null",
            r#"{"success":1}"#,
            r#"{"success":"false"}"#,
            r#"{"success":false,"error-codes":"invalid-input-response"}"#,
            r#"{"success":false,"error-codes":[1]}"#,
        ] {
            assert_eq!(ChallengeVerdict::read(answer.as_bytes()), None, "{answer}");
        }
    }
}
