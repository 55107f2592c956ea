//! The settings for mail: the provider, the sender, the product's name, the budget, the language.

use super::source::{Source, shown};
use super::url_fault::base_url_fault;
use super::{SettingError, host_of, is_loopback_host};
use crate::domain::account::EmailAddress;
use crate::domain::mail::{Locale, Provider, Sender};
use crate::domain::policy;
use crate::domain::secret::Secret;
use edgegate_token::unicode::breaks_line;

/// Where mails are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailRoute {
    /// No provider is set. A request that would send a mail is rejected.
    None,
    /// To a page that shows the mails. This is for local development.
    Outbox,
    /// To their recipients, through this provider.
    Via(Provider),
}

#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `MAIL_PROVIDER`.
    pub route: MailRoute,
    /// `MAIL_FROM`: `login@example.com` or `Example <login@example.com>`.
    pub sender: Sender,
    /// `MAIL_API_KEY`: the provider's API key.
    pub api_key: Option<Secret>,
    /// `MAIL_API_URL`: the base URL of the provider's API, if it is not the default one.
    pub api_url: Option<String>,
    /// `MAIL_BUDGET`, in mails per hour.
    pub budget: u64,
    /// `MAIL_LOCALE`: the language of a mail when the recipient's browser asks for no language that
    /// the mails are written in.
    pub locale: Locale,
    /// `PRODUCT_NAME`: the name of the service in mails.
    pub product: String,
}

const PROVIDERS: [(&str, MailRoute); 9] = [
    ("none", MailRoute::None),
    ("outbox", MailRoute::Outbox),
    via(Provider::Resend),
    via(Provider::Postmark),
    via(Provider::Sendgrid),
    via(Provider::Mailgun),
    via(Provider::Brevo),
    via(Provider::Cloudflare),
    via(Provider::CloudflareBinding),
];

const fn via(provider: Provider) -> (&'static str, MailRoute) {
    (provider.name(), MailRoute::Via(provider))
}

