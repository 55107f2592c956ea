use super::super::samples::{self, API, ISSUER, NOW};
use super::*;

fn rules() -> ClientRules<'static> {
    ClientRules {
        issuer: ISSUER,
        audience: "https://own.example.com",
        id_token_algs: &[IdTokenAlg::EdDsa],
    }
}

fn fields() -> ClientFields {
    ClientFields {
        name: Some(" App ".to_owned()),
        kind: Some("public".to_owned()),
        redirect_uris: Some(vec![samples::CALLBACK.to_owned()]),
        ..ClientFields::default()
    }
}

#[test]
fn ids() {
    let id = ClientId::generate(&[255; 16]);
    assert_eq!(id.as_str().len(), 22);
    assert!(!id.is_url());
    assert_eq!(ClientId::parse(id.as_str()), Some(id.clone()));
    assert_eq!(id.to_string(), id.as_str());
    assert_eq!(ClientHash::parse(&id.hash().to_string()), Some(id.hash()));
    assert_eq!(id.hash().to_string().len(), 22);
    assert_ne!(id.hash(), ClientId::generate(&[254; 16]).hash());
    for first in 0..=255 {
        let id = ClientId::generate(&[first; 16]);
        assert!(
            id.as_str().starts_with(|c: char| c.is_ascii_alphabetic()),
            "{id}"
        );
    }
    for text in ["", "a b", "\u{e4}", "a\n", &"x".repeat(513)] {
        assert_eq!(ClientId::parse(text), None, "{text}");
    }
    let secret = SecretId::new(NOW, &[1; 10]);
    assert_eq!(SecretId::parse(&secret.to_string()), Some(secret));
    let json = crate::domain::json::encode(&id.hash());
    assert_eq!(crate::domain::json::decode(&json), Some(id.hash()));
}

#[test]
fn a_secret_is_shown_once() {
    let (secret, hash) = ClientSecret::generate(&[7; 32]);
    assert!(secret.expose().starts_with("egc_"));
    assert_eq!(secret.expose().len(), 47);
    assert!(hash.matches(secret.expose()));
    assert!(!hash.matches("") && !hash.matches("egc_") && !hash.matches(&secret.expose()[4..]));
    assert_eq!(ClientSecretHash::from_bytes(*hash.as_bytes()), hash);
    let stored = |hash| StoredSecret {
        id: SecretId::new(1, &[1; 10]),
        hash,
        created_at: NOW,
    };
    let secrets = [stored(ClientSecretHash::of("other")), stored(hash)];
    assert!(StoredSecret::any_matches(&secrets, secret.expose()));
    assert!(!StoredSecret::any_matches(&secrets[..1], secret.expose()));
    assert!(!StoredSecret::any_matches(&[], secret.expose()));
    let printed = format!("{secret:?} {secrets:?}");
    assert!(!printed.contains("egc_") && printed.matches("hash: _").count() == 2);
}

#[test]
fn a_new_client() {
    let all = ClientFields {
        first_party: Some(true),
        post_logout_redirect_uris: Some(vec!["https://app.example.com/".to_owned()]),
        resources: Some(vec![API.to_owned(), format!("{API}/")]),
        scopes: Some(vec!["b".to_owned(), "a".to_owned(), "a".to_owned()]),
        id_token_signed_response_alg: Edit::Set("EdDSA".to_owned()),
        ..fields()
    };
    let id = ClientId::generate(&[1; 16]);
    let client = NewClient::parse(all, &rules())
        .unwrap()
        .into_client(id, NOW);
    assert_eq!(client.name, "App");
    assert!(client.first_party && client.kind == ClientType::Public);
    assert_eq!(client.resources.len(), 1, "one API, in two spellings");
    assert_eq!(client.scopes, [samples::scope("a"), samples::scope("b")]);
    assert_eq!((client.version, client.created_at), (1, NOW));
    assert_eq!(client.disabled_at, None);
    let least = NewClient::parse(fields(), &rules()).unwrap();
    let least = least.into_client(ClientId::generate(&[2; 16]), NOW);
    assert!(!least.first_party && least.resources.is_empty() && least.scopes.is_empty());
}

