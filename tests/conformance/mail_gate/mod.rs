//! The rules for every adapter of `MailGate`.

mod cases;

use edgegate::domain::mail::{Counted, GateName, GateVerdict, MailKeys, RouteClass};
use edgegate::domain::session::Client;
use edgegate::domain::ticket::TicketSecrets;
use edgegate::ports::MailGate;

use super::suite::{Case, Numbers, Outcome, check, check_eq, run, text};

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// The time at which the cases begin, in seconds. It is far in the future, so no alarm of a Durable
/// Object goes off during a case.
const BEGUN: u64 = 1_111_111 * HOUR;
const RESET: Counted = Counted::Request(RouteClass::Reset);
const OTHER: Counted = Counted::Request(RouteClass::Other);

/// A gate, and the numbers from which unused names are made.
pub(crate) struct World<G> {
    gate: G,
    keys: MailKeys,
    numbers: Numbers,
}

impl<G: MailGate> World<G> {
    /// The cases make unused values from the numbers that begin with `first`. In each run on the
    /// same store, `first` must be different.
    pub(crate) fn new(gate: G, first: u64) -> Option<Self> {
        let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").ok()?;
        Some(Self {
            gate,
            keys: MailKeys::new(&secrets, "https://conformance.example"),
            numbers: Numbers::from(first),
        })
    }

    /// The name of a network that no earlier case has used.
    fn fresh(&self) -> GateName {
        // The first three groups of an IPv6 address identify the network.
        let [_, _, a, b, c, d, e, f] = self.numbers.next().to_be_bytes();
        let address = format!("{a:02x}{b:02x}:{c:02x}{d:02x}:{e:02x}{f:02x}::1");
        self.keys.network(&Client::new(Some(&address), None))
    }

    async fn count(
        &self,
        name: &GateName,
        counted: Counted,
        now: u64,
    ) -> Result<GateVerdict, String> {
        self.gate.count(name, counted, now).await.map_err(text)
    }
}

/// Runs every case.
pub(crate) async fn run_all<G: MailGate>(world: &World<G>) -> Vec<Outcome> {
    run!(
        world,
        true,
        [
            the_first_is_first_the_next_four_are_medium_and_all_others_rest,
            each_kind_has_ranks_of_its_own,
            thirty_an_hour_of_both_kinds_together,
            what_is_over_the_limit_is_not_counted,
            an_hour_may_begin_anywhere,
            after_a_day_the_next_is_first_again,
            a_larger_network_has_a_share_of_each_hour,
            a_share_of_nothing_admits_nothing,
            the_kinds_of_a_larger_network_are_apart,
            three_mails_a_day_for_the_known,
            five_acts_a_day_of_each_kind,
            names_are_apart,
            of_forty_requests_at_once_thirty_go_on,
            of_ten_requests_at_once_one_is_first,
            of_ten_acts_at_once_five_go_on,
            a_clock_that_is_behind_frees_nothing,
        ]
    )
}
