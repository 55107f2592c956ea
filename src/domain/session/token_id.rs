//! The id of an access token (`jti`). The id contains the number of the refresh token that was
//! issued together with the access token.
//!
//! When the user of a session types the password again, the client sends its access token but not
//! its refresh token. The client then gets a new refresh token, which must have the same number as
//! the refresh token that the client already has. The session store might know only an older
//! number, so the number is taken from the access token.

use std::fmt;

use uuid::{Builder, Uuid};

/// A UUIDv8 (RFC 9562 section 5.8). The first four bytes are the number of the refresh token in its
/// session's sequence of refresh tokens. 90 bits are random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenId(Uuid);

impl TokenId {
    /// The id of an access token that is issued together with the refresh token that has this
    /// number.
    #[must_use]
    pub fn new(counter: u32, random: [u8; 16]) -> Self {
        let mut bytes = random;
        for (to, from) in bytes.iter_mut().zip(counter.to_be_bytes()) {
            *to = from;
        }
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// Reads a `jti`. `None` if the `jti` contains no number. The `jti` of access tokens that
    /// earlier versions of the service issued contains no number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        (id.get_version_num() == 8).then_some(Self(id))
    }

    /// The number of the refresh token that was issued with the access token.
    #[must_use]
    pub fn counter(self) -> u32 {
        let [a, b, c, d, ..] = *self.0.as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_the_refresh_token() {
        for counter in [0, 1, 77, u32::MAX] {
            for random in [[0; 16], [255; 16], [7; 16]] {
                let id = TokenId::new(counter, random);
                assert_eq!(id.counter(), counter);
                assert_eq!(TokenId::parse(&id.to_string()), Some(id));
            }
        }
    }

    #[test]
    fn what_is_random_stays_in_the_id() {
        let ids = [0, 1, 2].map(|byte| {
            let mut random = [0; 16];
            random[15] = byte;
            TokenId::new(5, random).to_string()
        });
        assert!(ids[0] != ids[1] && ids[1] != ids[2]);
    }

    #[test]
    fn an_id_of_another_form_has_no_number() {
        let version_4 = Builder::from_random_bytes([9; 16]).into_uuid();
        for text in ["", "1", &version_4.to_string()] {
            assert_eq!(TokenId::parse(text), None, "{text}");
        }
    }
}
