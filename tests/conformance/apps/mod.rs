//! The rules for every adapter of `Clients` and of `Grants`. One suite tests both ports, because
//! deleting an app also deletes the grants to it, and because a list of grants contains the names
//! of the apps.

mod clients;
mod grants;

use edgegate::domain::account::UserId;
use edgegate::domain::authorization::{
    AppClient, ClientId, ClientSecret, ClientType, Grant, GrantId, IdTokenAlg, RedirectUri,
    Resource, Scope, Scopes, SecretId, StoredSecret,
};
use edgegate::ports::{Clients, Grants};

use super::suite::{Case, Numbers, Outcome, check, check_eq, run, text};

/// The time at which the cases begin, in seconds.
const BEGUN: u64 = 1_800_000_000;

/// The two stores, and the numbers from which the cases make ids.
pub(crate) struct World<C, G> {
    clients: C,
    grants: G,
    numbers: Numbers,
}

impl<C: Clients, G: Grants> World<C, G> {
    /// The cases make unused values from the numbers that begin with `first`. In each run on the
    /// same store, `first` must be different.
    pub(crate) fn new(clients: C, grants: G, first: u64) -> Self {
        Self {
            clients,
            grants,
            numbers: Numbers::from(first),
        }
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..10].copy_from_slice(&self.numbers.random());
        bytes
    }

    fn user(&self) -> UserId {
        UserId::new(BEGUN * 1000, &self.numbers.random())
    }

    /// An app in which every optional field is set.
    fn app(&self) -> Result<AppClient, String> {
        let uri = |text: &str| RedirectUri::register(text).map_err(|why| why.reason().to_owned());
        Ok(AppClient {
            id: ClientId::generate(&self.random()),
            name: "Ada's \"notes\"".to_owned(),
            kind: ClientType::Confidential,
            first_party: true,
            redirect_uris: vec![
                uri("https://app.example.com/callback")?,
                uri("http://127.0.0.1/callback")?,
            ],
            post_logout_redirect_uris: vec![uri("https://app.example.com/")?],
            resources: vec![resource("https://api.example.com")?],
            scopes: vec![scope("read")?, scope("write")?],
            id_token_alg: Some(IdTokenAlg::Es256),
            disabled_at: Some(BEGUN + 1),
            created_at: BEGUN,
            version: 1,
        })
    }

    /// An app in which every optional field is empty.
    fn bare_app(&self) -> Result<AppClient, String> {
        let app = self.app()?;
        Ok(AppClient {
            name: "n".to_owned(),
            kind: ClientType::Public,
            first_party: false,
            post_logout_redirect_uris: vec![],
            resources: vec![],
            scopes: vec![],
            id_token_alg: None,
            disabled_at: None,
            ..app
        })
    }

    fn secret(&self) -> StoredSecret {
        let mut random = [0; 32];
        random[..16].copy_from_slice(&self.random());
        let (_, hash) = ClientSecret::generate(&random);
        StoredSecret {
            id: SecretId::new(BEGUN * 1000, &self.numbers.random()),
            hash,
            created_at: BEGUN,
        }
    }

    fn grant(&self, user: UserId, client: &ClientId, scopes: &str) -> Result<Grant, String> {
        Ok(Grant {
            id: GrantId::new(BEGUN * 1000, &self.numbers.random()),
            user,
            client: client.clone(),
            scopes: Scopes::parse(scopes).map_err(|why| why.reason())?,
            resource: None,
            given_at: BEGUN,
            withdrawn_at: None,
        })
    }
}

fn resource(text: &str) -> Result<Resource, String> {
    Resource::parse(text).map_err(|why| why.reason().to_owned())
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).map_err(|why| why.reason().to_owned())
}

/// Runs every case.
pub(crate) async fn run_all<C: Clients, G: Grants>(world: &World<C, G>) -> Vec<Outcome> {
    let mut outcomes = {
        use clients as cases;
        run!(
            world,
            true,
            [
                an_app_reads_back_as_it_was_created,
                an_id_is_taken_once,
                a_list_has_pages,
                a_change_needs_the_version,
                nobody_was_asked_for_the_grants_of_the_first_party,
                of_two_changes_at_once_one_is_made,
                an_app_has_two_secrets_at_most,
                of_ten_secrets_at_once_two_are_added,
                a_secret_belongs_to_its_app,
                a_deleted_app_leaves_nothing,
            ]
        )
    };
    outcomes.extend({
        use grants as cases;
        run!(
            world,
            true,
            [
                a_grant_reads_back_as_it_was_given,
                giving_more_widens_the_live_grant,
                a_repeat_changes_nothing,
                ten_at_once_make_one_grant,
                too_many_scopes_replace_the_others,
                a_resource_has_a_grant_of_its_own,
                a_withdrawn_grant_stays_withdrawn,
                nobody_withdraws_another_users_grant,
                a_list_shows_what_is_live,
                what_is_forgotten_is_gone,
                only_old_withdrawn_grants_are_forgotten,
            ]
        )
    });
    outcomes
}
