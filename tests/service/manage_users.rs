use edgegate::domain::account::{Edit, UserId};
use edgegate::domain::error::{AccessRefusal, Code, Error};
use edgegate::service::manage_users::Amendment;

use crate::fixture::{ADA, ROOT, client, log_in, on_both};

on_both!(an_administrator_reads_and_changes, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    assert_eq!(world.service.read_user(admin, ada.user.id).await.unwrap().id, ada.user.id);
    let change = Amendment {
        first_name: Edit::Set("Augusta".to_owned()),
        roles: Some(vec!["editor".to_owned(), "user".to_owned(), "editor".to_owned()]),
        ..Amendment::default()
    };
    let changed = world.service.amend_user(admin, ada.user.id, change).await.unwrap();
    assert_eq!(changed.roles.to_vec(), ["editor", "user"]);
    assert_eq!(changed.first_name.unwrap().as_str(), "Augusta");
    assert_eq!(changed.version, ada.user.version + 1);
    assert_eq!(changed.session_epoch, ada.user.session_epoch);
});

on_both!(disabling_ends_everything, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let disable = Amendment { disabled: Some(true), ..Amendment::default() };
    let disabled = world.service.amend_user(admin, ada.user.id, disable).await.unwrap();
    assert_eq!(disabled.session_epoch, ada.user.session_epoch + 1);
    assert!(world.service.renew_token(ada.tokens.refresh_token.expose(), &client()).await.is_err());
    assert!(!world.service.is_authorized_by_role(ada.tokens.access_token.expose(), &["user"]).await);
    let enable = Amendment { disabled: Some(false), ..Amendment::default() };
    world.service.amend_user(admin, ada.user.id, enable).await.unwrap();
    assert!(world.service.renew_token(ada.tokens.refresh_token.expose(), &client()).await.is_err());
    assert!(log_in(&world.service, ADA).await.is_ok());
});

// RFC 7396 section 1: null removes a member.
on_both!(names_can_be_removed, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let named = Amendment {
        first_name: Edit::Set("Augusta".to_owned()),
        last_name: Edit::Set("King".to_owned()),
        ..Amendment::default()
    };
    world.service.amend_user(admin, ada.user.id, named).await.unwrap();
    let first = Amendment { first_name: Edit::Remove, ..Amendment::default() };
    let changed = world.service.amend_user(admin, ada.user.id, first.clone()).await.unwrap();
    assert_eq!(changed.first_name, None);
    assert_eq!(changed.last_name.as_ref().unwrap().as_str(), "King");
    // The name has been removed already, so nothing changes.
    let again = world.service.amend_user(admin, ada.user.id, first).await.unwrap();
    assert_eq!(again.version, changed.version);
});

on_both!(a_change_that_changes_nothing_ends_no_token, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let id = log_in(&world.service, ADA).await.unwrap().user.id;
    let everything = || Amendment {
        first_name: Edit::Set("Augusta".to_owned()),
        last_name: Edit::Set("King".to_owned()),
        roles: Some(vec!["user".to_owned(), "editor".to_owned()]),
        disabled: Some(false),
        ..Amendment::default()
    };
    let changed = world.service.amend_user(admin, id, everything()).await.unwrap();
    let ada = log_in(&world.service, ADA).await.unwrap();
    drop(world.service.ports().events.take());
    for same in [
        everything(),
        Amendment { roles: Some(vec!["editor".to_owned(), "user".to_owned()]), ..Amendment::default() },
        Amendment { disabled: Some(false), ..Amendment::default() },
        Amendment { last_name: Edit::Set("King".to_owned()), ..Amendment::default() },
    ] {
        let user = world.service.amend_user(admin, id, same).await.unwrap();
        assert_eq!(user, changed);
    }
    let access = ada.tokens.access_token.expose();
    assert!(world.service.is_authorized_by_role(access, &["editor"]).await);
    assert!(world.service.renew_token(ada.tokens.refresh_token.expose(), &client()).await.is_ok());
    let recorded = world.service.ports().events.take();
    let names: Vec<&str> = recorded.iter().map(|event| event.act.name()).collect();
    assert_eq!(names, ["renewed"]);

    // A value that the user already has is neither recorded nor written, even if another value
    // changes in the same request.
    let one = Amendment { first_name: Edit::Remove, ..everything() };
    let user = world.service.amend_user(admin, id, one).await.unwrap();
    assert_eq!(user.version, changed.version + 1);
    assert!(world.service.ports().events.take().is_empty());
    let disable = || Amendment { disabled: Some(true), ..Amendment::default() };
    let disabled = world.service.amend_user(admin, id, disable()).await.unwrap();
    let again = world.service.amend_user(admin, id, disable()).await.unwrap();
    assert_eq!(again, disabled);
    assert_eq!(world.service.ports().events.take().len(), 1);
});

fn edits(add: &[&str], remove: &[&str]) -> Amendment {
    let list = |roles: &[&str]| {
        (!roles.is_empty()).then(|| roles.iter().map(|role| (*role).to_owned()).collect())
    };
    Amendment {
        add_roles: list(add),
        remove_roles: list(remove),
        ..Amendment::default()
    }
}

on_both!(single_roles_are_given_and_taken, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let id = log_in(&world.service, ADA).await.unwrap().user.id;
    for (add, remove, after) in [
        (&["editor", "admin", "editor"][..], &[][..], &["admin", "editor", "user"][..]),
        (&[], &["user", "nothing"], &["admin", "editor"]),
        (&["user"], &["admin", "editor"], &["user"]),
        (&[], &["user"], &[]),
    ] {
        let user = world.service.amend_user(admin, id, edits(add, remove)).await.unwrap();
        assert_eq!(user.roles.to_vec(), after);
    }
    // The change of names comes together with a change of roles.
    let both = Amendment { first_name: Edit::Set("Augusta".to_owned()), ..edits(&["user"], &[]) };
    let user = world.service.amend_user(admin, id, both).await.unwrap();
    assert_eq!(user.roles.to_vec(), ["user"]);
    assert_eq!(user.first_name.unwrap().as_str(), "Augusta");
});

