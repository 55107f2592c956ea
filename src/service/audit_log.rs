//! Records events for operators. An event that reports a change is recorded as soon as the change
//! is stored, before any later step that could fail.

use super::AuthService;
use crate::domain::account::{EmailAddress, User};
use crate::domain::event::{Act, Event, Pseudonym};
use crate::domain::request_id::RequestId;
use crate::domain::session::Client;
use crate::ports::{Events, Ports};

impl<P: Ports> AuthService<P> {
    /// Sets the client whose request this service handles. After this call every event contains the
    /// pseudonym of the client's IP network, even if the event itself has nothing to do with the
    /// client.
    pub fn asked_by(&self, client: &Client) {
        self.network.set(self.shared.networks.of(client));
    }

    /// Sets the id of the request that this service handles. Every mail job that is queued after
    /// this call contains this id.
    pub fn set_request(&self, id: Option<RequestId>) {
        self.request.set(id);
    }

    pub(super) fn record(&self, act: Act) {
        let network = self.network.get();
        self.ports.events().record(&Event { act, network });
    }

    /// Records that a person has created their own account.
    pub(super) fn record_registered(&self, user: &User) {
        self.record(Act::Registered {
            user: user.id,
            address: self.pseudonym(&user.email),
        });
    }

    /// The pseudonym that the log contains instead of an address.
    pub fn pseudonym(&self, email: &EmailAddress) -> Pseudonym {
        Pseudonym::of_account(&self.shared.account_names.of(email))
    }
}
