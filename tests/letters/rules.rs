//! Rules that every mail text (letter) follows in every language.

use edgegate::domain::mail::Locale;
use edgegate::letters::{Letter, Rendered, render};
use proptest::prelude::*;

use crate::samples::{LINK, LOCALES, PRODUCT, RESET, samples, with};

fn each(mut check: impl FnMut(&str, &Letter<'_>, &Rendered)) {
    for locale in LOCALES {
        for (name, letter) in samples() {
            let named = format!("{}/{name}", locale.tag());
            check(&named, &letter, &render(&letter, PRODUCT, locale));
        }
    }
}

fn url_of(letter: &Letter<'_>) -> Option<&'static str> {
    match letter {
        Letter::ResetPassword { .. }
        | Letter::Invitation { .. }
        | Letter::FinishRegistration { .. }
        | Letter::VerifyAddress { .. }
        | Letter::AddressTaken { .. }
        | Letter::ConfirmAddress { .. } => Some(LINK),
        Letter::PasswordChanged { .. }
        | Letter::AddressChangeAsked { .. }
        | Letter::SessionEnded { .. } => Some(RESET),
        Letter::AddressChanged | Letter::AccountDeleted => None,
    }
}

#[test]
fn a_subject_is_short_and_names_the_product() {
    each(|name, _, mail| {
        assert!(
            mail.subject.chars().count() <= 78,
            "{name}: {}",
            mail.subject
        );
        assert!(mail.subject.contains(PRODUCT), "{name}: {}", mail.subject);
        assert_eq!(mail.subject, mail.subject.trim(), "{name}");
    });
}

#[test]
fn a_text_is_short_and_narrow() {
    each(|name, letter, mail| {
        assert!(mail.text.lines().count() <= 32, "{name}: {}", mail.text);
        for line in mail.text.lines() {
            assert!(
                line.chars().count() <= 76 || Some(line) == url_of(letter),
                "{name}: {line}"
            );
            assert_eq!(line, line.trim_end(), "{name}: {line:?}");
        }
        assert!(!mail.text.contains("\n\n\n"), "{name}: {}", mail.text);
        assert!(mail.text.ends_with(".\n"), "{name}: {}", mail.text);
    });
}

/// In the text, the link is on its own line. In the HTML, it is in the button and is also written
/// out. The mail has no other URL, so nothing else is fetched or opened.
#[test]
fn each_letter_has_its_own_link_and_no_other_url() {
    each(|name, letter, mail| {
        let urls = mail.text.matches("://").count();
        let in_html = mail.html.matches("://").count();
        let hrefs = mail.html.matches("href=").count();
        let Some(url) = url_of(letter) else {
            assert_eq!((urls, in_html, hrefs), (0, 0, 0), "{name}");
            return;
        };
        assert_eq!((urls, in_html, hrefs), (1, 3, 2), "{name}");
        assert_eq!(
            mail.text.lines().filter(|line| *line == url).count(),
            1,
            "{name}"
        );
        assert_eq!(
            mail.html.matches(&format!("href=\"{url}\"")).count(),
            2,
            "{name}"
        );
        assert_eq!(
            mail.html.matches(&format!(">{url}</a>")).count(),
            1,
            "{name}"
        );
    });
}

#[test]
fn html_asks_for_nothing_from_elsewhere() {
    each(|name, _, mail| {
        for part in [
            "<img", "<script", "<link", "<form", "src=", "url(", "@import", "@font",
        ] {
            assert!(!mail.html.contains(part), "{name}: {part}");
        }
    });
}

/// A letter mentions an expiry if, and only if, its link expires.
#[test]
fn a_link_that_expires_says_so() {
    each(|name, letter, mail| {
        let says = ["expires in ", "läuft in "]
            .iter()
            .any(|words| mail.text.contains(words));
        assert_eq!(says, url_of(letter) == Some(LINK), "{name}");
        let says = ["expires in ", "läuft in "]
            .iter()
            .any(|words| mail.html.contains(words));
        assert_eq!(says, url_of(letter) == Some(LINK), "{name}");
    });
}

#[test]
fn the_languages_are_marked_and_differ() {
    for (name, letter) in samples() {
        let english = render(&letter, PRODUCT, Locale::English);
        let german = render(&letter, PRODUCT, Locale::German);
        assert!(english.html.contains("<html lang=\"en\""), "{name}");
        assert!(german.html.contains("<html lang=\"de\""), "{name}");
        assert_ne!(english.subject, german.subject, "{name}");
    }
}

#[test]
fn html_is_escaped_and_text_is_not() {
    let product = "<b>&\"'";
    let link = "https://a.example/?a=\"><script>alert(1)</script>&b='#<";
    let device = "<script>alert(1)</script>";
    let place = "</td></table>\r\nBcc: x, <DE>";
    for locale in LOCALES {
        for (name, letter) in with(link, link, Some(device), Some(place), 60) {
            let mail = render(&letter, product, locale);
            let plain = render(&letter_without_markup(name), "plain", locale);
            let tags = |html: &str| html.matches('<').count();
            assert_eq!(tags(&mail.html), tags(&plain.html), "{name}: {}", mail.html);
            let quotes = |html: &str| html.matches('"').count();
            assert_eq!(quotes(&mail.html), quotes(&plain.html), "{name}");
            assert!(mail.html.contains("&#60;b&#62;&#38;&#34;&#39;"), "{name}");
            assert!(mail.subject.contains(product), "{name}: {}", mail.subject);
            assert!(mail.text.contains(product), "{name}: {}", mail.text);
            if url_of(&letter).is_some() {
                assert!(
                    mail.text.contains(&format!("\n{link}\n")),
                    "{name}: {}",
                    mail.text
                );
            }
            if name == "session-ended" {
                assert!(
                    mail.text.contains(&format!(": {device}\n")),
                    "{}",
                    mail.text
                );
                assert!(
                    mail.text.contains(": </td></table>Bcc: x, <DE>\n"),
                    "{}",
                    mail.text
                );
            }
        }
    }
}

fn letter_without_markup(name: &str) -> Letter<'static> {
    samples()
        .into_iter()
        .find(|sample| sample.0 == name)
        .unwrap()
        .1
}

#[test]
fn a_line_break_in_a_name_ends_no_line() {
    each_with_product("a\r\nBcc: b\u{2028}\0c", |mail| {
        assert!(
            !mail.subject.contains(|c: char| c.is_control()),
            "{:?}",
            mail.subject
        );
        assert!(mail.subject.contains("aBcc: bc"), "{:?}", mail.subject);
    });
}

fn each_with_product(product: &str, check: impl Fn(&Rendered)) {
    for locale in LOCALES {
        for (_, letter) in samples() {
            check(&render(&letter, product, locale));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_value_gives_a_whole_mail(
        product in any::<String>(),
        link in any::<String>(),
        device in any::<Option<String>>(),
        place in any::<Option<String>>(),
        minutes in any::<u64>(),
    ) {
        let letters = with(&link, &link, device.as_deref(), place.as_deref(), minutes);
        for locale in LOCALES {
            for (_, letter) in &letters {
                let mail = render(letter, &product, locale);
                prop_assert!(mail.html.trim_end().ends_with("</html>"));
                prop_assert!(mail.text.contains("\n--\n"));
                prop_assert!(!mail.subject.contains(char::is_control));
                if url_of(letter).is_some() {
                    prop_assert!(mail.text.contains(&link));
                }
                let again = render(letter, &product, locale);
                prop_assert!(mail.text == again.text && mail.html == again.html);
            }
        }
    }
}

/// The letter says that devices are signed out "within an hour". This is true with every setting:
/// services that check an access token without asking the server accept it until it expires, and it
/// expires within an hour.
#[test]
fn devices_are_signed_out_within_an_hour() {
    use edgegate::domain::policy::{HOUR, MAX_ACCESS_TOKEN_TTL};
    assert_eq!(MAX_ACCESS_TOKEN_TTL, HOUR);
    let mut told = 0;
    for (name, letter) in samples() {
        let text = render(&letter, PRODUCT, Locale::English).text;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!text.contains("sessions have ended"), "{name}");
        told += usize::from(text.contains("will be signed out within an hour at the latest"));
    }
    assert_eq!(told, 2);
}
