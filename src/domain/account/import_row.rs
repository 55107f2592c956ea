//! The lines of an import and of an export of user accounts. Each line is a JSON object that
//! describes one account.

use serde::Serialize;

use super::{EmailAddress, HashRefusal, Name, PasswordHash, Roles, User, UserId};
use crate::domain::policy::{ADMIN_ROLE, EXTERNAL_ID_MAX_CHARS, IMPORT_LINE_MAX_BYTES};
use edgegate_token::json::{Fault, Json, Members};
use edgegate_token::unicode::breaks_line;

/// The id that another system gave an account. It has 1 to 255 characters, no control character,
/// and no white space at its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExternalId(String);

impl ExternalId {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let length = text.chars().count();
        let is_id = (1..=EXTERNAL_ID_MAX_CHARS).contains(&length)
            && text.trim() == text
            && !text.chars().any(breaks_line);
        is_id.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An account as a line of an import describes it.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// If `None`, the account gets a new id.
    pub id: Option<UserId>,
    pub email: EmailAddress,
    pub email_verified: bool,
    /// The hash from the line. It has not been checked yet.
    pub password_hash: PasswordHash,
    pub first_name: Option<Name>,
    pub last_name: Option<Name>,
    pub roles: Roles,
    pub external_id: Option<ExternalId>,
    pub disabled: bool,
}

/// Why a line is not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowRefusal {
    /// The line is longer than 64 KiB.
    LineTooLong,
    /// The bytes of the line are not UTF-8.
    NotUtf8,
    /// The line is not a JSON object.
    NotAnObject,
    /// The line is a JSON list, or the beginning or the end of a JSON list.
    JsonList,
    /// The line is an object followed by a comma.
    TrailingComma,
    /// The line is not JSON.
    NotJson,
    /// The object has a member twice.
    DuplicateMember,
    /// The object has a member that is not supported.
    UnknownMember,
    /// A member is missing, or its value is invalid. The variant contains the name of the member
    /// and the reason.
    Member(&'static str, &'static str),
    /// The password hash can't be imported.
    Hash(HashRefusal),
    /// The account has the role of administrators, and the request does not allow importing
    /// administrators.
    Administrator,
    /// An earlier line of the request has the same address, id or external id. The variant contains
    /// the name of that member.
    DuplicateInRequest(&'static str),
    /// Another account, with another address, already has this id.
    IdTaken,
    /// Another account, with another address, already has this external id.
    ExternalIdTaken,
    /// An account with this id was deleted less than a day ago.
    IdDeleted,
}

impl RowRefusal {
    /// A stable code, `snake_case`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LineTooLong => "line_too_long",
            Self::NotUtf8 => "not_utf_8",
            Self::NotAnObject => "not_an_object",
            Self::JsonList => "json_list",
            Self::TrailingComma => "trailing_comma",
            Self::NotJson => "not_json",
            Self::DuplicateMember => "duplicate_member",
            Self::UnknownMember => "unknown_member",
            Self::Member(..) => "invalid_member",
            Self::Hash(why) => why.reason(),
            Self::Administrator => "administrator",
            Self::DuplicateInRequest(_) => "duplicate_in_request",
            Self::IdTaken => "id_taken",
            Self::ExternalIdTaken => "external_id_taken",
            Self::IdDeleted => "id_deleted",
        }
    }

    /// What is wrong and what to do. The text contains no part of the line, because the line could
    /// contain a secret.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::LineTooLong => format!("a line may have {IMPORT_LINE_MAX_BYTES} bytes"),
            Self::NotUtf8 => "the line is not UTF-8: convert the file first, or unpack \
                               it if it is compressed"
                .to_owned(),
            Self::NotAnObject => {
                "the line is not a JSON object: if this is CSV, convert it to one object a line"
                    .to_owned()
            }
            Self::JsonList => "the line begins a JSON list: send one object a line, without \
                               brackets and commas (`jq -c '.[]'` makes them)"
                .to_owned(),
            Self::TrailingComma => "a comma follows the object: remove it".to_owned(),
            Self::NotJson => "the line is not JSON: each object stands on one line".to_owned(),
            Self::DuplicateMember => "the object has a member twice".to_owned(),
            Self::UnknownMember => "the object has an unknown member. The members are id, email, \
                                    email_verified, password_hash, first_name, last_name, roles, \
                                    external_id, disabled"
                .to_owned(),
            Self::Member(name, why) => format!("{name}: {why}"),
            Self::Hash(why) => why.explanation().to_owned(),
            Self::Administrator => "the account would be an administrator: repeat the import with \
                                    allow_admin=true if it must be"
                .to_owned(),
            Self::DuplicateInRequest(name) => {
                format!("an earlier line has the same {name}")
            }
            Self::IdTaken => "another account has this id: leave it out".to_owned(),
            Self::ExternalIdTaken => "another account has this external_id".to_owned(),
            Self::IdDeleted => {
                "the account with this id was deleted less than a day ago: leave the \
                                id out, or import the line a day later"
                    .to_owned()
            }
        }
    }
}