#[test]
fn the_first_bad_field_is_named() {
    let list = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
    let text = |text: &str| Some(text.to_owned());
    let twenty_one = vec![samples::CALLBACK; 21];
    let invalid = FieldProblem::Invalid;
    for (fields, field, problem) in [
        (
            ClientFields {
                name: None,
                ..fields()
            },
            "name",
            FieldProblem::Missing,
        ),
        (
            ClientFields {
                kind: None,
                ..fields()
            },
            "type",
            FieldProblem::Missing,
        ),
        (
            ClientFields {
                redirect_uris: None,
                ..fields()
            },
            "redirect_uris",
            FieldProblem::Missing,
        ),
        (
            ClientFields {
                kind: text("native"),
                ..fields()
            },
            "type",
            invalid("unknown"),
        ),
        (
            ClientFields {
                name: text(" "),
                ..fields()
            },
            "name",
            FieldProblem::Empty,
        ),
        (
            ClientFields {
                name: text(&"x".repeat(101)),
                ..fields()
            },
            "name",
            FieldProblem::TooLong,
        ),
        (
            ClientFields {
                name: text("a\u{2028}b"),
                ..fields()
            },
            "name",
            invalid("control_character"),
        ),
        (
            ClientFields {
                redirect_uris: list(&[]),
                ..fields()
            },
            "redirect_uris",
            FieldProblem::Empty,
        ),
        (
            ClientFields {
                redirect_uris: list(&twenty_one),
                ..fields()
            },
            "redirect_uris",
            FieldProblem::TooLong,
        ),
        (
            ClientFields {
                redirect_uris: list(&["http://app.example.com/"]),
                ..fields()
            },
            "redirect_uris",
            invalid("not_https"),
        ),
        (
            ClientFields {
                post_logout_redirect_uris: list(&["app"]),
                ..fields()
            },
            "post_logout_redirect_uris",
            invalid("scheme"),
        ),
        (
            ClientFields {
                resources: list(&["api"]),
                ..fields()
            },
            "resources",
            invalid("not_a_url"),
        ),
        (
            ClientFields {
                resources: list(&[ISSUER]),
                ..fields()
            },
            "resources",
            invalid("our_own"),
        ),
        (
            ClientFields {
                resources: list(&["https://own.example.com/"]),
                ..fields()
            },
            "resources",
            invalid("our_own"),
        ),
        (
            ClientFields {
                scopes: list(&["a b"]),
                ..fields()
            },
            "scopes",
            invalid("character"),
        ),
        (
            ClientFields {
                id_token_signed_response_alg: Edit::Set("none".to_owned()),
                ..fields()
            },
            "id_token_signed_response_alg",
            invalid("unknown"),
        ),
        (
            ClientFields {
                id_token_signed_response_alg: Edit::Set("RS256".to_owned()),
                ..fields()
            },
            "id_token_signed_response_alg",
            invalid("no_key"),
        ),
    ] {
        let refused = NewClient::parse(fields, &rules()).unwrap_err();
        assert_eq!((refused.field, refused.problem), (field, problem));
    }
    let typed = ClientFields {
        kind: text("public"),
        ..ClientFields::default()
    };
    let refused = ClientChange::parse(typed, &rules()).unwrap_err();
    assert_eq!((refused.field, refused.problem), ("type", invalid("fixed")));
}

#[test]
fn a_change_raises_the_version_only_if_it_changes_something() {
    let client = samples::client();
    let nothing = ClientChange::parse(ClientFields::default(), &rules()).unwrap();
    assert_eq!(nothing.apply(&client, NOW), client);
    let change = |fields| ClientChange::parse(fields, &rules()).unwrap();
    let disable = change(ClientFields {
        disabled: Some(true),
        ..ClientFields::default()
    });
    let disabled = disable.apply(&client, NOW + 5);
    assert_eq!((disabled.disabled_at, disabled.version), (Some(NOW + 5), 2));
    assert_eq!(disable.apply(&disabled, NOW + 9), disabled);
    let enable = change(ClientFields {
        disabled: Some(false),
        ..ClientFields::default()
    });
    assert_eq!(enable.apply(&disabled, NOW).disabled_at, None);
    let renamed = change(ClientFields {
        name: Some("Other".to_owned()),
        first_party: Some(true),
        resources: Some(Vec::new()),
        scopes: Some(Vec::new()),
        ..ClientFields::default()
    })
    .apply(&client, NOW);
    assert_eq!(renamed.name, "Other");
    assert!(renamed.first_party && renamed.resources.is_empty() && renamed.scopes.is_empty());
    assert_eq!(renamed.redirect_uris, client.redirect_uris);
}

#[test]
fn the_choice_of_an_algorithm_can_be_undone() {
    let edited = |client: &AppClient, alg| {
        let fields = ClientFields {
            id_token_signed_response_alg: alg,
            ..ClientFields::default()
        };
        let change = ClientChange::parse(fields, &rules()).unwrap();
        assert_eq!(
            change == ClientChange::default(),
            change.id_token_alg == Edit::Keep
        );
        change.apply(client, NOW)
    };
    let chosen = edited(&samples::client(), Edit::Set("EdDSA".to_owned()));
    assert_eq!(chosen.id_token_alg, Some(IdTokenAlg::EdDsa));
    assert_eq!(edited(&chosen, Edit::Keep), chosen);
    let undone = edited(&chosen, Edit::Remove);
    assert_eq!((undone.id_token_alg, undone.version), (None, 3));
    assert_eq!(edited(&undone, Edit::Remove), undone);
}