impl Source<'_> {
    pub(super) fn mail(&self, dev: bool) -> Result<MailSettings, SettingError> {
        let route = self.note(self.mail_route(dev));
        let api_key = self.note(self.api_key());
        let api_url = self.note(self.api_url());
        let sender = self.note(self.sender());
        let needs = match route {
            Ok(MailRoute::Via(provider)) => self.has_what_it_needs(provider),
            _ => Ok(()),
        };
        let budget = self.note(self.number(
            "MAIL_BUDGET",
            policy::MAIL_BUDGET,
            1..=policy::MAX_MAIL_BUDGET,
        ));
        let locale = self.note(self.choice(
            "MAIL_LOCALE",
            Locale::default().tag(),
            &[
                (Locale::English.tag(), Locale::English),
                (Locale::German.tag(), Locale::German),
            ],
        ));
        let product = self.note(self.product());
        needs?;
        Ok(MailSettings {
            route: route?,
            sender: sender?,
            api_key: api_key?,
            api_url: api_url?,
            budget: budget?,
            locale: locale?,
            product: product?,
        })
    }

    fn mail_route(&self, dev: bool) -> Result<MailRoute, SettingError> {
        let default = if dev { "outbox" } else { "none" };
        let route = self.choice("MAIL_PROVIDER", default, &PROVIDERS)?;
        if route != MailRoute::Outbox || dev {
            return Ok(route);
        }
        Err(SettingError {
            setting: "MAIL_PROVIDER",
            problem: "is \"outbox\" outside local development".to_owned(),
            remedy: "Set it to the provider that sends your mail: the outbox delivers nothing.",
        })
    }

    fn has_what_it_needs(&self, provider: Provider) -> Result<(), SettingError> {
        let missing = [
            (
                provider.is_http(),
                "MAIL_API_KEY",
                "Store the API key that the provider gave you.",
            ),
            (
                provider.is_http() && provider.default_api_url().is_none(),
                "MAIL_API_URL",
                "Set it to \"https://api.cloudflare.com/client/v4/accounts/<your account id>\": the \
                 URL is different for each account.",
            ),
            (
                true,
                "MAIL_FROM",
                "Set it, such as \"Example <login@example.com>\", to an address that you have \
                 verified with the provider.",
            ),
        ]
        .into_iter()
        .filter(|(is_needed, setting, _)| *is_needed && !self.is_set(setting))
        .map(|(_, setting, remedy)| {
            self.note(Err(SettingError {
                setting,
                problem: format!(
                    "is missing, but MAIL_PROVIDER is \"{}\", which needs it",
                    provider.name()
                ),
                remedy,
            }))
        });
        // This notes an error for every missing setting, and returns the first error.
        missing.fold(Ok(()), Result::and)
    }

    /// The base URL of the pages that mailed links open. The pages may be on another site, and
    /// under a path.
    pub(super) fn app_url(&self, issuer: &str) -> Result<String, SettingError> {
        let Some(url) = self.text("APP_URL")? else {
            return Ok(issuer.to_owned());
        };
        if is_base_url(&url) {
            Ok(url)
        } else {
            Err(SettingError {
                setting: "APP_URL",
                problem: format!("is {}, {}", shown(&url), base_url_fault(&url)),
                remedy: "Set it, such as \"https://example.com\" or \
                         \"https://example.com/account\": mailed links begin with it. Remove it to \
                         use the Worker's own pages.",
            })
        }
    }

    fn api_key(&self) -> Result<Option<Secret>, SettingError> {
        let key = self.text("MAIL_API_KEY")?;
        match &key {
            // The key is sent in a header. If it had a line break at its end, every request would
            // fail.
            Some(key) if !key.bytes().all(|b| b.is_ascii_graphic()) => Err(SettingError {
                setting: "MAIL_API_KEY",
                problem: "contains a space, a line break or another character that no API key has"
                    .to_owned(),
                remedy: "Store the key alone: it is sent in a header.",
            }),
            _ => Ok(key.map(Secret::new)),
        }
    }

    fn api_url(&self) -> Result<Option<String>, SettingError> {
        let url = self.text("MAIL_API_URL")?;
        match &url {
            Some(url) if !is_base_url(url) => Err(SettingError {
                setting: "MAIL_API_URL",
                problem: format!("is {}, {}", shown(url), base_url_fault(url)),
                remedy: "Set it to the base URL of the provider's API, or remove it to use the \
                         provider's default.",
            }),
            _ => Ok(url),
        }
    }

    fn sender(&self) -> Result<Sender, SettingError> {
        let text = self
            .text("MAIL_FROM")?
            .unwrap_or_else(|| "no-reply@example.com".to_owned());
        let error = |fault: &str| SettingError {
            setting: "MAIL_FROM",
            problem: format!("is {}, but {fault}", shown(&text)),
            remedy: "Set it, such as \"login@example.com\" or \"Example <login@example.com>\".",
        };
        let (name, address) = match text.strip_suffix('>') {
            Some(rest) => {
                let parts = rest.rsplit_once('<');
                let (name, address) = parts.ok_or_else(|| error("has no \"<\" before \">\""))?;
                (Some(name.trim()).filter(|name| !name.is_empty()), address)
            }
            None => (None, text.as_str()),
        };
        let fault = match name {
            Some(name) if name.contains(['"', '\\', '<', '>']) => {
                Some("the name must not contain a quotation mark, a backslash or an angle bracket")
            }
            Some(name) if !is_line(name) => {
                Some("the name must have at most 64 characters, on one line")
            }
            _ => None,
        };
        if let Some(fault) = fault {
            return Err(error(fault));
        }
        let parsed = EmailAddress::parse(address);
        Ok(Sender {
            name: name.map(str::to_owned),
            address: parsed.map_err(|_| {
                error(match name {
                    Some(_) => "what is between \"<\" and \">\" is not an email address",
                    None if address.contains(' ') => {
                        "an address that follows a name must be between \"<\" and \">\""
                    }
                    None => "is not an email address",
                })
            })?,
        })
    }

    fn product(&self) -> Result<String, SettingError> {
        let product = self
            .text("PRODUCT_NAME")?
            .unwrap_or_else(|| "edgegate".to_owned());
        if is_line(&product) {
            Ok(product)
        } else {
            Err(SettingError {
                setting: "PRODUCT_NAME",
                problem: format!(
                    "is {}, but must be 1 to 64 characters on one line",
                    shown(&product)
                ),
                remedy: "Change it, or remove it to use the default, edgegate.",
            })
        }
    }
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= policy::PRODUCT_NAME_CHARS
        && !text.chars().any(breaks_line)
}

