//! The languages of mails, and how the service chooses one from a browser's `Accept-Language`.

use crate::domain::policy::{ACCEPT_LANGUAGE_BYTES_READ, ACCEPT_LANGUAGE_RANGES_READ};

/// A language that mails are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Locale {
    /// English, `en`.
    #[default]
    English,
    /// German, `de`.
    German,
}

impl Locale {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The language tag (BCP 47). It is used in the HTML attribute `lang`, in jobs and in settings.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The language of a language tag. The tag may be in upper or lower case, and may contain a
    /// region, such as `de-AT`. `None` if the service has no mails in this language, or the text is
    /// not a language tag.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let mut subtags = tag.split('-');
        let primary = subtags.next()?;
        let well_formed = subtags.all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        Self::ALL
            .into_iter()
            .find(|locale| well_formed && primary.eq_ignore_ascii_case(locale.tag()))
    }

    /// The language that `Accept-Language` prefers (RFC 9110 section 12.5.4), or `default`.
    ///
    /// Only the first ten language ranges within the first 200 bytes are read. Ranges that are
    /// malformed or have a malformed weight are ignored. If several languages have the same weight,
    /// the first one wins. `*` matches all languages that the header does not name. Among them,
    /// `default` is preferred.
    #[must_use]
    pub fn negotiate(accept_language: Option<&str>, default: Self) -> Self {
        let ranges = within_bounds(accept_language.unwrap_or_default())
            .split(',')
            .take(ACCEPT_LANGUAGE_RANGES_READ)
            .filter_map(weighted);
        let any = ranges.clone().filter(|range| range.0 == "*");
        let any = any.map(|range| range.1).max().unwrap_or(0);
        let named = ranges.filter_map(|(range, weight)| Some((Self::parse(range)?, weight)));
        let weight_of = |locale| {
            let named = named.clone().filter(|range| range.0 == locale);
            named.map(|range| range.1).max().unwrap_or(any)
        };
        let candidates = named.clone().map(|range| range.0);
        let mut best = (0, default);
        for locale in candidates.chain([default]).chain(Self::ALL) {
            let weight = weight_of(locale);
            if weight > best.0 {
                best = (weight, locale);
            }
        }
        best.1
    }
}

/// The part of the header that is read: all ranges that are completely within the byte limit.
fn within_bounds(header: &str) -> &str {
    if header.len() <= ACCEPT_LANGUAGE_BYTES_READ {
        return header;
    }
    let end = header.floor_char_boundary(ACCEPT_LANGUAGE_BYTES_READ);
    header
        .get(..end)
        .and_then(|text| text.rsplit_once(','))
        .map_or("", |(whole, _)| whole)
}

/// A range and its weight in thousandths.
fn weighted(part: &str) -> Option<(&str, u16)> {
    let (range, weight) = part.split_once(';').unwrap_or((part, "q=1"));
    let (name, value) = weight.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    Some((range.trim(), thousandths(value.trim())?))
}

/// Reads a weight, a number from 0 to 1 with at most three decimals, and returns it in thousandths.
fn thousandths(value: &str) -> Option<u16> {
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = decimals
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(3)
        .fold(0u16, |sum, b| {
            sum.saturating_mul(10)
                .saturating_add(u16::from(b.wrapping_sub(b'0')))
        });
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::Locale::{self, English, German};

    /// A header, and the expected language when the default is English (`over_en`) or German
    /// (`over_de`).
    #[derive(Deserialize)]
    struct Vector {
        header: String,
        over_en: String,
        over_de: String,
    }

    #[test]
    fn the_preferred_language_is_chosen() {
        // src/edge/pages/language.mjs chooses the language of pages by the same rule. Its test,
        // tests/edge/language.test.mjs, uses the same file of vectors.
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../../tests/vectors/accept-language.json"))
                .unwrap();
        assert!(vectors.len() > 30);
        for vector in vectors {
            for (default, wanted) in [(English, &vector.over_en), (German, &vector.over_de)] {
                let chosen = Locale::negotiate(Some(&vector.header), default);
                assert_eq!(chosen.tag(), wanted, "{:?}", vector.header);
            }
        }
        assert_eq!(Locale::negotiate(None, German), German);
    }

    #[test]
    fn only_the_beginning_of_a_long_header_is_read() {
        let tenth = format!("{}de", "fr,".repeat(9));
        assert_eq!(Locale::negotiate(Some(&tenth), English), German);
        let eleventh = format!("{}de", "fr,".repeat(10));
        assert_eq!(Locale::negotiate(Some(&eleventh), English), English);

        // The limit of 200 bytes is within the last weight. The range with the incomplete weight is
        // ignored, and its weight is not read as 0.9.
        let cut = format!("{},en;q=0.5,de;q=0.99", "x".repeat(182));
        assert_eq!(cut.len(), 201);
        assert_eq!(Locale::negotiate(Some(&cut), German), English);
        // The limit is within a character.
        let within = format!("de,{}", "\u{1f600}".repeat(100));
        assert_eq!(Locale::negotiate(Some(&within), English), German);
        assert_eq!(
            Locale::negotiate(Some(&"d".repeat(100_000)), German),
            German
        );
    }

    #[test]
    fn every_tag_can_be_parsed_again() {
        for locale in Locale::ALL {
            assert_eq!(Locale::parse(locale.tag()), Some(locale));
        }
        for text in ["", "-", "fr", "de-", "de--AT", " de", "de;q=1", "*"] {
            assert_eq!(Locale::parse(text), None, "{text:?}");
        }
    }
}