#[test]
fn names_of_types_and_algorithms() {
    for kind in [ClientType::Public, ClientType::Confidential] {
        assert_eq!(ClientType::parse(kind.as_str()), Some(kind));
        assert_eq!(
            crate::domain::json::encode(&kind),
            format!("\"{}\"", kind.as_str())
        );
    }
    for alg in [IdTokenAlg::EdDsa, IdTokenAlg::Es256, IdTokenAlg::Rs256] {
        assert_eq!(IdTokenAlg::parse(alg.as_str()), Some(alg));
        assert_eq!(
            crate::domain::json::encode(&alg),
            format!("\"{}\"", alg.as_str())
        );
    }
    assert_eq!(IdTokenAlg::parse("none"), None);
}

#[test]
fn a_list_or_a_name_of_the_largest_size_is_accepted() {
    let addresses = |count: usize| {
        let address = |number| format!("https://a{number}.example.com/");
        Some((0..count).map(address).collect::<Vec<_>>())
    };
    let largest = ClientFields {
        name: Some("x".repeat(CLIENT_NAME_MAX_CHARS)),
        redirect_uris: addresses(CLIENT_REDIRECT_URIS_MAX),
        post_logout_redirect_uris: addresses(CLIENT_REDIRECT_URIS_MAX),
        resources: addresses(CLIENT_RESOURCES_MAX),
        ..fields()
    };
    let client = NewClient::parse(largest.clone(), &rules()).unwrap();
    let client = client.into_client(ClientId::generate(&[1; 16]), NOW);
    assert_eq!(client.name.len(), CLIENT_NAME_MAX_CHARS);
    assert_eq!(client.redirect_uris.len(), CLIENT_REDIRECT_URIS_MAX);
    assert_eq!(client.resources.len(), CLIENT_RESOURCES_MAX);
    let too_many = ClientFields {
        resources: addresses(CLIENT_RESOURCES_MAX + 1),
        ..largest
    };
    let refused = NewClient::parse(too_many, &rules()).unwrap_err();
    assert_eq!(
        (refused.field, refused.problem),
        ("resources", FieldProblem::TooLong)
    );
}

#[test]
fn a_name_has_no_white_space_around_it() {
    for (text, is_name) in [
        ("App", true),
        ("My app", true),
        (" App", false),
        ("", false),
    ] {
        assert_eq!(is_client_name(text), is_name, "{text:?}");
    }
}

#[test]
fn after_a_log_out_the_browser_goes_to_a_registered_address_only() {
    let client = samples::client();
    let registered = "https://app.example.com/";
    let matched = client.post_logout_redirect_uri(registered).unwrap();
    assert_eq!(matched.as_str(), registered);
    // A redirect URI for authorization codes is not allowed after a log-out, because the client has
    // a separate list of URIs for log-outs.
    assert_eq!(client.post_logout_redirect_uri(samples::CALLBACK), None);
}

#[test]
fn a_redirect_uri_that_is_sent_twice_is_stored_once() {
    let twice = ClientFields {
        redirect_uris: Some(vec![samples::CALLBACK.to_owned(); 2]),
        ..fields()
    };
    let client = NewClient::parse(twice, &rules()).unwrap();
    let client = client.into_client(ClientId::generate(&[1; 16]), NOW);
    assert_eq!(client.redirect_uris, samples::client().redirect_uris[..1]);
}

#[test]
fn a_secret_that_is_stored_twice_still_matches() {
    let stored = |number| StoredSecret {
        id: SecretId::new(1, &[number; 10]),
        hash: ClientSecretHash::of("secret"),
        created_at: NOW,
    };
    let secrets = [stored(1), stored(2)];
    assert!(StoredSecret::any_matches(&secrets, "secret"));
}

#[test]
fn a_page_is_a_public_app_on_a_website() {
    let registered = samples::client();
    let confidential = |client: &AppClient| AppClient {
        kind: ClientType::Confidential,
        ..client.clone()
    };
    // The first redirect URI of the sample client is an https URL. The others belong to programs on
    // the user's machine.
    let program = AppClient {
        redirect_uris: registered.redirect_uris[1..].to_vec(),
        ..registered.clone()
    };
    let unregistered = samples::unregistered();
    for (client, outlives_log_out, is_page) in [
        (&registered, false, true),
        (&registered, true, true),
        (&confidential(&registered), false, false),
        (&program, false, false),
        (&confidential(&program), false, false),
        (&unregistered, false, true),
        (&unregistered, true, false),
        (&confidential(&unregistered), false, false),
    ] {
        assert_eq!(client.is_page(outlives_log_out), is_page, "{client:?}");
    }
}
