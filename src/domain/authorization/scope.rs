//! Scopes (RFC 6749 section 3.3): what an app may do.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize, de};

use crate::domain::policy::{SCOPE_MAX_BYTES, SCOPES_MAX_BYTES};

/// One scope: 1 to 64 visible ASCII characters other than `"` and `\`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Scope(String);

/// Why a text is not a scope or not a list of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeFault {
    /// A scope is empty.
    Empty,
    /// A single scope or the whole list is too long.
    TooLong,
    /// A scope has a character that RFC 6749 does not allow.
    Character,
}

impl ScopeFault {
    /// A stable name for the reason, in `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Character => "character",
        }
    }
}

impl Scope {
    /// With this scope the app gets an id_token (OpenID Connect Core section 3.1.2.1).
    pub const OPENID: &'static str = "openid";
    /// With this scope the app gets the user's name.
    pub const PROFILE: &'static str = "profile";
    /// With this scope the app gets the user's email address.
    pub const EMAIL: &'static str = "email";
    /// With this scope the app's session continues after the user's log-out.
    pub const OFFLINE_ACCESS: &'static str = "offline_access";
    /// The scopes that give access to the account and not to an API.
    pub const OF_THE_ACCOUNT: [&'static str; 4] = [
        Self::OPENID,
        Self::PROFILE,
        Self::EMAIL,
        Self::OFFLINE_ACCESS,
    ];

    /// Reads a scope.
    ///
    /// # Errors
    /// The text is empty or too long, or has a character that RFC 6749 does not allow.
    pub fn parse(text: &str) -> Result<Self, ScopeFault> {
        if text.is_empty() {
            return Err(ScopeFault::Empty);
        }
        if text.len() > SCOPE_MAX_BYTES {
            return Err(ScopeFault::TooLong);
        }
        if !text
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
        {
            return Err(ScopeFault::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// The scope as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the scope gives access to the account and not to an API.
    #[must_use]
    pub fn is_of_the_account(&self) -> bool {
        Self::OF_THE_ACCOUNT.contains(&self.as_str())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| de::Error::custom("not a scope"))
    }
}

/// A sorted set of scopes. `Display` writes them separated by spaces, as they are written in tokens
/// and answers. This text has at most 512 bytes.
///
/// ```
/// use edgegate::domain::authorization::Scopes;
///
/// let scopes = Scopes::parse("profile openid openid").unwrap();
/// assert_eq!(scopes.to_string(), "openid profile");
/// assert!(scopes.contains("openid") && !scopes.contains("email"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads scopes that are separated by one or more spaces. An empty text gives an empty set.
    ///
    /// # Errors
    /// One of the scopes is malformed, or the whole list is too long.
    pub fn parse(text: &str) -> Result<Self, ScopeFault> {
        if text.len() > SCOPES_MAX_BYTES {
            return Err(ScopeFault::TooLong);
        }
        text.split(' ')
            .filter(|part| !part.is_empty())
            .map(Scope::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A set of these scopes.
    ///
    /// # Errors
    /// The scopes together are too long.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, ScopeFault> {
        let scopes = Self(scopes.into_iter().collect());
        if scopes.to_string().len() > SCOPES_MAX_BYTES {
            return Err(ScopeFault::TooLong);
        }
        Ok(scopes)
    }

    /// Whether the set has this scope.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|one| one.as_str() == scope)
    }

    /// Whether the set has all the `others`.
    #[must_use]
    pub fn contains_all(&self, others: &Self) -> bool {
        others.0.is_subset(&self.0)
    }

    /// The scopes that `keep` accepts.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&Scope) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// The scopes that are in both sets. If an app asks for the scopes `asked` when it renews a
    /// token, the new token gets only the scopes that this function returns.
    #[must_use]
    pub fn in_both(&self, asked: &Self) -> Self {
        self.only(|scope| asked.0.contains(scope))
    }

    /// The scopes of both sets together. When a user grants more scopes to an app, the app's grant
    /// gets the earlier scopes and the additional ones.
    ///
    /// # Errors
    /// The scopes together are too long.
    pub fn with(&self, more: &Self) -> Result<Self, ScopeFault> {
        Self::new(self.0.union(&more.0).cloned())
    }

    /// The scopes in sorted order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, scope) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_of_rfc_6749_only() {
        for text in [
            "openid",
            "orders:read",
            "https://api.example.com/read",
            "!",
            "~",
            &"a".repeat(64),
        ] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
        for (text, fault) in [
            ("", ScopeFault::Empty),
            ("two words", ScopeFault::Character),
            ("a\"b", ScopeFault::Character),
            ("a\\b", ScopeFault::Character),
            ("ä", ScopeFault::Character),
            ("a\n", ScopeFault::Character),
            (&"a".repeat(65), ScopeFault::TooLong),
        ] {
            assert_eq!(Scope::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_list_has_an_end() {
        let longest = vec!["a".repeat(63); 1].join(" ");
        assert!(Scopes::parse(&longest).is_ok());
        let many = |count: usize| {
            (0..count)
                .map(|number| format!("{number:031}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(many(16).len(), 511);
        assert!(Scopes::parse(&many(16)).is_ok());
        assert_eq!(Scopes::parse(&many(17)), Err(ScopeFault::TooLong));
        let half = Scopes::parse(&many(16)).unwrap();
        let more = Scopes::parse("one-more").unwrap();
        assert_eq!(half.with(&more), Err(ScopeFault::TooLong));
        assert_eq!(half.with(&half).as_ref(), Ok(&half));
        assert!(Scopes::default().is_empty() && !half.is_empty());
    }

    #[test]
    fn scopes_are_not_json_lists_of_anything() {
        assert_eq!(crate::domain::json::decode::<Scope>("\"a b\""), None);
        assert_eq!(
            crate::domain::json::decode::<Scope>("\"a\""),
            Some(Scope::parse("a").unwrap())
        );
    }

    fn any_scopes() -> impl Strategy<Value = Scopes> {
        proptest::collection::vec("[a-e]", 0..5)
            .prop_map(|parts| Scopes::parse(&parts.join(" ")).unwrap())
    }

    proptest! {
        #[test]
        fn a_list_comes_back_as_it_was(text in "([!#-\\[\\]-~]{1,9} {0,2}){0,9}") {
            let scopes = Scopes::parse(&text).unwrap();
            prop_assert_eq!(Scopes::parse(&scopes.to_string()), Ok(scopes));
        }

        #[test]
        fn nothing_widens_but_with(one in any_scopes(), other in any_scopes()) {
            prop_assert!(one.contains_all(&one.in_both(&other)));
            prop_assert!(other.contains_all(&one.in_both(&other)));
            for scope in one.iter() {
                let is_in_both = one.in_both(&other).contains(scope.as_str());
                prop_assert_eq!(is_in_both, other.contains(scope.as_str()));
            }
            prop_assert!(one.contains_all(&one.only(|scope| scope.as_str() != "a")));
            let both = one.with(&other).unwrap();
            prop_assert!(both.contains_all(&one) && both.contains_all(&other));
        }
    }
}
