//! Decides which labels with characters beyond ASCII are valid in a domain name, by IDNA2008 (RFC
//! 5891 section 4.2, RFC 5892, RFC 5893).

use alloc::vec::Vec;

use crate::joining::{is_virama, joins_next, joins_previous};
use crate::unicode::{Class, is};

/// Whether a label is a U-label (RFC 5891 section 4.2.3). The label must be in NFC and contain
/// characters beyond ASCII. Its length is not checked.
///
/// A label that IDNA would map to another label is rejected. Otherwise the same domain could be
/// written in two ways.
pub(crate) fn is_u_label(label: &str) -> bool {
    let chars: Vec<char> = label.chars().collect();
    let hyphens_in_place = !label.starts_with('-')
        && !label.ends_with('-')
        && !matches!(chars.as_slice(), [_, _, '-', '-', ..]);
    hyphens_in_place
        && !chars.first().is_some_and(|c| is(Class::Mark, *c))
        && (0..chars.len()).all(|at| is_allowed(&chars, at))
}

/// Whether the character at this position is PVALID, or is allowed by the rule for its context (RFC
/// 5892 section 3).
fn is_allowed(chars: &[char], at: usize) -> bool {
    let Some(c) = chars.get(at).copied() else {
        return false;
    };
    match c {
        'a'..='z' | '0'..='9' | '-' => true,
        _ if is_exception(c) => true,
        _ if needs_context(c) => is_in_context(chars, at),
        // Section 2.6, DISALLOWED.
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
            false
        }
        // Section 2.9: old Hangul. Section 2.10: marks for symbols and music.
        '\u{1100}'..='\u{11ff}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{d7b0}'..='\u{d7ff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{1d100}'..='\u{1d24f}' => false,
        _ => is(Class::Label, c),
    }
}

/// Characters that are PVALID by exception (RFC 5892 section 2.6).
pub(crate) fn is_exception(c: char) -> bool {
    matches!(
        c,
        '\u{df}' | '\u{3c2}' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}'
    )
}

/// Whether a rule of RFC 5892 appendix A limits where the character may be in a label.
pub(crate) fn needs_context(c: char) -> bool {
    matches!(
        c,
        '\u{200c}' | '\u{200d}' | '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}'
            | '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}'
    )
}

/// Whether the character at this position complies with its rule in RFC 5892 appendix A.
pub(crate) fn is_in_context(chars: &[char], at: usize) -> bool {
    let before = || chars.get(..at).unwrap_or_default();
    let previous = || before().last().copied();
    let after = || chars.get(at.saturating_add(1)..).unwrap_or_default();
    let next = || after().first().copied();
    let has = |digits: core::ops::RangeInclusive<char>| chars.iter().any(|c| digits.contains(c));
    match chars.get(at) {
        // A.1: a non-joiner must be between letters that would join without it, or after a virama.
        Some('\u{200c}') => {
            let is_transparent = |c: &&char| is(Class::NonspacingMark, **c);
            let first = before().iter().rev().find(|c| !is_transparent(c));
            let second = after().iter().find(|c| !is_transparent(c));
            previous().is_some_and(is_virama)
                || (first.is_some_and(|c| joins_next(*c))
                    && second.is_some_and(|c| joins_previous(*c)))
        }
        // A.2: a joiner must be after a virama.
        Some('\u{200d}') => previous().is_some_and(is_virama),
        // A.3: a middle dot must be between two `l`, as in Catalan `l·l`.
        Some('\u{b7}') => previous() == Some('l') && next() == Some('l'),
        // A.4: the Greek numeral sign must be before a Greek letter.
        Some('\u{375}') => next().is_some_and(|c| is(Class::Greek, c)),
        // A.5, A.6: Hebrew punctuation must be after a Hebrew letter.
        Some('\u{5f3}' | '\u{5f4}') => previous().is_some_and(|c| is(Class::Hebrew, c)),
        // A.7: the katakana middle dot must be in a label with a Japanese character.
        Some('\u{30fb}') => chars.iter().any(|c| is(Class::Japanese, *c)),
        // A.8, A.9: two sets of Arabic digits look alike, so a label must not contain both.
        Some('\u{660}'..='\u{669}') => !has('\u{6f0}'..='\u{6f9}'),
        Some('\u{6f0}'..='\u{6f9}') => !has('\u{660}'..='\u{669}'),
        _ => false,
    }
}

