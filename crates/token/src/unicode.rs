//! Unicode's normalisation forms C and KC, lower case and classes of characters.
//!
//! When this crate runs in wasm, the JavaScript engine does this work, because the engine has the
//! tables. If the wasm contained the tables, every Worker and every page would be 40 KB larger
//! (gzipped). The engine and the native code give the same results, because Unicode guarantees that
//! the normalisation (UAX 15 section 3) and the lower case of an assigned character never change. A
//! character that the platform does not know yet has no class, so it is not accepted in an email
//! address. No other file of this crate depends on the platform.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

/// Normalisation form C: canonical composition.
#[must_use]
pub fn nfc(text: &str) -> String {
    // An ASCII text is always in this form.
    if text.is_ascii() {
        return text.to_owned();
    }
    platform_nfc(text)
}

/// Normalisation form KC: compatibility decomposition, then canonical composition.
#[must_use]
pub fn nfkc(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    platform_nfkc(text)
}

/// The text in lower case, converted character by character. The rule about a final sigma is not
/// applied, because it depends on the characters around the sigma.
#[must_use]
pub fn lowercase(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            lower.push(letter.to_ascii_lowercase());
        } else {
            push_lowercase(&mut lower, letter);
        }
    }
    lower
}

#[cfg(target_arch = "wasm32")]
fn push_lowercase(lower: &mut String, letter: char) {
    let letter = js_sys::JsString::from(letter).to_lower_case();
    lower.push_str(&String::from(letter));
}

#[cfg(not(target_arch = "wasm32"))]
fn push_lowercase(lower: &mut String, letter: char) {
    lower.extend(letter.to_lowercase());
}

/// Whether a character is a control character or breaks a line. U+2028 and U+2029 break a line too.
/// Such a character is not allowed in a name, a subject or a header.
#[must_use]
pub fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(target_arch = "wasm32")]
fn platform_nfc(text: &str) -> String {
    js_sys::JsString::from(text).normalize("NFC").into()
}

#[cfg(not(target_arch = "wasm32"))]
fn platform_nfc(text: &str) -> String {
    icu_normalizer::ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned()
}

#[cfg(target_arch = "wasm32")]
fn platform_nfkc(text: &str) -> String {
    js_sys::JsString::from(text).normalize("NFKC").into()
}

#[cfg(not(target_arch = "wasm32"))]
fn platform_nfkc(text: &str) -> String {
    icu_normalizer::ComposingNormalizerBorrowed::new_nfkc()
        .normalize(text)
        .into_owned()
}

/// A class of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A letter, mark or digit that no mapping changes. A label of a domain may contain such
    /// characters (RFC 5892 sections 2.1, 2.2 and 2.3).
    Label,
    /// A visible letter, mark or number.
    Word,
    /// A visible letter, mark, number, symbol or punctuation character.
    Visible,
    /// A character that combines with the one before it.
    Mark,
    /// A mark that takes no space of its own in the line.
    NonspacingMark,
    /// A letter of the Greek script.
    Greek,
    /// A letter of the Hebrew script.
    Hebrew,
    /// A letter of one of the Japanese scripts: Hiragana, Katakana, Han.
    Japanese,
}

/// Whether the character is of the class.
#[cfg(target_arch = "wasm32")]
pub(crate) fn is(class: Class, c: char) -> bool {
    // ECMA-262 section 22.2.2.9, table 67. `DI` is Default_Ignorable_Code_Point, and `CWKCF` is
    // Changes_When_NFKC_Casefolded.
    let pattern = match class {
        Class::Label => r"(?!\p{DI}|\p{CWKCF})[\p{L}\p{Mn}\p{Mc}\p{Nd}]",
        Class::Word => r"(?!\p{DI})[\p{Alpha}\p{M}\p{N}]",
        Class::Visible => r"(?!\p{DI})[\p{L}\p{M}\p{N}\p{S}\p{P}]",
        Class::Mark => r"\p{M}",
        Class::NonspacingMark => r"\p{Mn}",
        Class::Greek => r"\p{sc=Grek}",
        Class::Hebrew => r"\p{sc=Hebr}",
        Class::Japanese => r"[\p{sc=Hira}\p{sc=Kana}\p{sc=Hani}]",
    };
    // The engine caches the compiled pattern.
    js_sys::RegExp::new(pattern, "u").test(c.encode_utf8(&mut [0; 4]))
}

/// Whether the character is of the class.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn is(class: Class, c: char) -> bool {
    use icu_properties::props::{
        Alphabetic, ChangesWhenNfkcCasefolded, DefaultIgnorableCodePoint, GeneralCategory,
        GeneralCategoryGroup as Group, Script,
    };
    use icu_properties::{CodePointMapData, CodePointSetData};

    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let of = |group: Group| group.contains(category);
    let is_seen = || !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c);
    let is_stable = || !CodePointSetData::new::<ChangesWhenNfkcCasefolded>().contains(c);
    let is_alphabetic = || CodePointSetData::new::<Alphabetic>().contains(c);
    let script = || CodePointMapData::<Script>::new().get(c);
    match class {
        Class::Label => {
            let digits = Group::DecimalNumber
                .union(Group::NonspacingMark)
                .union(Group::SpacingMark);
            of(Group::Letter.union(digits)) && is_seen() && is_stable()
        }
        Class::Word => (of(Group::Mark.union(Group::Number)) || is_alphabetic()) && is_seen(),
        Class::Visible => {
            let signs = Group::Symbol.union(Group::Punctuation);
            let words = Group::Letter.union(Group::Mark).union(Group::Number);
            of(words.union(signs)) && is_seen()
        }
        Class::Mark => of(Group::Mark),
        Class::NonspacingMark => of(Group::NonspacingMark),
        Class::Greek => script() == Script::Greek,
        Class::Hebrew => script() == Script::Hebrew,
        Class::Japanese => matches!(script(), Script::Hiragana | Script::Katakana | Script::Han),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_ignores_the_final_sigma() {
        assert_eq!(
            lowercase("ADA ß Ä \u{130} ΟΔΟΣ \u{212a}"),
            "ada ß ä i\u{307} οδοσ k"
        );
    }

    #[test]
    fn control_characters_and_separators_break_lines() {
        for c in [
            '\0', '\t', '\n', '\r', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}',
        ] {
            assert!(breaks_line(c), "{c:?}");
        }
        for c in [' ', 'a', '\u{a0}', '\u{e9}', '\u{2027}', '\u{202a}'] {
            assert!(!breaks_line(c), "{c:?}");
        }
    }

    #[test]
    fn form_c_keeps_compatibility_characters() {
        assert_eq!(nfc("cafe\u{301} \u{fb01}"), "caf\u{e9} \u{fb01}");
        assert_eq!(nfc("\u{212a}"), "K");
    }
}
