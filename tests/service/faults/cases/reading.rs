//! Reading accounts and checking access tokens.

use super::*;

pub(super) fn reading<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "read",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                let criteria = Criteria {
                    roles: Some(vec!["user".to_owned()]),
                    ..Criteria::default()
                };
                w.service.is_authorized(f.access(), &criteria).await?;
                w.service.me(f.access()).await?;
                w.service.list_sessions(f.access()).await?;
                w.service.read_user(f.admin(), f.id()).await?;
                w.service.find_user(f.admin(), ROOT).await?;
                w.service.list_users(f.admin(), None, 10).await?;
                w.service.export_users(f.admin(), None, 10, false).await?;
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the session continues", w.renews(f.refresh()).await),
                (
                    "reading changes nothing",
                    w.service.me(f.access()).await.unwrap() == f.ada.user
                ),
            ])
        ),
        case!(
            "check",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                // If a check can't be made, the method returns false. A single fault affects at
                // most one of the first two checks, so at least one of them returns true. Only if
                // everything fails from then on, both may return false.
                let id: UserId = f.id();
                let service = &w.service;
                let is_user = service
                    .is_authorized_by_user_id(f.access(), &id.to_string())
                    .await;
                let is_ada = service.is_authorized_by_email(f.access(), ADA).await;
                let is_admin = service.is_authorized_by_role(f.access(), &["admin"]).await;
                assert!(is_user || is_ada || w.line.is_down());
                assert!(!is_admin);
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the check holds again", w.accepts(f.access()).await),
                ("the session continues", w.renews(f.refresh()).await),
            ])
        ),
    ]
}