/// The direction in which a character of a label is written (UAX 9 table 4). It distinguishes only
/// the classes that the Bidi rule needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Left,
    Right,
    ArabicNumber,
    EuropeanNumber,
    Mark,
    Neutral,
}

fn direction(c: char) -> Direction {
    match c {
        '0'..='9' | '\u{6f0}'..='\u{6f9}' => Direction::EuropeanNumber,
        '\u{660}'..='\u{669}' | '\u{10d30}'..='\u{10d39}' | '\u{10d40}'..='\u{10d49}' => {
            Direction::ArabicNumber
        }
        '-' | '\u{200c}' | '\u{200d}' => Direction::Neutral,
        _ if c.is_ascii() => Direction::Left,
        _ if is(Class::NonspacingMark, c) => Direction::Mark,
        '\u{590}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}' => Direction::Right,
        _ => Direction::Left,
    }
}

/// Whether the labels of a domain comply with the Bidi rule (RFC 5893 section 2). A domain that
/// complies is displayed in the order in which it was written.
pub(crate) fn keeps_bidi_rule(labels: &[&str]) -> bool {
    let is_rtl = |c| matches!(direction(c), Direction::Right | Direction::ArabicNumber);
    let is_bidi = labels.iter().any(|label| label.chars().any(is_rtl));
    !is_bidi || labels.iter().all(|label| label_keeps_bidi_rule(label))
}

