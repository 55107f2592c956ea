//! Reads how an app identifies itself at the token, revocation and introspection endpoints (RFC
//! 6749 section 2.3). An app sends its `client_id` alone, or it authenticates with the method
//! `client_secret_basic` or `client_secret_post`.

use base64ct::{Base64, Encoding};

use super::body;
use super::problem::Problem;
use super::request::Request;
use crate::domain::error::{ClientRefusal, Code, Error};
use crate::domain::secret::Secret;
use crate::service::client_authentication::ClientCredentials;

/// The value of `WWW-Authenticate` for an app that used the `Authorization` header (RFC 6749
/// section 5.2). The answers to other requests don't have this value, because it makes browsers
/// show their own password dialog.
const BASIC: &str = "Basic realm=\"edgegate\", charset=\"UTF-8\"";

/// The credentials of the app that sends the request. `None` when the request names no app.
///
/// # Errors
/// - `invalid_request`: for a request that uses two methods of authentication at once, that has two
///   different values of `client_id`, or that has a secret in the URL.
/// - `invalid_client`: for an `Authorization` header that can't be read, and for a method that this
///   service does not support.
pub fn read(request: &Request<'_>) -> Result<Option<ClientCredentials>, Problem> {
    require_no_secret_in_url(request)?;
    let [client_id, client_secret, assertion, assertion_type] = body::oauth_parameters(
        request,
        [
            "client_id",
            "client_secret",
            "client_assertion",
            "client_assertion_type",
        ],
    )?;
    let basic = basic_of(request);
    let methods = [
        basic.is_some(),
        client_secret.is_some(),
        assertion.is_some() || assertion_type.is_some(),
    ];
    if methods.into_iter().filter(|is_used| *is_used).count() > 1 {
        return Err(Problem::invalid_request(
            "the app authenticates by two methods at once: send the secret once",
        ));
    }
    if assertion.is_some() || assertion_type.is_some() {
        return Err(Error::Client(ClientRefusal::Method).into());
    }
    let Some(basic) = basic else {
        let secret = client_secret.map(Secret::new);
        return match (client_id, secret) {
            (Some(client_id), secret) => Ok(Some(ClientCredentials { client_id, secret })),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Problem::invalid_request("client_id is missing")),
        };
    };
    let (named, secret) =
        read_basic(basic).ok_or_else(|| challenge(Error::Client(ClientRefusal::Header).into()))?;
    if client_id.is_some_and(|id| id != named) {
        return Err(Problem::invalid_request(
            "client_id in the body differs from that of the Authorization header",
        ));
    }
    Ok(Some(ClientCredentials {
        client_id: named,
        // A client whose secret is the empty string may send the parameter or leave it out (RFC
        // 6749 section 2.3.1), so an empty secret is treated as absent.
        secret: Some(secret)
            .filter(|text| !text.is_empty())
            .map(Secret::new),
    }))
}

/// Completes the problem for the app. If the app sent credentials in the `Authorization` header and
/// they were rejected, the answer must have a `WWW-Authenticate` header for the scheme `Basic`.
#[must_use]
pub fn refuse(request: &Request<'_>, problem: Problem) -> Problem {
    if problem.code == Code::InvalidClient && basic_of(request).is_some() {
        challenge(problem)
    } else {
        problem
    }
}

/// Rejects secrets in the URL, because servers and browsers keep URLs in logs and histories (RFC
/// 6749 section 2.3.1, RFC 6750 section 5.3).
///
/// # Errors
/// `invalid_request`.
pub fn require_no_secret_in_url(request: &Request<'_>) -> Result<(), Problem> {
    let mut parameters = form_urlencoded::parse(request.query.as_bytes());
    // A parameter whose value is empty is treated as absent (RFC 6749 section 3.1).
    let Some((name, _)) = parameters.find(|(name, value)| is_secret(name) && !value.is_empty())
    else {
        return Ok(());
    };
    Err(Problem::invalid_request(format!(
        "{name} is in the URL: send it in the body, because URLs are logged"
    )))
}

/// Whether a parameter with this name holds a secret. Such a parameter must not be in a URL.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    const SECRETS: [&str; 7] = [
        "client_secret",
        "client_assertion",
        "code",
        "code_verifier",
        "refresh_token",
        "access_token",
        "token",
    ];
    SECRETS.contains(&name)
}

fn challenge(problem: Problem) -> Problem {
    problem.with("WWW-Authenticate", BASIC)
}

/// The credentials that follow the scheme `Basic` in the `Authorization` header. `None` if the
/// header has another scheme, because other schemes don't identify an app.
fn basic_of<'a>(request: &Request<'a>) -> Option<&'a str> {
    let (scheme, rest) = request
        .authorization
        .map(|value| value.split_once(' ').unwrap_or((value, "")))?;
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| rest.trim_start_matches(' '))
}

