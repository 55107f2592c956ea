//! The texts of all mails: subject, text and HTML, in each language.
//!
//! A language consists only of data (`en.rs`, `de.rs`). All languages share one layout for HTML and
//! one for plain text (`templates/letter.html`, `letter.txt`), so the Worker contains each layout
//! once. Askama escapes values in HTML. No mail contains an image, anything that is loaded from
//! another server, or a URL besides its own link.

mod de;
mod en;
mod lines;
mod words;

use askama::Template;

use crate::domain::mail::Locale;
use lines::one_line;

/// The kind of a mail and the values in it, from which [`render`] makes the text.
///
/// Mails to an address that nobody has verified (`Invitation`, `FinishRegistration`,
/// `VerifyAddress`, `ConfirmAddress`) contain nothing that the requester typed. Otherwise anyone
/// could use the service to send a text of their own to anyone. These variants have no field for
/// such a text, and must not get one.
#[derive(Clone, Copy)]
pub enum Letter<'a> {
    /// Someone asked for a link to choose a new password.
    ResetPassword {
        /// Opens the page where the new password is chosen.
        link: &'a str,
        /// How long the link is valid.
        minutes: u64,
    },
    /// An administrator created the account; its owner chooses the first password.
    Invitation {
        /// Opens the page that asks for the password.
        link: &'a str,
        /// How long the link is valid.
        minutes: u64,
    },
    /// Someone wants to register with this address. The account does not exist yet.
    FinishRegistration {
        /// Opens the page where the password is chosen, which creates the account.
        link: &'a str,
        /// How long the link is valid.
        minutes: u64,
    },
    /// The address of an existing account must be verified.
    VerifyAddress {
        /// Opens the page that asks for the password and verifies the address.
        link: &'a str,
        /// How long the link is valid.
        minutes: u64,
    },
    /// Someone tried to register with an address that already has an account, or to change the
    /// address of another account to this address. Perhaps the owner has forgotten the account, so
    /// the mail contains a link to choose a new password.
    AddressTaken {
        /// Opens the page where the new password is chosen.
        link: &'a str,
        /// How long the link is valid.
        minutes: u64,
    },
    /// The password was changed or reset, and older sessions ended.
    PasswordChanged {
        /// The URL of the page on which a user asks for a link to choose a new password.
        reset: &'a str,
    },
    /// Sent to the new address of an account. The address must be confirmed before the account gets
    /// it.
    ConfirmAddress {
        /// Opens the page that confirms the address.
        link: &'a str,
        /// How long the link is valid.
        minutes: u64,
    },
    /// Sent to the current address of an account, because somebody requested another address for
    /// it. The owner can stop the change by choosing a new password, because this invalidates the
    /// link that confirms the other address.
    AddressChangeAsked {
        /// The URL of the page on which a user asks for a link to choose a new password.
        reset: &'a str,
    },
    /// Sent to the previous address of an account, because the account has another address now.
    AddressChanged,
    /// The account was deleted.
    AccountDeleted,
    /// A used refresh token was presented again, so it was stolen or leaked. Its session was ended.
    SessionEnded {
        /// The program that presented the token, such as `Firefox on Linux`, if it is known.
        device: Option<&'a str>,
        /// Where the token was presented, such as `Berlin, DE`, if the place is known.
        place: Option<&'a str>,
        /// The URL of the page on which a user asks for a link to choose a new password.
        reset: &'a str,
    },
}

