//! Tests of [`link`](super::link).

use proptest::prelude::*;

use super::account::{EmailAddress, LinkNonce, Name, PasswordHash, Roles, User, UserId};
use super::link::*;
use super::ticket::{Purpose, TicketSecrets};

const NOW: u64 = 1_764_000_000;

fn links(issuer: &str) -> Links {
    let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
    Links::new(&secrets, issuer)
}

fn ours() -> Links {
    links("https://auth.example.com")
}

fn user() -> User {
    User {
        id: UserId::new(NOW * 1000, &[7; 10]),
        email: EmailAddress::parse("Ada@example.com").unwrap(),
        password_hash: PasswordHash::new("$argon2id$one".to_owned()),
        first_name: None,
        last_name: None,
        roles: Roles::user(),
        email_verified_at: None,
        disabled_at: None,
        session_epoch: 0,
        version: 0,
        link_generation: 0,
        link_nonce: LinkNonce::new(&[9; 16]),
        external_id: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn user_link() -> UserLink {
    UserLink {
        user: user().id,
        state: State::for_reset(&user()),
        expires_at: NOW + 60,
    }
}

#[test]
fn every_link_opens_as_it_was_sealed_and_until_it_ends() {
    let links = ours();
    let link = user_link();
    let reset = links.seal_reset(link);
    assert_eq!(links.open_reset(reset.expose(), NOW + 59), Some(link));
    assert_eq!(links.open_reset(reset.expose(), NOW + 60), None);
    let verification = links.seal_verification(link);
    assert_eq!(
        links.open_verification(verification.expose(), NOW),
        Some(link)
    );
    assert_eq!(
        links.open_verification(verification.expose(), NOW + 60),
        None
    );
    let new_address = NewAddressLink {
        account: link,
        email: EmailAddress::parse("Zoë@bücher.example").unwrap(),
    };
    let sealed = links.seal_new_address(&new_address);
    assert_eq!(
        links.open_new_address(sealed.expose(), NOW),
        Some(new_address)
    );
    assert_eq!(links.open_new_address(sealed.expose(), NOW + 60), None);
    for names in [
        (None, None),
        (Some("Zoë"), None),
        (None, Some("O'Neil")),
        (Some("a"), Some("b")),
    ] {
        let name = |text: Option<&str>| text.map(|text| Name::parse(text).unwrap());
        let registration = RegistrationLink {
            email: EmailAddress::parse("zoe@example.com").unwrap(),
            first_name: name(names.0),
            last_name: name(names.1),
            asked_at: NOW - 5,
            expires_at: NOW + 60,
        };
        let sealed = links.seal_registration(&registration);
        assert_eq!(
            links.open_registration(sealed.expose(), NOW),
            Some(registration)
        );
        assert_eq!(links.open_registration(sealed.expose(), NOW + 60), None);
    }
}

#[test]
fn a_clock_that_is_far_behind_opens_no_link() {
    let links = ours();
    let day = 86_400;
    for (now, opens) in [
        (0, false),
        (NOW - 2 * day, false),
        (NOW + 60 - day - 61, false),
        (NOW + 60 - day - 60, true),
        (NOW, true),
    ] {
        let reset = links.seal_reset(user_link());
        assert_eq!(
            links.open_reset(reset.expose(), now).is_some(),
            opens,
            "{now}"
        );
        let verification = links.seal_verification(user_link());
        let verification = links.open_verification(verification.expose(), now);
        assert_eq!(verification.is_some(), opens, "{now}");
        let email = EmailAddress::parse("zoe@example.com").unwrap();
        let new_address = links.seal_new_address(&NewAddressLink {
            account: user_link(),
            email: email.clone(),
        });
        let new_address = links.open_new_address(new_address.expose(), now);
        assert_eq!(new_address.is_some(), opens, "{now}");
        let registration = links.seal_registration(&RegistrationLink {
            email,
            first_name: None,
            last_name: None,
            asked_at: NOW - 5,
            expires_at: NOW + 60,
        });
        let registration = links.open_registration(registration.expose(), now);
        assert_eq!(registration.is_some(), opens, "{now}");
    }
}

#[test]
fn the_longest_registration_fits() {
    let name = || Name::parse(&"\u{1f511}".repeat(100)).ok();
    let email = format!(
        "{}@{}.example",
        "a".repeat(64),
        ["b".repeat(60), "c".repeat(60), "d".repeat(54)].join(".")
    );
    let link = RegistrationLink {
        email: EmailAddress::parse(&email).unwrap(),
        first_name: name(),
        last_name: name(),
        asked_at: NOW - 5,
        expires_at: NOW + 60,
    };
    let sealed = ours().seal_registration(&link);
    assert_eq!(ours().open_registration(sealed.expose(), NOW), Some(link));
}

#[test]
fn a_link_opens_as_its_own_kind_and_here_only() {
    let links = ours();
    let sealed = [
        links.seal_reset(user_link()),
        links.seal_verification(user_link()),
        links.seal_new_address(&NewAddressLink {
            account: user_link(),
            email: user().email,
        }),
        links.seal_registration(&RegistrationLink {
            email: user().email,
            first_name: None,
            last_name: None,
            asked_at: NOW - 5,
            expires_at: NOW + 60,
        }),
    ];
    for (index, ticket) in sealed.iter().enumerate() {
        let opens = |links: &Links| {
            [
                links.open_reset(ticket.expose(), NOW).is_some(),
                links.open_verification(ticket.expose(), NOW).is_some(),
                links.open_new_address(ticket.expose(), NOW).is_some(),
                links.open_registration(ticket.expose(), NOW).is_some(),
            ]
        };
        let mut only = [false; 4];
        only[index] = true;
        assert_eq!(opens(&links), only);
        assert_eq!(opens(&self::links("https://other.example.com")), [false; 4]);
    }
}

const STATES: [fn(&User) -> State; 3] = [
    State::for_reset,
    State::for_verification,
    State::for_new_address,
];

#[test]
fn states_change_with_what_they_stand_for_and_with_nothing_else() {
    let verified = User {
        email_verified_at: Some(NOW),
        ..user()
    };
    let changed = |before: &User, change: fn(&mut User)| {
        let mut after = before.clone();
        change(&mut after);
        STATES.map(|state| state(&after) != state(before))
    };
    let password: fn(&mut User) =
        |user| user.password_hash = PasswordHash::new("$argon2id$two".to_owned());
    assert_eq!(changed(&verified, password), [true, false, true]);
    // The address is not verified, so it is possible that a stranger has registered with it. The
    // stranger's changes must leave the links of the address's owner valid.
    assert_eq!(changed(&user(), password), [false, false, true]);
    for user in [&user(), &verified] {
        let email = |user: &mut User| user.email = EmailAddress::parse("b@example.com").unwrap();
        assert_eq!(changed(user, email), [true; 3]);
        assert_eq!(
            changed(user, |user| user.disabled_at = Some(NOW)),
            [true; 3]
        );
        assert_eq!(changed(user, |user| user.link_generation += 1), [true; 3]);
        let nonce = |user: &mut User| user.link_nonce = LinkNonce::new(&[8; 16]);
        assert_eq!(changed(user, nonce), [true; 3]);
        let epoch = |user: &mut User| user.session_epoch += 1;
        assert_eq!(changed(user, epoch), [false, false, true]);
        let rest = changed(user, |user| {
            user.first_name = Name::parse("Ada").ok();
            user.roles = Roles::default();
            user.version += 1;
            user.updated_at += 1;
        });
        assert_eq!(rest, [false; 3]);
        let kinds = STATES.map(|state| state(user));
        assert!(kinds[0] != kinds[1] && kinds[1] != kinds[2] && kinds[0] != kinds[2]);
    }
    assert_eq!(
        changed(&user(), |user| user.email_verified_at = Some(NOW)),
        [true; 3]
    );
}

#[test]
fn a_state_is_read_as_it_was_written() {
    let state = State::for_reset(&user());
    assert_eq!(state.to_text().len(), 32);
    assert_eq!(State::parse(&state.to_text()), Some(state));
    let text = state.to_text();
    for text in [
        "",
        &text[..30],
        &[text.as_str(), "00"].concat(),
        &"g".repeat(32),
    ] {
        assert_eq!(State::parse(text), None, "{text}");
    }
}

/// Earlier versions of the service sealed links without a line break at the end of the body. These
/// links must still open.
#[test]
fn links_that_were_mailed_before_still_open() {
    let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
    let keys = |purpose| secrets.keys(purpose, "https://auth.example.com");
    for length in 1..=6 {
        let email = format!("{}@example.com", "a".repeat(length));
        let mut body = vec![0; 8];
        body.extend_from_slice(&(NOW + 60).to_be_bytes());
        body.extend_from_slice(format!("{email}\nZoë\nO'Neil").as_bytes());
        let sealed = keys(Purpose::Registration).seal(&body);
        let link = ours().open_registration(&sealed, NOW).unwrap();
        assert_eq!(link.email.as_given(), email);
        assert_eq!(link.last_name.unwrap().as_str(), "O'Neil");

        let mut body = user().id.as_bytes().to_vec();
        body.extend_from_slice(&[0; 16]);
        body.extend_from_slice(&(NOW + 60).to_be_bytes());
        body.extend_from_slice(email.as_bytes());
        let sealed = keys(Purpose::NewAddress).seal(&body);
        let link = ours().open_new_address(&sealed, NOW).unwrap();
        assert_eq!(link.email.as_given(), email);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Mail programs treat any other character at the end of a URL as punctuation, and cut it off.
    #[test]
    fn every_link_ends_in_a_letter_or_digit_and_opens(
        local in "[a-zé]{1,30}",
        names in prop::array::uniform2("[A-Za-zé]{0,20}"),
        life in 1_u64..86_400,
        issuer in "[a-z]{1,9}",
    ) {
        let links = links(&format!("https://{issuer}.example"));
        let email = EmailAddress::parse(&format!("{local}@example.com")).unwrap();
        let account = UserLink { expires_at: NOW + life, ..user_link() };
        let new_address = NewAddressLink { account, email: email.clone() };
        let [first_name, last_name] = names.map(|name| Name::parse(&name).ok());
        let registration =
            RegistrationLink { email, first_name, last_name, asked_at: NOW, expires_at: NOW + life };
        let sealed = [
            links.seal_reset(account),
            links.seal_verification(account),
            links.seal_new_address(&new_address),
            links.seal_registration(&registration),
        ];
        for ticket in &sealed {
            let text = ticket.expose();
            prop_assert!(text.ends_with(|c: char| c.is_ascii_alphanumeric()), "{}", text);
        }
        let [reset, verification, address, registered] = sealed;
        prop_assert_eq!(links.open_reset(reset.expose(), NOW), Some(account));
        prop_assert_eq!(links.open_verification(verification.expose(), NOW), Some(account));
        prop_assert_eq!(links.open_new_address(address.expose(), NOW), Some(new_address));
        prop_assert_eq!(links.open_registration(registered.expose(), NOW), Some(registration));
    }
}

proptest! {
    #[test]
    fn no_text_opens_or_panics(text in ".{0,2000}", at in 0_usize..100, flip in 1_u8..=255) {
        let links = ours();
        prop_assert!(links.open_reset(&text, NOW).is_none());
        prop_assert!(links.open_registration(&["egl_", &text].concat(), NOW).is_none());
        let mut altered = links.seal_reset(user_link()).expose().as_bytes().to_vec();
        let at = at % altered.len();
        altered[at] ^= flip;
        if let Ok(altered) = String::from_utf8(altered) {
            prop_assert!(links.open_reset(&altered, NOW).is_none());
        }
    }
}