impl ImportRow {
    /// Reads a line. The password hash is not checked.
    ///
    /// ```
    /// use edgegate::domain::account::ImportRow;
    ///
    /// let row = ImportRow::read(br#"{"email":"Ada@example.com","roles":["user"]}"#).unwrap();
    /// assert_eq!(row.email.canonical(), "ada@example.com");
    /// assert!(!row.email_verified);
    /// ```
    ///
    /// # Errors
    /// The first fault that was found in the line.
    pub fn read(line: &[u8]) -> Result<Self, RowRefusal> {
        if line.len() > IMPORT_LINE_MAX_BYTES {
            return Err(RowRefusal::LineTooLong);
        }
        let mut members = object(line)?;
        let id = text(&mut members, "id")?;
        let email = text(&mut members, "email")?.ok_or(RowRefusal::Member("email", "missing"))?;
        let email = EmailAddress::parse(email.trim());
        let email = email.map_err(|why| RowRefusal::Member("email", why.reason()))?;
        let email_verified = flag(&mut members, "email_verified")?;
        let password_hash = text(&mut members, "password_hash")?;
        let first_name = name(&mut members, "first_name")?;
        let last_name = name(&mut members, "last_name")?;
        let roles = roles(&mut members)?;
        let external_id = text(&mut members, "external_id")?;
        let disabled = flag(&mut members, "disabled")?;
        if members.names().next().is_some() {
            return Err(RowRefusal::UnknownMember);
        }
        let not_a_uuid = RowRefusal::Member("id", "not a UUID: put it into external_id");
        let bad_external_id =
            RowRefusal::Member("external_id", "not 1 to 255 characters without line breaks");
        Ok(Self {
            id: id
                .map(|id| UserId::parse(&id.to_ascii_lowercase()).ok_or(not_a_uuid))
                .transpose()?,
            email,
            email_verified,
            password_hash: stored_hash(password_hash),
            first_name,
            last_name,
            roles,
            external_id: external_id
                .map(|id| ExternalId::parse(&id).ok_or(bad_external_id))
                .transpose()?,
            disabled,
        })
    }

    /// Whether the line has a password hash.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password_hash != PasswordHash::none()
    }

    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.roles.contains(ADMIN_ROLE)
    }
}

/// An account as an export writes it. An import can read the same form.
#[derive(Serialize)]
pub struct ExportRow<'a> {
    id: String,
    email: &'a str,
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    disabled: bool,
}

impl<'a> ExportRow<'a> {
    /// The line that describes this user.
    #[must_use]
    pub fn new(user: &'a User, with_password_hash: bool) -> Self {
        let hash = user.has_password().then(|| user.password_hash.as_str());
        Self {
            id: user.id.to_string(),
            email: user.email.as_given(),
            email_verified: user.email_verified_at.is_some(),
            password_hash: hash.filter(|_| with_password_hash),
            first_name: user.first_name.as_ref().map(Name::as_str),
            last_name: user.last_name.as_ref().map(Name::as_str),
            roles: user.roles.to_vec(),
            external_id: user.external_id.as_ref().map(ExternalId::as_str),
            disabled: user.disabled_at.is_some(),
        }
    }
}

