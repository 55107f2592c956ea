//! Unicode's normalisation forms and lower case.
//!
//! In wasm the JavaScript engine does it, because it has the tables. Ours would add 40 KB gzipped
//! to every Worker and every page. Both give the same results: Unicode guarantees that the
//! normalisation of an assigned character never changes (UAX 15 section 3), nor its lower case. No
//! other file of this crate depends on the platform.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

/// Normalisation form C: canonical composition.
#[must_use]
pub fn nfc(text: &str) -> String {
    normalize(text, Form::C)
}

/// Normalisation form KC: compatibility composition.
#[must_use]
pub fn nfkc(text: &str) -> String {
    normalize(text, Form::KC)
}

/// The text in lower case, character by character. The rule for a final sigma is left out, because
/// it depends on the characters around it.
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

/// Whether a character is a control character or breaks a line, as U+2028 and U+2029 do too. Such a
/// character is not allowed in a name, a subject or a header.
#[must_use]
pub fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[derive(Clone, Copy)]
enum Form {
    C,
    KC,
}

fn normalize(text: &str, form: Form) -> String {
    // ASCII is normalised in every form.
    if text.is_ascii() {
        return text.to_owned();
    }
    platform(text, form)
}

#[cfg(target_arch = "wasm32")]
fn platform(text: &str, form: Form) -> String {
    let form = match form {
        Form::C => "NFC",
        Form::KC => "NFKC",
    };
    js_sys::JsString::from(text).normalize(form).into()
}

#[cfg(not(target_arch = "wasm32"))]
fn platform(text: &str, form: Form) -> String {
    use icu_normalizer::ComposingNormalizerBorrowed;

    let normalizer = match form {
        Form::C => ComposingNormalizerBorrowed::new_nfc(),
        Form::KC => ComposingNormalizerBorrowed::new_nfkc(),
    };
    normalizer.normalize(text).into_owned()
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
    fn form_kc_also_replaces_compatibility_characters() {
        assert_eq!(nfc("cafe\u{301} \u{fb01}"), "caf\u{e9} \u{fb01}");
        assert_eq!(nfkc("cafe\u{301} \u{fb01}"), "caf\u{e9} fi");
        assert_eq!(nfc("\u{212a}"), "K");
    }
}
