//! The languages of mails, and how a browser asks for one.

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
    const ALL: [Self; 2] = [Self::English, Self::German];

    /// The language tag (BCP 47), for the attribute `lang`, for jobs and for settings.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The language of a tag in any case, also with a region such as `de-AT`. `None` if mails are
    /// not written in it, or the text is not a tag.
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
    /// Only the first ten ranges within the first 200 bytes are read, and malformed ranges and
    /// weights are ignored. Of languages with the same weight the first wins. `*` means `default`
    /// first, then the other languages.
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

/// The part of the header that is read: whole ranges within the byte limit.
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

/// A weight: 0 to 1 with at most three decimals.
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
    use super::Locale::{self, English, German};

    #[test]
    fn the_preferred_language_is_chosen() {
        for (header, wanted_over_english, wanted_over_german) in [
            ("de", German, German),
            ("en", English, English),
            ("DE-at", German, German),
            ("de-Latn-DE-1996", German, German),
            ("en-US,en;q=0.5", English, English),
            (
                "fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5",
                English,
                English,
            ),
            ("en;q=0.2, de;q=0.3", German, German),
            ("en;q=0.899,de;q=0.9", German, German),
            ("de;q=0.5, en;q=0.5", German, German),
            ("en;q=0.5, de;q=0.5", English, English),
            ("de ; q = 0.4 , en ; Q=0.3", German, German),
            ("en;q=1.000,de;q=0.999", English, English),
            ("de-AT;q=0, de", German, German),
            // No language that we write in, or none at all: the default.
            ("", English, German),
            ("*", English, German),
            ("fr", English, German),
            ("deu, den, d, e", English, German),
            ("de;q=0, en;q=0", English, German),
            // `*` means every language that is not named, the default first.
            ("*, en;q=0.5", German, German),
            ("*;q=0.5, de;q=0.4", English, English),
            ("*;q=0.1, de", German, German),
            ("de;q=0, *", English, English),
            ("en;q=0, *;q=0.3", German, German),
            ("en, de;q=0.9, *", English, English),
            // Malformed ranges are ignored.
            ("de;q=2, en;q=0.1", English, English),
            ("de;q=1.001, en;q=0.1", English, English),
            ("de;q=0.1234, en;q=0.1", English, English),
            ("de;q=-1, en;q=0.1", English, English),
            ("de;q=.5, en;q=0.1", English, English),
            ("de;q=, en;q=0.1", English, English),
            ("de;q, en;q=0.1", English, English),
            ("de;level=1, en;q=0.1", English, English),
            ("de;q=0.5;q=1, en;q=0.1", English, English),
            ("de-, en;q=0.1", English, English),
            ("de-tootoolong, en;q=0.1", English, English),
            ("de_DE, en;q=0.1", English, English),
            ("d\u{e9}, \u{1f600};q=\u{1f600}", English, German),
            (",,;,=,;q=1,de,", German, German),
        ] {
            let header = Some(header);
            assert_eq!(
                Locale::negotiate(header, English),
                wanted_over_english,
                "{header:?}"
            );
            assert_eq!(
                Locale::negotiate(header, German),
                wanted_over_german,
                "{header:?}"
            );
        }
        assert_eq!(Locale::negotiate(None, German), German);
    }

    #[test]
    fn only_the_beginning_of_a_long_header_is_read() {
        let tenth = format!("{}de", "fr,".repeat(9));
        assert_eq!(Locale::negotiate(Some(&tenth), English), German);
        let eleventh = format!("{}de", "fr,".repeat(10));
        assert_eq!(Locale::negotiate(Some(&eleventh), English), English);

        // The 200 bytes end within the last weight. It is cut off, so it is ignored rather than
        // read as 0.9.
        let cut = format!("{},en;q=0.5,de;q=0.99", "x".repeat(182));
        assert_eq!(cut.len(), 201);
        assert_eq!(Locale::negotiate(Some(&cut), German), English);
        // The limit falls within a character.
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
