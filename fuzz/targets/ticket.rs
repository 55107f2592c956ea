//! Opens tickets: texts with a MAC that only the service can make. The input is used in two ways:
//! as the text of a ticket, and as the body of a ticket, to which this target adds the right MAC
//! (it seals the ticket). With the second way the fuzzer reaches the code after the check of the
//! MAC.
//!
//! If a text is accepted as a ticket, it must have been sealed with these keys and for this
//! purpose. If the ticket is sealed and opened again, it must be the same ticket. For some
//! purposes, the sealed text must be the same too.

use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgegate::domain::link::Links;
use edgegate::domain::policy::LINK_MAX_BYTES;
use edgegate::domain::session::RefreshTokens;
use edgegate::domain::ticket::TicketSecrets;

use super::token_support::mac;

const ISSUER: &str = "https://auth.example";
/// The bytes 1 to 32 in base64url.
pub(super) const SECRET: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";
/// For each purpose of a ticket, the prefix of its text and the label of its key.
const PURPOSES: [(&str, &str); 5] = [
    ("egr_", "refresh"),
    ("egl_", "reset"),
    ("egl_", "registration"),
    ("egl_", "verification"),
    ("egl_", "new address"),
];

struct Keys {
    refresh: RefreshTokens,
    links: Links,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let text = Base64UrlUnpadded::encode_string(&secret());
        let secrets = TicketSecrets::parse(&text).unwrap();
        Keys {
            refresh: RefreshTokens::new(&secrets, ISSUER),
            links: Links::new(&secrets, ISSUER),
        }
    })
}

fn secret() -> Vec<u8> {
    (1..=32).collect()
}

/// For each purpose, whether the text is accepted as a ticket for it, at a time long before the
/// ticket expires.
fn opens(text: &str) -> [bool; 5] {
    let Keys { refresh, links } = keys();
    let refresh = refresh.open(text).is_some_and(|ticket| {
        // If the ticket has the first format, or names authentication methods that this version
        // does not know, sealing it again can give another text. So the opened tickets are compared
        // instead of the texts.
        let sealed = refresh.seal(ticket);
        assert_eq!(refresh.open(sealed.expose()), Some(ticket));
        true
    });
    let reset = links.open_reset(text, 0).is_some_and(|link| {
        assert_eq!(links.seal_reset(link).expose(), text);
        assert!(links.open_reset(text, link.expires_at).is_none());
        true
    });
    let verification = links.open_verification(text, 0).is_some_and(|link| {
        assert_eq!(links.seal_verification(link).expose(), text);
        assert!(links.open_verification(text, link.expires_at).is_none());
        true
    });
    let new_address = links.open_new_address(text, 0).is_some_and(|link| {
        // The body of a link that an earlier version mailed can lack the line break at its end. So
        // sealing it again can give another text, and the opened links are compared instead.
        let sealed = links.seal_new_address(&link);
        assert!(links.open_new_address(sealed.expose(), 0).as_ref() == Some(&link));
        assert!(
            links
                .open_new_address(text, link.account.expires_at)
                .is_none()
        );
        true
    });
    let registration = links.open_registration(text, 0).is_some_and(|link| {
        // `open_registration` normalizes the names in the link. So the text can change, and the
        // opened links are compared instead.
        let sealed = links.seal_registration(&link);
        assert_eq!(
            links.open_registration(sealed.expose(), 0),
            Some(link.clone())
        );
        assert!(links.open_registration(text, link.expires_at).is_none());
        true
    });
    [refresh, reset, registration, verification, new_address]
}

pub fn run(input: &[u8]) {
    if let Some(text) = super::text(input) {
        let opened = opens(text);
        for (open, (prefix, label)) in opened.into_iter().zip(PURPOSES) {
            assert!(!open || is_sealed(text, prefix, label), "forged: {label}");
        }
    }
    if input.len() > LINK_MAX_BYTES + 1 {
        return;
    }
    for (purpose, (prefix, label)) in PURPOSES.into_iter().enumerate() {
        for format in [1, 2] {
            let sealed = seal(format, input, prefix, label);
            for (other, open) in opens(&sealed).into_iter().enumerate() {
                assert!(!open || other == purpose, "{label} opened as another");
                assert!(!open || input.len() <= LINK_MAX_BYTES);
                assert!(
                    !open || format == 1 || label == "refresh",
                    "{label} has one form"
                );
            }
        }
    }
}

/// Seals a body in the format of a ticket. This is a second implementation, independent of that of
/// the service.
pub(super) fn seal(format: u8, body: &[u8], prefix: &str, label: &str) -> String {
    let key = key(label);
    let number = mac(&key, b"key number")[0];
    let mut bytes = [&[format, number], body].concat();
    bytes.extend(mac(&key, &bytes));
    format!("{prefix}{}", Base64UrlUnpadded::encode_string(&bytes))
}

fn key(label: &str) -> Vec<u8> {
    let message = format!("edgegate ticket 1\0{label}\0{ISSUER}");
    mac(&secret(), message.as_bytes())
}

fn is_sealed(text: &str, prefix: &str, label: &str) -> bool {
    let encoded = text.strip_prefix(prefix).unwrap();
    let bytes = Base64UrlUnpadded::decode_vec(encoded).unwrap();
    let (head, body) = (&bytes[..2], &bytes[2..bytes.len() - 32]);
    seal(head[0], body, prefix, label) == text
}
