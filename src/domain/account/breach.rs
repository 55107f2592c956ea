//! Finds out whether a password is known from a breach, without revealing the password
//! (k-anonymity). The service sends the first five hex digits of the password's SHA-1 to a range
//! API. For each breached password whose SHA-1 begins with those five digits, the answer lists the
//! remaining 35 digits. This module looks for the password's own digits in the answer.

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// How many hex digits of the password's SHA-1 are sent to the range API.
pub const PREFIX_DIGITS: usize = 5;

/// Whether the range API's answer lists a password. `rest` are the last 35 hex digits of the
/// password's SHA-1. Each line of the answer is `<35 digits>:<count>`. A line with the count 0 is
/// padding and is ignored. `None` if the text does not have the form of such an answer.
///
/// ```
/// use edgegate::domain::account::is_in_range;
///
/// let answer = "003D68EB55068C33ACE09247EE4C639306B:3\r\n012C192B2F16F82EA0EB9EF18D9D539B0DD:0";
/// assert_eq!(is_in_range(answer, "003D68EB55068C33ACE09247EE4C639306B"), Some(true));
/// assert_eq!(is_in_range(answer, "012C192B2F16F82EA0EB9EF18D9D539B0DD"), Some(false));
/// assert_eq!(is_in_range("<html>", "012C192B2F16F82EA0EB9EF18D9D539B0DD"), None);
/// ```
#[must_use]
pub fn is_in_range(answer: &str, rest: &str) -> Option<bool> {
    let mut found = None;
    for line in answer.lines() {
        let (known, count) = line.trim().split_once(':')?;
        let count: u64 = count.parse().ok()?;
        if known.len() != rest.len() || !known.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let is_it = count > 0 && is_same(known, rest);
        found = Some(is_it || found == Some(true));
    }
    found
}

/// Whether two texts of equal length are equal, ignoring upper and lower case. The comparison takes
/// constant time, because `rest` is a part of the hash of a password.
fn is_same(known: &str, rest: &str) -> bool {
    let upper = |text: &str| Zeroizing::new(text.to_ascii_uppercase());
    bool::from(upper(known).as_bytes().ct_eq(upper(rest).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_a_malformed_line_is_not_used() {
        let rest = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
        for answer in [
            "",
            rest,
            "1E4C9B93F3F0682250B6CF8331B7EE68FD8:",
            "1E4C9B93F3F0682250B6CF8331B7EE68FD8:many",
            "1E4C9B93F3F0682250B6CF8331B7EE68FD8:-1",
            "1E4C9B93F3F0682250B6CF8331B7EE68FD:5",
            "<html>1E4C9B93F3F0682250B6CF8331B7EE68FD8:5</html>",
            "1E4C9B93F3F0682250B6CF8331B7EE68FD8:5\nand more",
        ] {
            assert_eq!(is_in_range(answer, rest), None, "{answer}");
        }
        let other = "003D68EB55068C33ACE09247EE4C639306B:3\r\n";
        for (answer, expected) in [
            (
                format!("{other}1e4c9b93f3f0682250b6cf8331b7ee68fd8:1\r\n"),
                true,
            ),
            (
                format!("1E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n{other}"),
                true,
            ),
            (
                format!("{other}1E4C9B93F3F0682250B6CF8331B7EE68FD8:0"),
                false,
            ),
            (other.to_owned(), false),
        ] {
            assert_eq!(is_in_range(&answer, rest), Some(expected), "{answer}");
        }
    }
}
