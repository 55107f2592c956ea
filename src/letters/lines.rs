//! Lines for the text part of a mail.

use edgegate_token::unicode::breaks_line;

/// The longest line, in characters. RFC 3676 section 4.2 recommends at most 78 characters, and a
/// reply that quotes the line adds two.
const LINE_CHARS: usize = 76;

/// Breaks a paragraph into lines. A word that is longer than a line is not broken.
pub(super) fn wrap(paragraph: &str) -> String {
    let mut lines = String::with_capacity(paragraph.len());
    let mut used = 0usize;
    for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
        let chars = word.chars().count();
        let with_space = used.saturating_add(1).saturating_add(chars);
        if used == 0 {
            used = chars;
        } else if with_space > LINE_CHARS {
            lines.push('\n');
            used = chars;
        } else {
            lines.push(' ');
            used = with_space;
        }
        lines.push_str(word);
    }
    lines
}

/// The value without characters that would break or hide a line of the mail.
pub(super) fn one_line(value: &str) -> String {
    value.chars().filter(|c| !breaks_line(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::{LINE_CHARS, one_line, wrap};
    use proptest::prelude::*;

    #[test]
    fn a_line_is_filled_to_its_end() {
        let word = "x".repeat(LINE_CHARS - 2);
        assert_eq!(wrap(&format!("{word} y z")), format!("{word} y\nz"));
        assert_eq!(wrap(&format!("y {word} z")), format!("y {word}\nz"));
        assert_eq!(wrap(&format!("yy {word} z")), format!("yy\n{word} z"));
        assert_eq!(wrap("\u{fc} ".repeat(39).trim()).lines().count(), 2);
        assert_eq!(wrap(""), "");
        assert_eq!(wrap("   "), "");
    }

    #[test]
    fn a_value_is_one_line() {
        assert_eq!(
            one_line("a\r\nBcc: b\u{2028}c\u{2029}d\u{85}e\0f\u{7f}"),
            "aBcc: bcdef"
        );
    }

    proptest! {
        #[test]
        fn words_stay_and_lines_end(text in "([a-z\u{fc}]{0,90} ){0,20}") {
            let wrapped = wrap(&text);
            prop_assert!(wrapped.split_whitespace().eq(text.split_whitespace()));
            for line in wrapped.lines() {
                prop_assert!(line.chars().count() <= LINE_CHARS || !line.contains(' '), "{}", line);
            }
        }
    }
}
