//! Peppers: secrets that are part of every password hash and are stored apart from the hashes (NIST
//! SP 800-63B-4 section 3.1.1.2; OWASP Password Storage Cheat Sheet). So an attacker who has the
//! database but not the peppers can't test any guess of a password.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding as _};

use crate::domain::policy::{HMAC_KEY_MIN_BYTES, MAX_PEPPERS};
use crate::domain::secret::SecretBytes;

/// Why the setting `PEPPERS` is not a valid list of peppers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PepperError {
    /// An entry of the list does not consist of a number from 1 to 255, a colon and base64url.
    Form,
    /// A key has fewer than 32 bytes.
    TooShort,
    /// All bytes of a key are equal.
    NotRandom,
    /// A number or a key occurs twice.
    Repeated,
    /// There are more than eight keys.
    TooMany,
}

impl fmt::Display for PepperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "contains a part that is not \"<number from 1 to 255>:<base64url>\"",
            Self::TooShort => "contains a key of fewer than 32 bytes",
            Self::NotRandom => "contains a key that is not random",
            Self::Repeated => "contains a number or a key twice",
            Self::TooMany => "contains more than 8 keys",
        })
    }
}

impl std::error::Error for PepperError {}

/// Peppers: keys with numbers. The first pepper is used for new hashes. `Debug` prints `_`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Peppers(Vec<(u8, SecretBytes)>);

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl Peppers {
    /// Reads a list of peppers. Each pepper is written as `<number>:<key>`. Peppers are separated
    /// by commas or white space. A number is between 1 and 255. A key has at least 32 bytes and is
    /// written in base64url without padding. An empty text gives an empty list.
    ///
    /// ```
    /// use edgegate::domain::account::Peppers;
    ///
    /// let peppers = Peppers::parse("1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")?;
    /// assert_eq!(peppers.current().map(|(number, _)| number), Some(1));
    /// # Ok::<(), edgegate::domain::account::PepperError>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the text. The error contains no key.
    pub fn parse(text: &str) -> Result<Self, PepperError> {
        let mut peppers: Vec<(u8, SecretBytes)> = Vec::new();
        for part in text
            .split([',', ' ', '\n', '\t'])
            .filter(|part| !part.is_empty())
        {
            let (number, key) = part.split_once(':').ok_or(PepperError::Form)?;
            let number: u8 = number.parse().map_err(|_| PepperError::Form)?;
            let key = Base64UrlUnpadded::decode_vec(key)
                .map(SecretBytes::new)
                .map_err(|_| PepperError::Form)?;
            if number == 0 {
                return Err(PepperError::Form);
            }
            if key.expose().len() < HMAC_KEY_MIN_BYTES {
                return Err(PepperError::TooShort);
            }
            let mut pairs = key.expose().windows(2);
            if pairs.all(|pair| pair.first() == pair.last()) {
                return Err(PepperError::NotRandom);
            }
            if peppers
                .iter()
                .any(|(known, other)| *known == number || *other == key)
            {
                return Err(PepperError::Repeated);
            }
            peppers.push((number, key));
        }
        if peppers.len() > MAX_PEPPERS {
            return Err(PepperError::TooMany);
        }
        Ok(Self(peppers))
    }

    /// The pepper for new hashes, with its number.
    #[must_use]
    pub fn current(&self) -> Option<(u8, &[u8])> {
        self.0.first().map(|(number, key)| (*number, key.expose()))
    }

    /// The pepper with this number.
    #[must_use]
    pub fn get(&self, number: u8) -> Option<&[u8]> {
        self.0
            .iter()
            .find(|(known, _)| *known == number)
            .map(|(_, key)| key.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const B: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

    #[test]
    fn the_first_is_current() {
        for (text, current) in [
            (format!("1:{A},2:{B}"), (1, 0)),
            (format!(" 2:{B}\n1:{A} "), (2, 32)),
        ] {
            let peppers = Peppers::parse(&text).unwrap();
            let (number, key) = peppers.current().unwrap();
            assert_eq!((number, key.first().copied()), (current.0, Some(current.1)));
            assert_eq!(peppers.get(1).and_then(<[u8]>::first), Some(&0));
            assert_eq!(peppers.get(3), None);
        }
        assert_eq!(Peppers::parse("").unwrap().current(), None);
    }

    #[test]
    fn each_malformed_list_gets_its_own_error() {
        for (text, expected) in [
            (A.to_owned(), PepperError::Form),
            (format!("0:{A}"), PepperError::Form),
            (format!("256:{A}"), PepperError::Form),
            (format!("x:{A}"), PepperError::Form),
            ("1:not base64!".to_owned(), PepperError::Form),
            ("1:AAECAwQFBgcICQoLDA0ODw".to_owned(), PepperError::TooShort),
            (format!("1:{}", "A".repeat(43)), PepperError::NotRandom),
            (format!("1:{A},1:{B}"), PepperError::Repeated),
            (format!("1:{A},2:{A}"), PepperError::Repeated),
        ] {
            assert_eq!(Peppers::parse(&text), Err(expected), "{text}");
        }
        let many: Vec<String> = (1..=9)
            .map(|n: u8| {
                format!(
                    "{n}:{}",
                    Base64UrlUnpadded::encode_string(&[n, 0].repeat(16))
                )
            })
            .collect();
        assert_eq!(Peppers::parse(&many.join(",")), Err(PepperError::TooMany));
        assert_eq!(
            format!("{:?}", Peppers::parse(&format!("1:{A}")).unwrap()),
            "_"
        );
    }
}