/// Reads the id and the secret from credentials of the scheme `Basic` (RFC 7617). Before an app
/// joins the id and the secret with a colon, it encodes each of them like a value of a form (RFC
/// 6749 section 2.3.1).
fn read_basic(text: &str) -> Option<(String, String)> {
    let bytes = Base64::decode_vec(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let (id, secret) = (decode(id)?, decode(secret)?);
    (!id.is_empty()).then_some((id, secret))
}

/// Decodes one value that is encoded like a value of a form. `None` if the text has `&` or `=`,
/// which separate values and which an encoded value can't contain.
fn decode(text: &str) -> Option<String> {
    if text.contains(['&', '=']) {
        return None;
    }
    let decoded = form_urlencoded::parse(text.as_bytes()).next();
    Some(decoded.map_or_else(String::new, |(name, _)| name.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    /// Calls [`read`] with a request that has this `Authorization` header and this form as its
    /// body. Returns the app's id and secret, or the code of the error.
    fn found(
        authorization: Option<&str>,
        body: &str,
    ) -> Result<Option<(String, Option<String>)>, Code> {
        let request = Request {
            authorization,
            content_type: Some(FORM),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        match read(&request) {
            Ok(found) => Ok(found.map(|it| {
                let secret = it.secret.map(|secret| secret.expose().to_owned());
                (it.client_id, secret)
            })),
            Err(problem) => Err(problem.code),
        }
    }

    fn basic(text: &str) -> String {
        ["Basic ", &Base64::encode_string(text.as_bytes())].concat()
    }

    fn app(id: &str, secret: Option<&str>) -> Result<Option<(String, Option<String>)>, Code> {
        Ok(Some((id.to_owned(), secret.map(str::to_owned))))
    }

    #[test]
    fn each_method_by_itself() {
        assert_eq!(found(None, ""), Ok(None));
        assert_eq!(found(None, "client_id=a"), app("a", None));
        assert_eq!(
            found(None, "client_id=a&client_secret=b"),
            app("a", Some("b"))
        );
        assert_eq!(found(None, "client_id=a&client_secret="), app("a", None));
        assert_eq!(found(Some(&basic("a:b")), ""), app("a", Some("b")));
        assert_eq!(
            found(Some(&basic("a:b")), "client_id=a"),
            app("a", Some("b"))
        );
        assert_eq!(found(Some(&basic("a:")), ""), app("a", None));
        // A `Bearer` header authenticates the user, not the app, so it is ignored here.
        assert_eq!(found(Some("Bearer x"), "client_id=a"), app("a", None));
    }

    /// RFC 6749 section 2.3.1.
    #[test]
    fn basic_is_decoded_like_a_form() {
        let url = "https%3A%2F%2Fapp.example%2Fid";
        assert_eq!(
            found(Some(&basic(&[url, ":a+b%2Bc%3Ad"].concat())), ""),
            app("https://app.example/id", Some("a b+c:d"))
        );
        assert_eq!(found(Some(&basic("a:b:c")), ""), app("a", Some("b:c")));
    }

    #[test]
    fn a_header_that_cannot_be_read_is_no_client() {
        for header in [
            "Basic",
            "Basic ",
            "basic !",
            "Basic YQ",
            &basic("a"),
            &basic(":b"),
            &basic("a:b&c"),
            &basic("a=b:c"),
            "Basic /////w==",
        ] {
            let refused = found(Some(header), "client_id=a");
            assert_eq!(refused, Err(Code::InvalidClient), "{header}");
        }
    }

    #[test]
    fn two_methods_or_two_ids_are_refused() {
        let header = basic("a:b");
        for (authorization, body) in [
            (Some(&*header), "client_secret=b"),
            (Some(&*header), "client_id=a&client_secret=b"),
            (Some(&*header), "client_assertion=x"),
            (None, "client_id=a&client_secret=b&client_assertion=x"),
            (Some(&*header), "client_id=c"),
            (None, "client_secret=b"),
            (None, "client_id=a&client_id=a"),
            (None, "client_id=a&client_secret=b&client_secret=b"),
        ] {
            assert_eq!(
                found(authorization, body),
                Err(Code::InvalidRequest),
                "{body}"
            );
        }
        assert_eq!(found(None, "client_assertion=x"), Err(Code::InvalidClient));
    }

    #[test]
    fn a_secret_in_the_url_is_refused_and_not_repeated() {
        for query in [
            "client_secret=hush",
            "a=b&code=hush",
            "%63ode_verifier=hush",
            "refresh_token=hush",
            "token=hush",
            "access_token=hush",
        ] {
            let request = Request {
                query,
                content_type: Some(FORM),
                ..Request::default()
            };
            let problem = read(&request).unwrap_err();
            assert_eq!(problem.code, Code::InvalidRequest, "{query}");
            assert!(!problem.into_oauth_answer().body.unwrap().contains("hush"));
        }
        for query in ["codes=1&x=code", "access_token=&code&client_secret="] {
            let request = Request {
                query,
                content_type: Some(FORM),
                ..Request::default()
            };
            assert!(read(&request).is_ok(), "{query}");
        }
    }

    #[test]
    fn only_a_user_of_the_header_is_challenged_by_its_scheme() {
        let refused = || Problem::from(Error::Client(ClientRefusal::Secret));
        let challenge = |authorization| {
            let request = Request {
                authorization,
                ..Request::default()
            };
            let answer = refuse(&request, refused()).into_oauth_answer();
            assert_eq!(answer.status, 401);
            answer.header("WWW-Authenticate").unwrap().to_owned()
        };
        assert_eq!(challenge(Some("Basic YTpi")), BASIC);
        for other in [None, Some("Bearer x")] {
            assert!(challenge(other).starts_with("Edgegate "));
        }
    }
}