on_both!(a_role_that_is_there_already_changes_nothing, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let ada = log_in(&world.service, ADA).await.unwrap();
    drop(world.service.ports().events.take());
    for same in [edits(&["user"], &[]), edits(&[], &["editor"]), edits(&["user"], &["editor"])] {
        let user = world.service.amend_user(admin, ada.user.id, same).await.unwrap();
        assert_eq!(user, ada.user);
    }
    assert!(world.service.ports().events.take().is_empty());
    assert!(world.service.is_authorized_by_role(ada.tokens.access_token.expose(), &["user"]).await);
});

on_both!(single_roles_that_cant_be_changed_are_named, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let id = log_in(&world.service, ADA).await.unwrap().user.id;
    let many: Vec<String> = (0..32).map(|number| format!("r{number}")).collect();
    let roles = Some(vec!["user".to_owned()]);
    let none = || Some(Vec::new());
    for (amendment, field, reason) in [
        (Amendment { add_roles: Some(many), ..Amendment::default() }, "add_roles", "too_many"),
        (edits(&["a b"], &[]), "add_roles", "character"),
        (edits(&[], &[""]), "remove_roles", "empty"),
        (edits(&["a", "b"], &["b"]), "remove_roles", "also_added"),
        (Amendment { add_roles: none(), ..Amendment::default() }, "add_roles", "empty"),
        (Amendment { remove_roles: none(), ..Amendment::default() }, "remove_roles", "empty"),
        (Amendment { roles: roles.clone(), ..edits(&["a"], &[]) }, "roles", "exclusive"),
        (Amendment { roles, ..edits(&[], &["a"]) }, "roles", "exclusive"),
    ] {
        match world.service.amend_user(admin, id, amendment).await.unwrap_err() {
            Error::Field(wrong, why) => assert_eq!((wrong, why.reason()), (field, reason)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.service.read_user(admin, id).await.unwrap().roles.to_vec(), ["user"]);
    let nobody = UserId::new(1, &[9; 10]);
    let unknown = world.service.amend_user(admin, nobody, edits(&["a"], &[])).await;
    assert_eq!(unknown.unwrap_err(), Error::UnknownUser);
});

on_both!(single_roles_need_a_recent_proof_and_leave_an_administrator, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let last = world.service.amend_user(admin, root.user.id, edits(&["user"], &["admin"])).await;
    assert_eq!(last.unwrap_err(), Error::LastAdministrator);
    let own = log_in(&world.service, ADA).await.unwrap();
    let forbidden = world.service.amend_user(own.tokens.access_token.expose(), own.user.id, edits(&["admin"], &[])).await;
    assert_eq!(forbidden.unwrap_err(), Error::Forbidden);
    world.clock.advance(601);
    let renewed = world.service.renew_token(root.tokens.refresh_token.expose(), &client()).await.unwrap();
    let admin = renewed.tokens.access_token.expose();
    for change in [edits(&["editor"], &[]), edits(&[], &["user"])] {
        let old = world.service.amend_user(admin, own.user.id, change).await.unwrap_err();
        assert_eq!(old.code(), Code::ReauthenticationRequired);
    }
});

on_both!(only_administrators_may_manage_users, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let token = ada.tokens.access_token.expose();
    let grant = Amendment { roles: Some(vec!["admin".to_owned()]), ..Amendment::default() };
    assert_eq!(world.service.read_user(token, ada.user.id).await.unwrap_err(), Error::Forbidden);
    assert_eq!(world.service.amend_user(token, ada.user.id, grant).await.unwrap_err(), Error::Forbidden);
});

on_both!(a_revoked_role_is_gone_at_once, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let ada = log_in(&world.service, ADA).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let promote = Amendment { roles: Some(vec!["admin".to_owned()]), ..Amendment::default() };
    world.service.amend_user(admin, ada.user.id, promote).await.unwrap();
    let demote = Amendment { roles: Some(vec!["user".to_owned()]), ..Amendment::default() };
    world.service.amend_user(admin, root.user.id, demote).await.unwrap();
    let error = world.service.read_user(admin, root.user.id).await.unwrap_err();
    assert_eq!(error, Error::Access(AccessRefusal::Outdated));
    let renewed = world.service.renew_token(root.tokens.refresh_token.expose(), &client()).await.unwrap();
    let error = world.service.read_user(renewed.tokens.access_token.expose(), root.user.id).await.unwrap_err();
    assert_eq!(error, Error::Forbidden);
});

on_both!(bad_changes_change_nothing, &[], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    for change in [
        Amendment { roles: Some(vec![String::new()]), ..Amendment::default() },
        Amendment { roles: Some(vec!["a".repeat(65)]), ..Amendment::default() },
        Amendment { roles: Some((0..33).map(|i| format!("r{i}")).collect()), ..Amendment::default() },
        Amendment { first_name: Edit::Set("\u{0}".to_owned()), ..Amendment::default() },
    ] {
        let error = world.service.amend_user(admin, root.user.id, change).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidField);
    }
    let error = world.service.amend_user(admin, root.user.id, Amendment::default()).await.unwrap_err();
    assert_eq!(error, Error::NothingToChange);
    assert_eq!(world.service.read_user(admin, root.user.id).await.unwrap().version, root.user.version);
    let nobody = UserId::new(1, &[9; 10]);
    assert_eq!(world.service.read_user(admin, nobody).await.unwrap_err(), Error::UnknownUser);
});