fn label_keeps_bidi_rule(label: &str) -> bool {
    use Direction::{ArabicNumber, EuropeanNumber, Left, Mark, Right};

    let directions: Vec<Direction> = label.chars().map(direction).collect();
    let has = |wanted| directions.contains(&wanted);
    let last = directions.iter().rfind(|of| **of != Mark);
    match directions.first() {
        Some(Right) => {
            !has(Left)
                && matches!(last, Some(Right | ArabicNumber | EuropeanNumber))
                && !(has(EuropeanNumber) && has(ArabicNumber))
        }
        Some(Left) => {
            !has(Right) && !has(ArabicNumber) && matches!(last, Some(Left | EuropeanNumber))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use icu_properties::CodePointMapData;
    use icu_properties::props::BidiClass;

    use super::*;

    /// Each label contains characters of one script. If a character is allowed only in some places,
    /// it is in such a place.
    #[test]
    fn every_script_is_allowed_and_nothing_that_can_not_be_seen() {
        for label in [
            "संपर्क",
            "डाटामेल",
            "தமிழ்",
            "മലയാളം",
            "ไทย",
            "ລາວ",
            "မြန်မာ",
            "ខ្មែរ",
            "සිංහල",
            "བོད་སྐད",
            "ኢትዮጵያ",
            "հայերեն",
            "ქართული",
            "العربية",
            "עברית",
            "ᏣᎳᎩ",
            "ⵜⴰⵎⴰⵣⵉⵖⵜ",
            "ߒߞߏ",
            "ᠮᠣᠩᠭᠣᠯ",
            "普遍接受",
            "テスト",
            "테스트",
            "fußball",
            "βόλος",
            "ދިވެހި",
            "ܣܘܪܝܝܐ",
            "𞤢𞤣𞤤𞤥",
        ] {
            assert!(is_u_label(label), "{label}");
        }
    }

    #[test]
    fn joiners_and_signs_need_their_context() {
        for (label, allowed) in [
            ("\u{646}\u{627}\u{645}\u{647}\u{200c}\u{627}\u{6cc}", true), // Persian, "a letter"
            ("\u{62f}\u{200c}\u{627}", false),                            // nothing would join
            ("\u{915}\u{94d}\u{200d}\u{937}", true),
            ("\u{915}\u{94d}\u{200c}\u{937}", true),
            ("\u{915}\u{200d}\u{937}", false),
            ("\u{200d}\u{915}", false),
            ("col\u{b7}lega", true),
            ("a\u{b7}b", false),
            ("l\u{b7}a", false),
            ("a\u{b7}l", false),
            ("\u{375}\u{3b1}", true),
            ("\u{375}a", false),
            ("\u{5d2}\u{5f3}", true),
            ("\u{5f3}\u{5d2}", false),
            ("\u{30a2}\u{30fb}\u{30a4}", true),
            ("a\u{30fb}b", false),
            ("\u{628}\u{661}\u{662}", true),
            ("\u{628}\u{661}\u{6f2}", false),
        ] {
            assert_eq!(is_u_label(label), allowed, "{label:?}");
        }
    }

    #[test]
    fn texts_that_are_not_labels() {
        for label in [
            "\u{94d}\u{915}", // begins with a mark
            "ab--\u{e9}",     // looks like an A-label
            "\u{e9}-",
            "-\u{e9}",
            "\u{e9}\u{202e}a", // right-to-left override
            "\u{e9}\u{2066}a", // isolate
            "\u{e9}\u{ad}",    // soft hyphen
            "\u{e9}\u{200b}",  // zero width space
            "\u{e9}\u{fe0f}",  // variation selector
            "\u{e9}\u{3164}",  // Hangul filler
            "\u{e9}\u{85}",
            "\u{e9}\u{378}",  // unassigned
            "\u{e9}\u{e000}", // private use
            "\u{c9}",         // upper case
            "\u{ff45}",       // full width
            "\u{17f}",        // long s
            "\u{2764}",       // a symbol
            "\u{1f600}",
            "\u{640}\u{628}",   // tatweel
            "\u{1100}\u{1161}", // old Hangul
            "\u{ab70}",         // Cherokee in lower case, which folds to upper case
            "\u{1d11e}",
        ] {
            assert!(!is_u_label(label), "{label:?}");
        }
    }

    #[test]
    fn a_domain_is_displayed_in_its_order() {
        for (labels, keeps) in [
            (["\u{5d0}\u{5d1}", "com"].as_slice(), true),
            (&["\u{5d0}1", "com"], true),
            (&["\u{628}\u{661}", "com"], true),
            (&["a\u{5d0}", "com"], false),
            (&["\u{5d0}a", "com"], false),
            (&["1\u{5d0}", "com"], false),
            (&["\u{5d0}-", "com"], false),
            (&["\u{628}1\u{661}", "com"], false),
            (&["a\u{5d0}b", "com"], false),
            (&["a\u{661}b", "com"], false),
            (&["a-", "\u{5d0}"], false),
            (&["1a", "\u{5d0}"], false),
            (&["1a", "com"], true),
            (&["a1", "\u{5d0}"], true),
            (&["\u{5d0}\u{5b8}", "com"], true),
        ] {
            assert_eq!(keeps_bidi_rule(labels), keeps, "{labels:?}");
        }
    }

    /// For each character that a label may contain, the ranges in this file give the same direction
    /// as Unicode. There are two exceptions, which don't matter if all characters of a label are of
    /// one script. Some letters are neutral in Unicode, such as U+02B9. Some marks are written from
    /// left to right, such as U+0CBF.
    #[test]
    fn directions_are_those_of_unicode() {
        let classes = CodePointMapData::<BidiClass>::new();
        let allowed = ('\0'..=char::MAX).filter(|c| is_allowed(&[*c], 0));
        let mut compared = 0;
        for c in allowed {
            let expected = match classes.get(c) {
                BidiClass::LeftToRight if is(Class::NonspacingMark, c) => Direction::Mark,
                BidiClass::LeftToRight | BidiClass::OtherNeutral => Direction::Left,
                BidiClass::RightToLeft | BidiClass::ArabicLetter => Direction::Right,
                BidiClass::ArabicNumber => Direction::ArabicNumber,
                BidiClass::EuropeanNumber => Direction::EuropeanNumber,
                BidiClass::NonspacingMark => Direction::Mark,
                _ => Direction::Neutral,
            };
            assert!(direction(c) == expected, "{c:?}");
            compared += 1;
        }
        assert!(compared > 100_000, "{compared}");
    }
}
