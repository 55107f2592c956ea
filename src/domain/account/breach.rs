//! Whether a password is known from a breach, asked so that nobody learns which (k-anonymity): five figures of its SHA-1 go out, the
//! ends of all known ones that begin so come back, and are compared here.

/// How many hexadecimal figures of the hash are told.
pub const TOLD: usize = 5;

/// Whether an answer, lines of `<the other 35 figures>:<how often>`, names this hash. A count of 0 is padding, and a line that is
/// none of these says nothing.
///
/// ```
/// use edgegate::domain::account::is_in_range;
///
/// let answer = "003D68EB55068C33ACE09247EE4C639306B:3\r\n012C192B2F16F82EA0EB9EF18D9D539B0DD:0";
/// assert!(is_in_range(answer, "003D68EB55068C33ACE09247EE4C639306B"));
/// assert!(!is_in_range(answer, "012C192B2F16F82EA0EB9EF18D9D539B0DD"));
/// ```
#[must_use]
pub fn is_in_range(answer: &str, rest: &str) -> bool {
    answer.lines().any(|line| {
        line.trim().split_once(':').is_some_and(|(known, count)| {
            known.eq_ignore_ascii_case(rest) && count.parse::<u64>().is_ok_and(|count| count > 0)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_lines_say_nothing() {
        let rest = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
        for answer in [
            "",
            rest,
            "1E4C9B93F3F0682250B6CF8331B7EE68FD8:",
            "1E4C9B93F3F0682250B6CF8331B7EE68FD8:many",
            "1E4C9B93F3F0682250B6CF8331B7EE68FD8:-1",
            "1E4C9B93F3F0682250B6CF8331B7EE68FD8:0",
            "1E4C9B93F3F0682250B6CF8331B7EE68FD:5",
            "<html>1E4C9B93F3F0682250B6CF8331B7EE68FD8:5</html>",
        ] {
            assert!(!is_in_range(answer, rest), "{answer}");
        }
        assert!(is_in_range(
            "x\n1e4c9b93f3f0682250b6cf8331b7ee68fd8:1\n",
            rest
        ));
    }
}