impl<'a> Letter<'a> {
    /// A stable name, `snake_case`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ResetPassword { .. } => "reset_password",
            Self::Invitation { .. } => "invitation",
            Self::FinishRegistration { .. } => "finish_registration",
            Self::VerifyAddress { .. } => "verify_address",
            Self::AddressTaken { .. } => "address_taken",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::AddressChangeAsked { .. } => "address_change_asked",
            Self::AddressChanged => "address_changed",
            Self::AccountDeleted => "account_deleted",
            Self::SessionEnded { .. } => "session_ended",
        }
    }

    /// The only URL in the mail.
    fn url(&self) -> Option<&'a str> {
        match *self {
            Self::ResetPassword { link, .. }
            | Self::Invitation { link, .. }
            | Self::FinishRegistration { link, .. }
            | Self::VerifyAddress { link, .. }
            | Self::AddressTaken { link, .. }
            | Self::ConfirmAddress { link, .. } => Some(link),
            Self::PasswordChanged { reset }
            | Self::AddressChangeAsked { reset }
            | Self::SessionEnded { reset, .. } => Some(reset),
            Self::AddressChanged | Self::AccountDeleted => None,
        }
    }

    fn minutes(&self) -> Option<u64> {
        match *self {
            Self::ResetPassword { minutes, .. }
            | Self::Invitation { minutes, .. }
            | Self::FinishRegistration { minutes, .. }
            | Self::VerifyAddress { minutes, .. }
            | Self::AddressTaken { minutes, .. }
            | Self::ConfirmAddress { minutes, .. } => Some(minutes),
            _ => None,
        }
    }
}

/// The finished texts of a mail.
pub struct Rendered {
    /// The subject, in one line.
    pub subject: String,
    /// The plain text, for mail programs that don't show HTML. Its lines have at most 76
    /// characters, unless a word or the link is longer.
    pub text: String,
    /// A complete HTML document.
    pub html: String,
}

/// Makes the texts of a mail. `product` is the setting `PRODUCT_NAME`. Control characters are
/// removed from it. The same arguments always give the same texts.
#[must_use]
pub fn render(letter: &Letter<'_>, product: &str, locale: Locale) -> Rendered {
    let (words, phrases) = match locale {
        Locale::English => (en::words(letter), &en::PHRASES),
        Locale::German => (de::words(letter), &de::PHRASES),
    };
    let product = one_line(product);
    let named = |[before, after]: words::Around| [before, &product, after].concat();
    let seen = match *letter {
        Letter::SessionEnded { device, place, .. } => {
            [(phrases.device, device), (phrases.place, place)]
        }
        _ => [("", None); 2],
    };
    let content = Content {
        lang: locale.tag(),
        product: &product,
        subject: &named(words.subject),
        heading: words.heading,
        greeting: phrases.greeting,
        opening: &named(words.opening),
        facts: seen
            .into_iter()
            .filter_map(|(label, value)| {
                Some(Fact {
                    label,
                    value: one_line(value?),
                })
            })
            .collect(),
        paragraphs: words.paragraphs,
        button: letter.url().map(|url| Button {
            label: words.button,
            url,
        }),
        expiry: letter.minutes().map(|minutes| phrases.expiry(minutes)),
        note: words.note,
        link_hint: phrases.link_hint,
        reason: &named(words.reason),
    };
    // Rendering fails only if a `String` can't be written to, which never happens.
    let text = TextLayout { content: &content }
        .render()
        .unwrap_or_default();
    let html = HtmlLayout { content: &content }
        .render()
        .unwrap_or_default();
    Rendered {
        subject: content.subject.to_owned(),
        text,
        html,
    }
}

/// The values that the layouts show.
struct Content<'a> {
    lang: &'static str,
    product: &'a str,
    subject: &'a str,
    heading: &'static str,
    greeting: &'static str,
    opening: &'a str,
    facts: Vec<Fact>,
    paragraphs: &'static [&'static str],
    button: Option<Button<'a>>,
    expiry: Option<String>,
    note: &'static str,
    link_hint: &'static str,
    reason: &'a str,
}

struct Fact {
    label: &'static str,
    value: String,
}

struct Button<'a> {
    label: &'static str,
    url: &'a str,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct HtmlLayout<'a> {
    content: &'a Content<'a>,
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct TextLayout<'a> {
    content: &'a Content<'a>,
}
