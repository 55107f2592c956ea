//! Which APIs and scopes a client may get tokens for.

use super::client::AppClient;
use super::request::ServerRules;
use super::resource::Resource;
use super::scope::{Scope, Scopes};

/// A user granted these `scopes` to the app. Since then, an administrator could have taken some
/// scopes or the whole API from the app. Returns the granted scopes that the app may still have.
/// `None` if the app may no longer have tokens for the API.
#[must_use]
pub fn still_allowed(
    client: &AppClient,
    resource: Option<&Resource>,
    scopes: &Scopes,
    rules: &ServerRules<'_>,
) -> Option<Scopes> {
    let is_known = resource.is_none_or(|resource| registered(resource, client, rules).is_some());
    is_known.then(|| scopes.only(|scope| may_have(scope, client, resource, rules)))
}

/// The resource that the client asks for, in the spelling in which it is registered. `None` if this
/// client may not get tokens for the resource.
pub(super) fn registered(
    asked: &Resource,
    client: &AppClient,
    rules: &ServerRules<'_>,
) -> Option<Resource> {
    let is_allowed =
        |known: &&Resource| *known == asked && !known.is_ours(rules.issuer, rules.audience);
    if client.is_unregistered() {
        let mut listed = rules.resources.iter().map(|one| &one.uri);
        listed.find(is_allowed).cloned()
    } else {
        client.resources.iter().find(is_allowed).cloned()
    }
}

/// Whether this client may have this scope for this resource.
///
/// Only tokens for an API contain the scopes of this API. So a client that names no resource gets
/// no scope of an API. If the setting `RESOURCES` has an entry for the API, the entry must list the
/// scope. A client that is not registered gets only the scopes that this entry lists, and
/// `offline_access`.
pub(super) fn may_have(
    scope: &Scope,
    client: &AppClient,
    resource: Option<&Resource>,
    rules: &ServerRules<'_>,
) -> bool {
    if scope.is_of_the_account() {
        return !client.is_unregistered() || scope.as_str() == Scope::OFFLINE_ACCESS;
    }
    let Some(resource) = resource else {
        return false;
    };
    let listed = rules.resources.iter().find(|one| one.uri == *resource);
    let is_the_resources = listed.map(|one| one.scopes.contains(scope));
    if client.is_unregistered() {
        is_the_resources == Some(true)
    } else {
        is_the_resources != Some(false) && client.scopes.contains(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{API, client, listed, rules, scopes};
    use super::*;

    #[test]
    fn what_was_granted_is_narrowed_to_what_the_app_may_have_now() {
        let listed = listed();
        let granted = scopes("openid orders:read orders:write");
        let api = Resource::parse(API).unwrap();
        let left = |client: &AppClient, resource: Option<&Resource>| {
            still_allowed(client, resource, &granted, &rules(&listed))
        };
        assert_eq!(left(&client(), Some(&api)), Some(granted.clone()));
        assert_eq!(left(&client(), None), Some(scopes("openid")));
        let narrower = AppClient {
            scopes: client().scopes.into_iter().take(1).collect(),
            ..client()
        };
        let one = scopes("openid orders:read");
        assert_eq!(left(&narrower, Some(&api)), Some(one));
        let without_api = AppClient {
            resources: Vec::new(),
            ..client()
        };
        assert_eq!(left(&without_api, Some(&api)), None);
    }
}
