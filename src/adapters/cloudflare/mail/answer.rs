//! A provider's answer, and what it means for the mail.

use edgegate_token::json::Json;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProviderAnswer {
    pub(super) status: u16,
    /// `Retry-After`, in seconds.
    pub(super) retry_after: Option<u64>,
    /// The body, truncated to the largest size that is read.
    pub(super) body: String,
    /// `X-Message-Id`, which only SendGrid sends.
    pub(super) message_id: Option<String>,
}

/// What an answer means. `Ok` means that the provider accepted the mail. It contains the provider's
/// own id of the mail, if the answer has one.
pub(super) type Judged = Result<Option<String>, Refusal>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Temporary,
    Account,
    Rejected,
    Undeliverable,
}

/// A refusal in the provider's own words. The words can still contain secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// After how many seconds to retry, if the provider says so in a header or in the text.
    pub(super) retry_after: Option<u64>,
}

impl ProviderAnswer {
    pub(super) fn refused<T>(&self, kind: Kind, text: &str) -> Result<T, Refusal> {
        Err(Refusal {
            kind,
            text: text.to_owned(),
            retry_after: self.retry_after,
        })
    }

    /// The result for an answer that differs from the provider's documented answer to an accepted
    /// mail. Probably another server or a proxy answered and the provider did not accept the mail,
    /// so the mail is retried. If the provider accepted it all the same, it arrives twice, with
    /// valid links in both copies. Two mails do less harm than a mail that never arrives.
    pub(super) fn not_understood<T>(&self) -> Result<T, Refusal> {
        self.refused(Kind::Temporary, "an answer that is not the provider's")
    }

    pub(super) fn json(&self) -> Option<Json> {
        Json::read(self.body.as_bytes()).ok()
    }

    /// The meaning of the status, if the body does not say more.
    ///
    /// Some failures are problems of the operator's account, which the operator can repair without
    /// changing the mail: a wrong key or a key that may not send yet (401, 403), an unpaid bill
    /// (402), a wrong `MAIL_API_URL` (404, 405, 407).
    pub(super) const fn kind(&self) -> Kind {
        match self.status {
            401..=405 | 407 => Kind::Account,
            408 | 409 | 421 | 425 | 429 => Kind::Temporary,
            400..=499 => Kind::Rejected,
            _ => Kind::Temporary,
        }
    }
}

/// A string member of a JSON object.
pub(super) fn text<'a>(value: &'a Json, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Json::as_str)
}

/// `Retry-After` in seconds. The header is a number of seconds or a date (RFC 9110 section 10.2.3).
/// `date` converts a date to milliseconds since 1970. `None` if the header is neither.
pub(super) fn retry_after(
    header: &str,
    now_ms: u64,
    date: impl Fn(&str) -> Option<u64>,
) -> Option<u64> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return header.parse().ok();
    }
    date(header).map(|then| then.saturating_sub(now_ms).div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_a_kind() {
        for (status, kind) in [
            (200, Kind::Temporary),
            (301, Kind::Temporary),
            (307, Kind::Temporary),
            (400, Kind::Rejected),
            (401, Kind::Account),
            (402, Kind::Account),
            (403, Kind::Account),
            (404, Kind::Account),
            (405, Kind::Account),
            (406, Kind::Rejected),
            (408, Kind::Temporary),
            (409, Kind::Temporary),
            (413, Kind::Rejected),
            (415, Kind::Rejected),
            (422, Kind::Rejected),
            (425, Kind::Temporary),
            (429, Kind::Temporary),
            (451, Kind::Rejected),
            (500, Kind::Temporary),
            (503, Kind::Temporary),
            (599, Kind::Temporary),
        ] {
            let answer = ProviderAnswer {
                status,
                retry_after: None,
                body: String::new(),
                message_id: None,
            };
            assert_eq!(answer.kind(), kind, "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = |text: &str| (text == "Tue, 24 Nov 2026 12:00:00 GMT").then_some(90_000);
        for (header, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Tue, 24 Nov 2026 12:00:00 GMT", Some(30)),
            ("99999999999999999999999", None),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(header, 60_001, date), expected, "{header}");
        }
        assert_eq!(
            retry_after("Tue, 24 Nov 2026 12:00:00 GMT", 99_000, date),
            Some(0)
        );
    }
}
