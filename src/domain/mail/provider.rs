//! The providers that send mails.

/// `MAIL_PROVIDER`: the vendor that sends mails.
///
/// `MAIL_FROM` must be an address that the vendor has verified. The vendor must not track who opens
/// the service's mails or clicks on their links, because a link in a mail is a secret. If a
/// vendor's API allows it, the service switches tracking off in each request. With the other
/// vendors, the operator must switch it off in the vendor's settings, as described below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Resend. `MAIL_API_KEY`: an API key with sending access. `MAIL_API_URL`: not needed. Tracking
    /// is a setting of the domain: keep it off.
    Resend,
    /// Postmark. `MAIL_API_KEY`: the token of a server. `MAIL_API_URL`: not needed. Requests switch
    /// tracking off.
    Postmark,
    /// Twilio SendGrid. `MAIL_API_KEY`: an API key that may send mail. `MAIL_API_URL`:
    /// `https://api.eu.sendgrid.com` for a subuser in the EU region. Requests switch tracking off.
    Sendgrid,
    /// Mailgun. `MAIL_API_KEY`: a key of the account or of the domain, without the user name `api`.
    /// `MAIL_API_URL`: `https://api.eu.mailgun.net` for a domain in the EU region. Mails are sent
    /// from the domain of `MAIL_FROM`. Requests switch tracking off.
    Mailgun,
    /// Brevo. `MAIL_API_KEY`: an API key (v3). `MAIL_API_URL`: not needed. Tracking is a setting of
    /// the account: keep it off.
    Brevo,
    /// Cloudflare Email Service through its REST API. `MAIL_API_KEY`: an API token that may send
    /// mail. `MAIL_API_URL`: required, because it contains the account:
    /// `https://api.cloudflare.com/client/v4/accounts/<account id>`. It has no tracking.
    Cloudflare,
    /// Cloudflare Email Service through the binding `EMAIL` of type `send_email`. It needs neither
    /// `MAIL_API_KEY` nor `MAIL_API_URL`.
    CloudflareBinding,
}

impl Provider {
    /// All providers, in the order in which messages list them.
    pub const ALL: [Self; 7] = [
        Self::Resend,
        Self::Postmark,
        Self::Sendgrid,
        Self::Mailgun,
        Self::Brevo,
        Self::Cloudflare,
        Self::CloudflareBinding,
    ];

    /// The name in `MAIL_PROVIDER`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Postmark => "postmark",
            Self::Sendgrid => "sendgrid",
            Self::Mailgun => "mailgun",
            Self::Brevo => "brevo",
            Self::Cloudflare => "cloudflare",
            Self::CloudflareBinding => "cloudflare-binding",
        }
    }

    /// The base URL of the API if `MAIL_API_URL` is not set. `None` if `MAIL_API_URL` is required
    /// or is not used.
    #[must_use]
    pub const fn default_api_url(self) -> Option<&'static str> {
        match self {
            Self::Resend => Some("https://api.resend.com"),
            Self::Postmark => Some("https://api.postmarkapp.com"),
            Self::Sendgrid => Some("https://api.sendgrid.com"),
            Self::Mailgun => Some("https://api.mailgun.net"),
            Self::Brevo => Some("https://api.brevo.com/v3"),
            Self::Cloudflare | Self::CloudflareBinding => None,
        }
    }

    /// Whether the provider is called over HTTP, with `MAIL_API_KEY` and a URL. This is true for
    /// all providers except the binding.
    #[must_use]
    pub const fn is_http(self) -> bool {
        !matches!(self, Self::CloudflareBinding)
    }
}