/// The hash to store for the text in the line. For a user without a usable password, Django stores
/// `!` and random letters instead of a hash. So a text that begins with `!` means that there is no
/// password.
fn stored_hash(text: Option<String>) -> PasswordHash {
    match text {
        Some(text) if !text.is_empty() && !text.starts_with('!') => PasswordHash::new(text),
        _ => PasswordHash::none(),
    }
}

fn object(line: &[u8]) -> Result<Members, RowRefusal> {
    match Json::read(line) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(Json::Array(_)) => Err(RowRefusal::JsonList),
        Ok(_) => Err(RowRefusal::NotAnObject),
        Err(unread) => Err(match unread.fault {
            Fault::NotUtf8 => RowRefusal::NotUtf8,
            Fault::DuplicateMember => RowRefusal::DuplicateMember,
            _ => match line.trim_ascii() {
                [b'{', .., b'}', b','] => RowRefusal::TrailingComma,
                [b'{', ..] => RowRefusal::NotJson,
                [b'[' | b']', ..] => RowRefusal::JsonList,
                _ => RowRefusal::NotAnObject,
            },
        }),
    }
}

/// Reads a member that is a string. `null` means that the member is absent, because other systems
/// export absent values in this way.
fn text(members: &mut Members, name: &'static str) -> Result<Option<String>, RowRefusal> {
    match members.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(RowRefusal::Member(name, "not a string")),
    }
}

fn flag(members: &mut Members, name: &'static str) -> Result<bool, RowRefusal> {
    match members.remove(name) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(value)) => Ok(value),
        Some(_) => Err(RowRefusal::Member(name, "neither true nor false")),
    }
}

fn name(members: &mut Members, member: &'static str) -> Result<Option<Name>, RowRefusal> {
    let text = text(members, member)?.filter(|text| !text.trim().is_empty());
    text.map(|text| Name::parse(&text).map_err(|why| RowRefusal::Member(member, why.reason())))
        .transpose()
}

