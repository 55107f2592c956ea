//! Short pages, without a script, for people whose browser another app sent to this service. The
//! Worker itself makes their HTML. So the pages also work if the Worker is deployed without the
//! folder `www`.

use std::borrow::Cow;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::answer::Answer;
use crate::domain::mail::Locale;

/// The style sheet of a page. The page's Content-Security-Policy names the hash of this text, so
/// browsers apply no other style.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0 auto;max-width:34rem;padding:3rem 1.25rem;font:1rem/1.6 system-ui,sans-serif;\
background:#f6f7fb;color:#171b26}\
h1{font-size:1.75rem;line-height:1.25;margin:0 0 1rem}\
h2{font-size:1rem;margin:2rem 0 .25rem}\
code{font:.875rem/1.6 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}\
.small{font-size:.875rem;color:#535c6e}\
button,.action{display:inline-block;font:inherit;padding:.625rem 1.125rem;border:0;\
border-radius:.5rem;background:#3f52d6;color:#fff;text-decoration:none;cursor:pointer}\
button:focus-visible,a:focus-visible{outline:3px solid #7b8497;outline-offset:2px}\
@media(prefers-color-scheme:dark){body{background:#0d1118;color:#e9ecf4}\
.small{color:#a6b0c3}button,.action{background:#9db0ff;color:#0d1118}}";

/// A page. Every text that is inserted into it is escaped.
#[derive(Debug)]
pub struct Page {
    status: u16,
    locale: Locale,
    title: &'static str,
    body: String,
    /// A source for the page's Content-Security-Policy: the origin or scheme, besides this origin,
    /// to which the answer to the page's form may redirect. `None` if the page has no form.
    form_leads_to: Option<String>,
}

impl Page {
    /// A page with this heading.
    #[must_use]
    pub fn new(status: u16, locale: Locale, title: &'static str) -> Self {
        Self {
            status,
            locale,
            title,
            body: String::new(),
            form_leads_to: None,
        }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(mut self, text: &str) -> Self {
        self.body.extend(["<p>", &escape(text), "</p>"]);
        self
    }

    /// Adds a section for the developers of the app. It says what is wrong with the app's request,
    /// and shows the wrong value.
    #[must_use]
    pub fn for_developers(mut self, fault: &str, value: Option<&str>) -> Self {
        let title = match self.locale {
            Locale::English => "For the developers of the app",
            Locale::German => "Für die Entwickler der App",
        };
        // This text is not translated, so that developers find the same text in the documentation.
        let fault = escape(fault);
        self.body.extend([
            "<h2>",
            title,
            "</h2><p class=\"small\" lang=\"en\">",
            &fault,
        ]);
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let shown = escape(shown(value)).into_owned();
            self.body.extend(["<br><code>", &shown, "</code>"]);
        }
        self.body.push_str("</p>");
        self
    }

    /// Adds a link that looks like a button. `to` must be a URI of a registered client, because
    /// only the registration checks its scheme.
    #[must_use]
    pub fn link(mut self, to: &str, text: &str) -> Self {
        let (to, text) = (escape(to), escape(text));
        self.body.extend([
            "<p><a class=\"action\" rel=\"noreferrer\" href=\"",
            &to,
            "\">",
            &text,
            "</a></p>",
        ]);
        self
    }

    /// Adds a form of hidden fields and one button. The form is sent to `action` on this origin.
    /// The answer to the form may redirect to `then`, so the page's Content-Security-Policy allows
    /// that redirect.
    #[must_use]
    pub fn form<'a>(
        mut self,
        action: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
        button: &str,
        then: Option<&str>,
    ) -> Self {
        let action = escape(action);
        self.body
            .extend(["<form method=\"post\" action=\"", &action, "\">"]);
        for (name, value) in fields {
            let (name, value) = (escape(name), escape(value));
            let field = [
                "<input type=\"hidden\" name=\"",
                &name,
                "\" value=\"",
                &value,
                "\">",
            ];
            self.body.extend(field);
        }
        let button = escape(button);
        self.body
            .extend(["<p><button>", &button, "</button></p></form>"]);
        self.form_leads_to = Some(then.map(policy_source).unwrap_or_default());
        self
    }

    /// The answer with this page.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        let title = escape(self.title);
        let html = [
            "<!doctype html>\n<html lang=\"",
            self.locale.tag(),
            "\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <meta name=\"robots\" content=\"noindex\"><title>",
            &title,
            "</title><style>",
            STYLE,
            "</style></head><body><main><h1>",
            &title,
            "</h1>",
            &self.body,
            "</main></body></html>\n",
        ]
        .concat();
        let hash = Base64::encode_string(&Sha256::digest(STYLE));
        let forms = match &self.form_leads_to {
            None => "'none'".to_owned(),
            Some(origin) => ["'self'", origin].concat(),
        };
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action {forms}; \
             frame-ancestors 'none'"
        );
        let answer = Answer::text(self.status, "text/html; charset=utf-8", html)
            .with("Content-Security-Policy", policy)
            .with("X-Frame-Options", "DENY")
            .with("Content-Language", self.locale.tag())
            .with("Vary", "Accept-Language");
        match self.form_leads_to {
            // If a page has the referrer policy `no-referrer`, browsers send `Origin: null` with
            // its form. But the route that receives this form needs to know the origin.
            Some(_) => answer.with("Referrer-Policy", "same-origin"),
            None => answer,
        }
    }
}

/// A source for a Content-Security-Policy that allows a redirect to this URI, for example
/// `https://app.example`. The result begins with a space, so it can be appended to a directive. A
/// policy can't name an IPv6 address in brackets, so for such a host the source allows every URI of
/// the scheme.
fn policy_source(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return String::new();
    };
    let authority = rest
        .strip_prefix("//")
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    let is_source = |b: u8| b.is_ascii_alphanumeric() || b".-:".contains(&b);
    let is_web = matches!(scheme, "https" | "http");
    if is_web && !authority.is_empty() && authority.bytes().all(is_source) {
        [" ", scheme, "://", authority].concat()
    } else {
        let is_scheme = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
        if scheme.bytes().all(is_scheme) {
            [" ", scheme, ":"].concat()
        } else {
            String::new()
        }
    }
}

/// The beginning of a value, which is the only part that a page shows. Anybody can send a browser
/// here with any value, and must not be able to put a message of their own on a page of the issuer.
fn shown(value: &str) -> &str {
    const MOST: usize = 120;
    let end = value
        .bytes()
        .take(MOST)
        .take_while(u8::is_ascii_graphic)
        .count();
    value.get(..end).unwrap_or_default()
}

/// Escapes a text so that it can be inserted into HTML, between tags or in a quoted attribute.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len().saturating_add(16));
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTACK: &str = "\"><script>alert('1')</script>&amp;";
    const ESCAPED: &str = "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;";

    fn html(page: Page) -> String {
        page.into_answer().body.unwrap().into_owned()
    }

    #[test]
    fn every_text_is_escaped() {
        let page = || Page::new(400, Locale::English, "A title");
        for page in [
            page().paragraph(ATTACK),
            page().for_developers(ATTACK, None),
            page().for_developers("x", Some(ATTACK)),
            page().link(ATTACK, ATTACK),
            page().form("/auth/logout", [(ATTACK, ATTACK)], ATTACK, None),
        ] {
            let html = html(page);
            assert!(html.contains(ESCAPED), "{html}");
            assert!(!html.contains("<script"), "{html}");
        }
    }

    #[test]
    fn a_page_has_its_own_strict_policy() {
        let answer = Page::new(400, Locale::German, "x").into_answer();
        let policy = answer.header("Content-Security-Policy").unwrap();
        for directive in [
            "default-src 'none'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("Referrer-Policy"), None);
        assert_eq!(answer.header("X-Frame-Options"), Some("DENY"));
        assert!(answer.body.unwrap().contains("<html lang=\"de\">"));
    }

    #[test]
    fn the_answer_to_a_form_may_redirect_to_one_origin() {
        for (to, source) in [
            (None, "'self';"),
            (Some("https://a.example/x?y#z"), "'self' https://a.example;"),
            (
                Some("http://127.0.0.1:5000/cb"),
                "'self' http://127.0.0.1:5000;",
            ),
            (Some("http://[::1]:5000/cb"), "'self' http:;"),
            (Some("com.example.app:/cb"), "'self' com.example.app:;"),
            (Some("https://a.example;script-src *"), "'self' https:;"),
            (Some("x;script-src *:y"), "'self';"),
            (Some("x"), "'self';"),
        ] {
            let page = Page::new(200, Locale::English, "x").form("/auth/logout", [], "x", to);
            let answer = page.into_answer();
            let policy = answer.header("Content-Security-Policy").unwrap();
            let expected = ["form-action ", source].concat();
            assert!(policy.contains(&expected), "{to:?}: {policy}");
            assert_eq!(answer.header("Referrer-Policy"), Some("same-origin"));
        }
    }

    #[test]
    fn a_stranger_writes_no_message_on_a_page() {
        for (value, expected) in [
            ("https://app.example/cb", "https://app.example/cb"),
            ("https://app.example/Call 0900", "https://app.example/Call"),
            ("\u{202e}evil", ""),
            (&"a".repeat(500), &"a".repeat(120)),
        ] {
            assert_eq!(shown(value), expected);
        }
    }
}
