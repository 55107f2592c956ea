//! What is recorded for operators, as soon as it is so: before what may still fail after it.

use super::AuthService;
use crate::domain::account::{EmailAddress, User};
use crate::domain::event::{Act, Event, Pseudonym};
use crate::domain::session::Client;
use crate::ports::{Events, Ports};

impl<P: Ports> AuthService<P> {
    /// Says whose request this service answers, for what is recorded: its network's pseudonym stands in every event from here
    /// on, also of acts that need to know no client.
    pub fn asked_by(&self, client: &Client) {
        self.network.set(self.shared.networks.of(client));
    }

    pub(super) fn record(&self, act: Act) {
        let network = self.network.get();
        self.ports.events().record(&Event { act, network });
    }

    /// Records that an account is there, made by its owner.
    pub(super) fn record_registered(&self, user: &User) {
        self.record(Act::Registered {
            user: user.id,
            address: self.pseudonym(&user.email),
        });
    }

    pub(super) fn pseudonym(&self, email: &EmailAddress) -> Pseudonym {
        Pseudonym::of_account(&self.shared.account_names.of(email))
    }
}