fn roles(members: &mut Members) -> Result<Roles, RowRefusal> {
    match members.remove("roles") {
        None | Some(Json::Null) => Ok(Roles::user()),
        Some(value) => {
            let roles = value
                .into_texts()
                .ok_or(RowRefusal::Member("roles", "not a list of strings"))?;
            Roles::new(roles).map_err(|why| RowRefusal::Member("roles", why.reason()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &str) -> String {
        match ImportRow::read(line.as_bytes()) {
            Ok(_) => "read".to_owned(),
            Err(RowRefusal::Member(name, why)) => format!("{name}: {why}"),
            Err(refusal) => refusal.code().to_owned(),
        }
    }

    #[test]
    fn a_line_is_read_with_every_member() {
        let line = r#"{"id":"0198C2F4-7B1E-4C3A-9D55-1F0A6F2F8B11","email":" Ada@Example.com ",
            "email_verified":true,"password_hash":"$2b$10$x","first_name":"Ada","last_name":null,
            "roles":["user","editor"],"external_id":"auth0|5f","disabled":true}"#;
        let row = ImportRow::read(line.replace('\n', "").as_bytes()).unwrap();
        let id = row.id.unwrap().to_string();
        assert_eq!(id, "0198c2f4-7b1e-4c3a-9d55-1f0a6f2f8b11");
        assert_eq!(row.email.as_given(), "Ada@Example.com");
        assert!(row.email_verified && row.disabled);
        assert_eq!(row.password_hash.as_str(), "$2b$10$x");
        assert_eq!(row.first_name.unwrap().as_str(), "Ada");
        assert_eq!(row.last_name, None);
        assert_eq!(row.roles.to_vec(), ["editor", "user"]);
        assert_eq!(row.external_id.unwrap().as_str(), "auth0|5f");
    }

    #[test]
    fn what_is_absent_gets_the_least() {
        for line in [
            r#"{"email":"ada@example.com"}"#,
            r#"{"email":"ada@example.com","id":null,"roles":null,"password_hash":null,"external_id":null,"first_name":"","disabled":null,"email_verified":null}"#,
            r#"{"email":"ada@example.com","password_hash":""}"#,
            r#"{"email":"ada@example.com","password_hash":"!OmHO8EMxZ2kAlPGRaYDsWPmOVYZO3Sj0NBTJmBzc"}"#,
        ] {
            let row = ImportRow::read(line.as_bytes()).unwrap();
            assert!(row.id.is_none() && !row.email_verified && !row.disabled);
            assert!(row.password_hash == PasswordHash::none());
            assert!(row.first_name.is_none() && row.external_id.is_none());
            assert_eq!(row.roles, Roles::user());
            assert!(!row.is_administrator());
        }
    }

    #[test]
    fn every_other_line_says_why() {
        let with = |member: &str| code(&format!(r#"{{"email":"ada@example.com",{member}}}"#));
        for (line, expected) in [
            ("email,password_hash", "not_an_object"),
            ("ada@example.com,$2b$10$x", "not_an_object"),
            ("1", "not_an_object"),
            ("null", "not_an_object"),
            (r#""text""#, "not_an_object"),
            ("[", "json_list"),
            ("]", "json_list"),
            (r#"[{"email":"ada@example.com"}]"#, "json_list"),
            (r#"[{"email":"ada@example.com"},"#, "json_list"),
            (r#"{"email":"ada@example.com"},"#, "trailing_comma"),
            ("{", "not_json"),
            (r#"{"email":"ada@example.com"} {}"#, "not_json"),
            (
                r#"{"email":"ada@example.com","email":"b@example.com"}"#,
                "duplicate_member",
            ),
            (
                r#"{"email":"ada@example.com","passwort":"x"}"#,
                "unknown_member",
            ),
            ("{}", "email: missing"),
            (r#"{"email":null}"#, "email: missing"),
            (r#"{"email":1}"#, "email: not a string"),
            (r#"{"email":"ada"}"#, "email: not_one_at_sign"),
            ("\u{feff}{}", "not_an_object"),
        ] {
            assert_eq!(code(line), expected, "{line}");
        }
        for (member, expected) in [
            (r#""id":"1""#, "id: not a UUID: put it into external_id"),
            (
                r#""id":"00000000-0000-0000-0000-000000000000""#,
                "id: not a UUID: put it into external_id",
            ),
            (
                r#""email_verified":"true""#,
                "email_verified: neither true nor false",
            ),
            (r#""roles":"user""#, "roles: not a list of strings"),
            (r#""roles":["a b"]"#, "roles: character"),
            (r#""first_name":"a\nb""#, "first_name: control_character"),
            (r#""password_hash":["x"]"#, "password_hash: not a string"),
            (
                r#""external_id":"""#,
                "external_id: not 1 to 255 characters without line breaks",
            ),
        ] {
            assert_eq!(with(member), expected, "{member}");
        }
        let not_utf_8 = ImportRow::read(b"{\"email\":\"\xe9\"}").unwrap_err();
        assert_eq!(not_utf_8, RowRefusal::NotUtf8);
        // The string has only one half of a surrogate pair.
        assert_eq!(code(r#"{"email":"\ud83d@example.com"}"#), "not_json");
        let long = format!(r#"{{"email":"{}"}}"#, "a".repeat(IMPORT_LINE_MAX_BYTES));
        assert_eq!(code(&long), "line_too_long");
    }

    #[test]
    fn no_detail_quotes_the_line() {
        for line in [
            "{\"secret\":1,\"email\":\"a@example.com\"}",
            "secret",
            "{\"email\":\"secret\"}",
        ] {
            let refusal = ImportRow::read(line.as_bytes()).unwrap_err();
            assert!(!refusal.detail().contains("secret"), "{line}");
        }
    }
}
