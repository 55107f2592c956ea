//! A sample of each kind of mail (letter).

use edgegate::domain::mail::Locale;
use edgegate::letters::Letter;

pub(crate) const LOCALES: [Locale; 2] = [Locale::English, Locale::German];
pub(crate) const PRODUCT: &str = "edgegate";
/// This link is as long as a real one.
pub(crate) const LINK: &str = "https://auth.example.com/reset#egl_AQABa1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1v2w3x4y5z6\
    A7B8C9D0E1F2G3H4I5J6K7L8M9N0O1P2Q3R4S5T6U7V8W9X0Y1Z2_-a3b4c5d6e7f8g9h0";
pub(crate) const RESET: &str = "https://auth.example.com/reset";

/// A sample of every letter, with a name for its files.
pub(crate) fn samples() -> Vec<(&'static str, Letter<'static>)> {
    with(
        LINK,
        RESET,
        Some("Firefox on Linux"),
        Some("Berlin, DE"),
        60,
    )
}

/// Every letter, filled with these values.
pub(crate) fn with<'a>(
    link: &'a str,
    reset: &'a str,
    device: Option<&'a str>,
    place: Option<&'a str>,
    minutes: u64,
) -> Vec<(&'static str, Letter<'a>)> {
    let day = minutes.saturating_mul(24);
    let all = vec![
        ("reset-password", Letter::ResetPassword { link, minutes }),
        (
            "invitation",
            Letter::Invitation {
                link,
                minutes: day.saturating_mul(7),
            },
        ),
        (
            "finish-registration",
            Letter::FinishRegistration { link, minutes: day },
        ),
        (
            "verify-address",
            Letter::VerifyAddress { link, minutes: day },
        ),
        ("address-taken", Letter::AddressTaken { link, minutes }),
        ("password-changed", Letter::PasswordChanged { reset }),
        (
            "confirm-address",
            Letter::ConfirmAddress { link, minutes: day },
        ),
        ("address-change-asked", Letter::AddressChangeAsked { reset }),
        ("address-changed", Letter::AddressChanged),
        ("account-deleted", Letter::AccountDeleted),
        (
            "session-ended",
            Letter::SessionEnded {
                device,
                place,
                reset,
            },
        ),
        (
            "session-ended-unknown",
            Letter::SessionEnded {
                device: None,
                place: None,
                reset,
            },
        ),
    ];
    // If a new kind of letter is added, this does not compile until the kind is listed here. It
    // also needs a sample above.
    for (_, letter) in &all {
        match letter {
            Letter::ResetPassword { .. }
            | Letter::Invitation { .. }
            | Letter::FinishRegistration { .. }
            | Letter::VerifyAddress { .. }
            | Letter::AddressTaken { .. }
            | Letter::PasswordChanged { .. }
            | Letter::ConfirmAddress { .. }
            | Letter::AddressChangeAsked { .. }
            | Letter::AddressChanged
            | Letter::AccountDeleted
            | Letter::SessionEnded { .. } => {}
        }
    }
    all
}
