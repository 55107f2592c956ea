//! Unicode's normalisation forms.
//!
//! In wasm it is the JavaScript engine that normalises: its tables are there anyway, ours would be 35 KB gzipped of
//! every Worker and every page. Unicode promises that the forms of an assigned character never change (UAX 15 section
//! 3), so both say the same. This is the one file of the domain that knows its platform.

/// Form C: canonical composition.
#[must_use]
pub fn nfc(text: &str) -> String {
    normalize(text, Form::C)
}

/// Form KC: compatibility composition.
#[must_use]
pub fn nfkc(text: &str) -> String {
    normalize(text, Form::KC)
}

#[derive(Clone, Copy)]
enum Form {
    C,
    KC,
}

fn normalize(text: &str, form: Form) -> String {
    // ASCII is every form of itself.
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
    fn forms() {
        assert_eq!(nfc("cafe\u{301} \u{fb01}"), "caf\u{e9} \u{fb01}");
        assert_eq!(nfkc("cafe\u{301} \u{fb01}"), "caf\u{e9} fi");
        assert_eq!(nfc("\u{212a}"), "K");
    }
}
