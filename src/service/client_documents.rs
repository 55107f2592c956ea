//! Apps that nobody registered. The id of such an app is the URL of a document that describes the
//! app (draft-ietf-oauth-client-id-metadata-document). A stranger can choose which URL this service
//! fetches. So [`MetadataUrl`] and the port [`Vendors`] restrict what is
//! fetched, and fetches are rate-limited per client network.

use std::collections::BTreeMap;

use super::AuthService;
use crate::domain::authorization::{AppClient, ClientId, MetadataDocument, MetadataUrl};
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::policy::METADATA_DOCUMENTS_KEPT;
use crate::domain::session::Client;
use crate::ports::{Ports, Vendors};

/// The apps whose documents this isolate has fetched, each with the time when its entry expires.
#[derive(Debug, Default)]
pub(crate) struct KnownDocuments(BTreeMap<ClientId, (AppClient, u64)>);

impl KnownDocuments {
    fn get(&self, id: &ClientId, now: u64) -> Option<AppClient> {
        let (app, until) = self.0.get(id)?;
        (now < *until).then(|| app.clone())
    }

    /// Adds an app. If there are too many apps, the app that expires first is removed.
    fn keep(&mut self, app: AppClient, until: u64, now: u64) {
        self.0.retain(|_, (_, until)| now < *until);
        if self.0.len() >= METADATA_DOCUMENTS_KEPT {
            let first = self.0.iter().min_by_key(|(_, (_, until))| *until);
            if let Some(id) = first.map(|(id, _)| id.clone()) {
                self.0.remove(&id);
            }
        }
        self.0.insert(app.id.clone(), (app, until));
    }
}

impl<P: Ports> AuthService<P> {
    /// The app with this id. Either it is registered, or its own document describes it. The
    /// document is fetched unless this isolate has cached the app.
    ///
    /// If the document can't be fetched or is not accepted, the app is unknown. The failure is
    /// logged but not cached, so the next request fetches the document again.
    ///
    /// # Errors
    /// [`Error::RateLimited`]; [`Error::Store`].
    pub(super) async fn app_with_document(
        &self,
        id: &ClientId,
        client: &Client,
    ) -> Result<Option<AppClient>, Error> {
        if !id.is_url() {
            return self.app_of(id).await;
        }
        if !self.settings().client_id_metadata {
            return Ok(None);
        }
        let now = self.now();
        let known = self.shared.documents.borrow().get(id, now);
        if known.is_some() {
            return Ok(known);
        }
        let Ok(url) = MetadataUrl::parse(id, &self.settings().issuer) else {
            return Ok(None);
        };
        self.admit_client(client).await?;
        match self.fetch_document(&url, now).await {
            Ok((app, kept_for)) => {
                let until = now.saturating_add(kept_for);
                let mut documents = self.shared.documents.borrow_mut();
                documents.keep(app.clone(), until, now);
                Ok(Some(app))
            }
            Err(reason) => {
                self.record(Act::ClientDocumentRefused {
                    client: id.to_string(),
                    reason,
                });
                Ok(None)
            }
        }
    }

    /// The app that a document describes, and for how many seconds the app may be cached.
    async fn fetch_document(
        &self,
        url: &MetadataUrl,
        now: u64,
    ) -> Result<(AppClient, u64), &'static str> {
        let vendors = self.ports.vendors();
        let fetched = vendors.client_document(url).await;
        let fetched = fetched.map_err(|_| "document_not_fetched")?;
        if !MetadataDocument::accepts(fetched.status, fetched.content_type.as_deref()) {
            return Err("document_not_json");
        }
        let app =
            MetadataDocument::parse(&fetched.body, url, now).map_err(|fault| fault.reason())?;
        let kept_for = MetadataDocument::kept_for(fetched.cache_control.as_deref());
        Ok((app, kept_for))
    }

    /// An unregistered app, described without reading its document: the app is public and does not
    /// belong to the operator. The document is needed only when a browser is redirected to the app.
    pub(super) fn undescribed_app(&self, id: &ClientId) -> Option<AppClient> {
        let is_one = self.settings().client_id_metadata
            && MetadataUrl::parse(id, &self.settings().issuer).is_ok();
        is_one.then(|| AppClient::known_by_id(id.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(number: usize) -> AppClient {
        let id = ClientId::parse(&format!("https://app{number}.example.com/document"));
        AppClient::known_by_id(id.unwrap())
    }

    #[test]
    fn the_app_that_would_be_used_for_the_shortest_time_is_dropped_first() {
        let now = 1_764_000_000;
        let mut known = KnownDocuments::default();
        for number in 0..METADATA_DOCUMENTS_KEPT {
            // App 1 expires first.
            let until = if number == 1 { now + 5 } else { now + 10 };
            known.keep(app(number), until, now);
        }
        assert_eq!(known.0.len(), METADATA_DOCUMENTS_KEPT);
        assert!(known.get(&app(0).id, now).is_some() && known.get(&app(1).id, now).is_some());
        known.keep(app(METADATA_DOCUMENTS_KEPT), now + 10, now);
        assert_eq!(known.0.len(), METADATA_DOCUMENTS_KEPT);
        assert_eq!(known.get(&app(1).id, now), None);
        assert!(known.get(&app(0).id, now).is_some());
    }

    #[test]
    fn an_app_is_used_and_kept_until_its_time_is_over() {
        let now = 1_764_000_000;
        let mut known = KnownDocuments::default();
        known.keep(app(0), now + 5, now);
        known.keep(app(1), now + 10, now);
        assert_eq!(known.get(&app(0).id, now + 4), Some(app(0)));
        assert_eq!(known.get(&app(0).id, now + 5), None);
        known.keep(app(2), now + 10, now + 5);
        assert_eq!(known.0.len(), 2, "the first one was dropped");
        assert_eq!(known.get(&app(1).id, now + 5), Some(app(1)));
    }
}