/// Whether a text is a URL to which a path can be added. It must be an https URL, or an http URL on
/// a loopback address.
pub(super) fn is_base_url(url: &str) -> bool {
    let (rest, secure) = match url.strip_prefix("https://") {
        Some(rest) => (rest, true),
        None => (url.strip_prefix("http://").unwrap_or_default(), false),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    !authority.is_empty()
        && (secure || is_loopback_host(host_of(authority)))
        && !rest.ends_with('/')
        && rest
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/.-_~:[]%".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dev: bool, settings: &[(&str, &str)]) -> Result<MailSettings, SettingError> {
        let lookup = |name: &str| {
            settings
                .iter()
                .find(|(setting, _)| *setting == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Source::new(&lookup).mail(dev)
    }

    #[test]
    fn without_settings_mail_goes_to_the_outbox_or_nowhere() {
        assert_eq!(read(true, &[]).unwrap().route, MailRoute::Outbox);
        assert_eq!(read(false, &[]).unwrap().route, MailRoute::None);
    }

    #[test]
    fn a_provider_needs_its_settings() {
        let from = ("MAIL_FROM", "login@example.com");
        let key = ("MAIL_API_KEY", "key-123");
        for (provider, given, missing) in [
            ("resend", &[from][..], Some("MAIL_API_KEY")),
            ("resend", &[key], Some("MAIL_FROM")),
            ("resend", &[from, key], None),
            ("cloudflare", &[from, key], Some("MAIL_API_URL")),
            ("cloudflare-binding", &[from], None),
        ] {
            let settings = [&[("MAIL_PROVIDER", provider)], given].concat();
            let error = read(false, &settings).err().map(|error| error.setting);
            assert_eq!(error, missing, "{provider}");
        }
        assert!(!format!("{:?}", read(true, &[key]).unwrap()).contains("key-123"));
    }

    #[test]
    fn a_key_that_no_header_takes_is_named_and_not_shown() {
        for key in ["key-123\n", "key 123", "k\u{e9}y-123"] {
            let error = read(true, &[("MAIL_API_KEY", key)]).unwrap_err();
            assert_eq!(error.setting, "MAIL_API_KEY");
            assert!(!error.to_string().contains("123"), "{error}");
        }
    }

    #[test]
    fn senders() {
        let sender = |text| read(true, &[("MAIL_FROM", text)]).map(|mail| mail.sender);
        let address = EmailAddress::parse("login@example.com").unwrap();
        for (text, name) in [
            ("login@example.com", None),
            ("<login@example.com>", None),
            (
                "Example & Söhne <login@example.com>",
                Some("Example & Söhne"),
            ),
        ] {
            let sender = sender(text).unwrap();
            assert_eq!((sender.name.as_deref(), &sender.address), (name, &address));
        }
        for text in [
            "Example login@example.com",
            "\"Example\" <login@example.com>",
            "a\r\nBcc: x <login@example.com>",
            "Example <login@example.com>, <other@example.com>",
            "Example <nobody>",
        ] {
            assert_eq!(sender(text).unwrap_err().setting, "MAIL_FROM", "{text}");
        }
    }

    #[test]
    fn base_urls() {
        for url in [
            "https://a.example",
            "https://a.example/b",
            "http://127.0.0.1:8787",
        ] {
            assert!(is_base_url(url), "{url}");
        }
        for url in [
            "",
            "https://",
            "http://a.example",
            "https://a.example/",
            "https://a.example?b",
            "https://a@b.example",
            "javascript:alert(1)",
        ] {
            assert!(!is_base_url(url), "{url}");
        }
    }
}
