//! Reads the query of a URL. A known parameter may come only once, and unknown parameters are
//! rejected.

use super::problem::Problem;

/// The names of the parameters that a route's query may have. `help` makes the message of the error
/// for an invalid query, which tells the client these names.
#[derive(Clone, Copy, Debug)]
pub struct Query<const N: usize> {
    known: [&'static str; N],
    help: fn() -> String,
}

impl<const N: usize> Query<N> {
    /// Describes the query of a route that has these parameters.
    #[must_use]
    pub const fn new(known: [&'static str; N], help: fn() -> String) -> Self {
        Self { known, help }
    }

    /// Reads a query. Returns the values in the order of the names that were given to
    /// [`Query::new`].
    ///
    /// ```
    /// use edgegate::edge::query::Query;
    ///
    /// let query = Query::new(["cursor", "limit"], || "there are cursor and limit".to_owned());
    /// let [cursor, limit] = query.read("limit=2").unwrap();
    /// assert_eq!((cursor, limit.as_deref()), (None, Some("2")));
    /// assert!(query.read("limit=2&limit=3").is_err());
    /// assert!(query.read("page=2").is_err());
    /// ```
    ///
    /// # Errors
    /// `invalid_request` for an unknown parameter, and for a parameter that comes twice.
    pub fn read(&self, text: &str) -> Result<[Option<String>; N], Problem> {
        let mut values = [const { None }; N];
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let known = self.known.iter().position(|known| *known == name);
            match known.and_then(|at| values.get_mut(at)) {
                Some(slot @ None) => *slot = Some(value.into_owned()),
                _ => return Err(self.wrong()),
            }
        }
        Ok(values)
    }

    /// Reads a number from 1 to `most`. If the value is absent, the result is `usual`.
    ///
    /// # Errors
    /// `invalid_request` for any other text.
    pub fn limit(&self, value: Option<String>, most: u32, usual: u32) -> Result<u32, Problem> {
        let Some(text) = value else { return Ok(usual) };
        let limit = text.parse().ok();
        limit
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| self.wrong())
    }

    /// Reads `true` or `false`. If the value is absent, the result is false.
    ///
    /// # Errors
    /// `invalid_request` for any other text.
    pub fn flag(&self, value: Option<String>) -> Result<bool, Problem> {
        let parsed = value.map(|text| text.parse::<bool>()).transpose();
        parsed
            .map(|flag| flag == Some(true))
            .map_err(|_| self.wrong())
    }

    /// Reads a value with `read`. If the value is absent, the result is `None`.
    ///
    /// # Errors
    /// `invalid_request` if `read` rejects the value.
    pub fn parsed<T>(
        &self,
        value: Option<String>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = value else { return Ok(None) };
        read(&text).map(Some).ok_or_else(|| self.wrong())
    }

    /// The answer to an invalid query.
    #[must_use]
    pub fn wrong(&self) -> Problem {
        Problem::invalid_request((self.help)())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;

    const QUERY: Query<3> = Query::new(["limit", "flag", "id"], || "help".to_owned());

    #[test]
    fn each_parameter_comes_once_and_is_known() {
        let read = |text| QUERY.read(text).ok();
        assert_eq!(read(""), Some([None, None, None]));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("id=%2B&limit=x"), Some([some("x"), None, some("+")]));
        for text in ["id=1&id=1", "other=1", "ID=1", "limit=1&id=2&limit=1"] {
            let problem = QUERY.read(text).unwrap_err();
            assert_eq!(problem.code, Code::InvalidRequest, "{text}");
        }
    }

    #[test]
    fn limits_and_flags_are_exact() {
        let limit = |text: &str| QUERY.limit(Some(text.to_owned()), 200, 50).ok();
        assert_eq!(QUERY.limit(None, 200, 50).ok(), Some(50));
        assert_eq!((limit("1"), limit("200")), (Some(1), Some(200)));
        for text in ["", "0", "201", "-1", "1.5", " 1", "4294967297"] {
            assert_eq!(limit(text), None, "{text}");
        }
        let flag = |text: &str| QUERY.flag(Some(text.to_owned())).ok();
        assert_eq!(QUERY.flag(None).ok(), Some(false));
        assert_eq!((flag("true"), flag("false")), (Some(true), Some(false)));
        for text in ["", "1", "yes", "True"] {
            assert_eq!(flag(text), None, "{text}");
        }
        let even = |text: &str| {
            text.parse()
                .ok()
                .filter(|number: &u32| number.is_multiple_of(2))
        };
        assert_eq!(QUERY.parsed(None, even).ok(), Some(None));
        assert_eq!(QUERY.parsed(Some("4".to_owned()), even).ok(), Some(Some(4)));
        assert!(QUERY.parsed(Some("5".to_owned()), even).is_err());
    }
}
