//! The model: which actions each party can take in a state, and which state follows.

use std::sync::Arc;

use edgegate::domain::authorization::{ExchangeRefusal, Exchanged, conclude_exchange};
use edgegate::domain::session::SessionId;
use stateright::{Model, Property};

use crate::check::Coverage;
use crate::state::{App, Ask, Exchange, For, Issued, Party, State, Violation};
use crate::world::{Asked, Bug, URIS, World, receiver};

/// The lifetime of a code in ticks (steps of time).
const CODE_TICKS: u8 = 2;
const MOST_CODES: usize = 2;
const MOST_IN_TRANSIT: usize = 2;

/// What the thief can do besides sending requests of his own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thief {
    /// He sees every code: in a log, in the browser's history, or after a redirect.
    pub sees_codes: bool,
    /// He sends the user's browser to the service with a request that names the app without a
    /// secret. If he also sees the redirect, the service can't distinguish him from that app.
    pub begins_for_the_public_app: bool,
    /// He has copies of all refresh tokens.
    pub sees_refresh_tokens: bool,
}

/// The parameters of a search.
#[derive(Clone, Debug)]
pub struct Setting {
    pub name: &'static str,
    pub thief: Thief,
    /// It is possible that the network delivers a token request twice.
    pub bad_network: bool,
    pub world: Arc<World>,
    pub coverage: Arc<Coverage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Tick,
    /// A party sends the user's browser to the service with an authorization request.
    Ask(Party, Ask),
    /// The thief sees a code.
    See(u8),
    /// A token request is sent.
    Send(Exchange),
    /// The token request with this index arrives at the user's object. `true`: the network will
    /// deliver it a second time.
    Arrive(u8, bool),
    /// The Workers KV location catches up: from now on it sees everything that was written earlier.
    /// Only `Bug::RememberedByLocation` needs this action.
    Catch,
    LogOut,
}

impl Setting {
    pub fn new(name: &'static str, bug: Option<Bug>) -> Self {
        Self {
            name,
            thief: Thief {
                sees_codes: true,
                begins_for_the_public_app: false,
                sees_refresh_tokens: true,
            },
            bad_network: true,
            world: Arc::new(World::new(bug)),
            coverage: Arc::default(),
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.world.bug == Some(bug)
    }

    /// Calls `each` with every authorization request that the thief can make the user's browser
    /// send to the service.
    fn asks_of_thief(&self, mut each: impl FnMut(Ask)) {
        for app in [App::Web, App::Spa, App::Evil] {
            for uri in 0..u8::try_from(URIS.len()).unwrap() {
                for challenge_of in [Party::Web, Party::Spa, Party::Thief] {
                    for resource in [For::Nothing, For::TheApi, For::TheAccount] {
                        let is_for_public = app == App::Spa && challenge_of == Party::Thief;
                        if is_for_public && !self.thief.begins_for_the_public_app {
                            continue;
                        }
                        each(Ask {
                            app,
                            uri,
                            challenge_of,
                            resource,
                        });
                    }
                }
            }
        }
    }

    /// Calls `each` with every token request that the parties can send.
    fn exchanges(&self, state: &State, mut each: impl FnMut(Exchange)) {
        for (number, issued) in state.codes.iter().enumerate() {
            let code = u8::try_from(number).unwrap();
            let exchange = |by, app, uri, verifier_of| Exchange {
                by,
                code,
                app,
                uri,
                verifier_of,
                again: self.bad_network,
            };
            // An honest app accepts only the codes of its own requests (RFC 9700 section 4.7). If
            // the answer to its token request is lost, the app may send the request again.
            if issued.begun_by != Party::Thief {
                let by = issued.begun_by;
                each(exchange(by, by.app(), issued.ask.uri, by));
            }
            if issued.seen {
                for app in [App::Web, App::Spa, App::Evil] {
                    for uri in [issued.ask.uri, 2] {
                        // The thief has only his own verifier.
                        each(exchange(Party::Thief, app, uri, Party::Thief));
                    }
                }
            }
        }
    }

    /// Finds the URI to which the answer to an authorization request is redirected. Returns `None`
    /// if the answer is a page, or an error that is redirected to the app that asked, because these
    /// two answers do not change the state.
    fn answer(&self, state: &State, ask: Ask) -> Option<Asked> {
        let asked = self.world.ask(ask, !state.logged_out);
        match asked {
            Asked::Page => {
                self.coverage.note("page");
                None
            }
            Asked::Error(uri) if World::is_registered(ask.app, uri) => {
                self.coverage.note("error");
                None
            }
            Asked::Error(_) | Asked::Code(_) => Some(asked),
        }
    }

    fn issue(&self, state: &mut State, by: Party, ask: Ask) {
        let place = match self.world.ask(ask, !state.logged_out) {
            Asked::Page => return,
            Asked::Error(uri) => uri,
            Asked::Code(uri) => {
                self.coverage.note("code");
                state.codes.push(Issued {
                    ask,
                    begun_by: by,
                    seen: receiver(uri) == Party::Thief,
                    age: 0,
                    exchanged: false,
                    visible: false,
                });
                uri
            }
        };
        if !World::is_registered(ask.app, place) {
            state.violation = Some(Violation::RedirectElsewhere);
        }
    }

    /// Tries two attacks with the tokens of a session that has just begun. Returns a violation if
    /// one of them succeeds. In the first attack, an access token is used on a route of the user's
    /// account. In the second attack, the thief has a copy of another app's refresh token and tries
    /// to renew it in the name of the web app or of his own app.
    fn misuse(&self, app: App, resource: For) -> Option<Violation> {
        self.coverage.note("acts");
        if self.world.acts_on_account(app, resource) {
            return Some(Violation::ActsOnAccount);
        }
        let renews =
            |by: App| self.world.authenticates(Party::Thief, by) && self.world.renews(app, by);
        let others = [App::Web, App::Evil]
            .into_iter()
            .filter(|_| app != App::Evil);
        if self.thief.sees_refresh_tokens && others.into_iter().any(renews) {
            return Some(Violation::AnothersTokens);
        }
        self.coverage.note("renewal refused");
        None
    }

    /// Whether a token request passes every check that the service makes before it asks the user's
    /// object.
    fn passes(&self, state: &State, exchange: &Exchange) -> bool {
        let issued = &state.codes[usize::from(exchange.code)];
        if !self.world.authenticates(exchange.by, exchange.app) {
            self.coverage.note("not authenticated");
            return false;
        }
        let judged = self
            .world
            .judge(issued, exchange.app, exchange.uri, exchange.verifier_of);
        if let Err(refusal) = judged {
            self.coverage.note(refusal.reason());
        }
        let replays = issued.exchanged && judged == Err(ExchangeRefusal::Verifier);
        judged.is_ok() || replays && self.has(Bug::ReplayBeforeVerifier)
    }

    /// Lets a token request arrive at the user's object, and applies the object's answer to the
    /// state.
    fn arrive(&self, state: &mut State, exchange: Exchange) {
        let issued = &mut state.codes[usize::from(exchange.code)];
        // The session's ID is made from the code's number. It is unique, because a code begins at
        // most one session.
        let session = SessionId::new(1, &[exchange.code; 10]);
        let is_remembered =
            issued.exchanged && (issued.visible || !self.has(Bug::RememberedByLocation));
        let exchanged = if is_remembered {
            Exchanged::Again(session)
        } else if state.logged_out && !self.has(Bug::NoSignOn) {
            Exchanged::SignedOff
        } else {
            Exchanged::First
        };
        let ask = issued.ask;
        let has_verifier = exchange.verifier_of == ask.challenge_of;
        match conclude_exchange(exchanged) {
            Err((refusal, ends)) => {
                self.coverage.note(refusal.reason());
                assert!(ends.is_none() || ends == Some(session));
                if ends.is_some() && !has_verifier {
                    state.violation = Some(Violation::EndedWithoutVerifier);
                }
            }
            Ok(()) => {
                self.coverage.note("session");
                let is_second = std::mem::replace(&mut issued.exchanged, true);
                state.violation = if !has_verifier {
                    Some(Violation::WithoutVerifier)
                } else if is_second {
                    Some(Violation::TwoSessions)
                } else if exchange.by.app() != ask.app {
                    Some(Violation::AnothersTokens)
                } else if state.logged_out {
                    Some(Violation::AfterLogOut)
                } else {
                    self.misuse(ask.app, ask.resource)
                };
            }
        }
    }
}

impl Model for Setting {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.violation.is_some() {
            return;
        }
        if state.codes.iter().any(|code| code.age < CODE_TICKS) {
            actions.push(Action::Tick);
        }
        if state.codes.len() < MOST_CODES {
            for by in [Party::Web, Party::Spa] {
                let ask = Ask {
                    app: by.app(),
                    uri: by as u8,
                    challenge_of: by,
                    resource: For::TheApi,
                };
                actions.push(Action::Ask(by, ask));
            }
            self.asks_of_thief(|ask| {
                if self.answer(state, ask).is_some() {
                    actions.push(Action::Ask(Party::Thief, ask));
                }
            });
        }
        for (number, issued) in state.codes.iter().enumerate() {
            if self.thief.sees_codes && !issued.seen {
                actions.push(Action::See(u8::try_from(number).unwrap()));
            }
        }
        if state.exchanges.len() < MOST_IN_TRANSIT {
            self.exchanges(state, |exchange| {
                if self.passes(state, &exchange) {
                    actions.push(Action::Send(exchange));
                }
            });
        }
        for (number, exchange) in state.exchanges.iter().enumerate() {
            let number = u8::try_from(number).unwrap();
            actions.push(Action::Arrive(number, false));
            if exchange.again {
                actions.push(Action::Arrive(number, true));
            }
        }
        if self.has(Bug::RememberedByLocation) {
            actions.push(Action::Catch);
        }
        if !state.logged_out {
            actions.push(Action::LogOut);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => {
                for code in &mut state.codes {
                    code.age = (code.age + 1).min(CODE_TICKS);
                }
                // A token request that has not arrived within a tick (a step of time) is lost.
                state.exchanges.clear();
            }
            Action::Ask(by, ask) => self.issue(&mut state, by, ask),
            Action::See(code) => state.codes[usize::from(code)].seen = true,
            Action::Send(exchange) => state.exchanges.push(exchange),
            Action::Arrive(number, again) => {
                let mut exchange = state.exchanges.remove(usize::from(number));
                if again {
                    self.coverage.note("arrived twice");
                    exchange.again = false;
                    state.exchanges.push(exchange);
                }
                self.arrive(&mut state, exchange);
            }
            Action::Catch => {
                for code in &mut state.codes {
                    code.visible = code.exchanged;
                }
            }
            Action::LogOut => {
                self.coverage.note("log-out");
                state.logged_out = true;
            }
        }
        Some(state.canonical())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn never(state: &State, violation: Violation) -> bool {
            state.violation != Some(violation)
        }
        vec![
            Property::always("a code without its verifier gives nothing", |_, state| {
                never(state, Violation::WithoutVerifier)
            }),
            Property::always("a code without its verifier ends nothing", |_, state| {
                never(state, Violation::EndedWithoutVerifier)
            }),
            Property::always("a code gives one session", |_, state| {
                never(state, Violation::TwoSessions)
            }),
            Property::always("no client gets another client's tokens", |_, state| {
                never(state, Violation::AnothersTokens)
            }),
            Property::always("no redirect leaves the registered URIs", |_, state| {
                never(state, Violation::RedirectElsewhere)
            }),
            Property::always("an app's token never acts on the account", |_, state| {
                never(state, Violation::ActsOnAccount)
            }),
            Property::always("no code gives a session after a log-out", |_, state| {
                never(state, Violation::AfterLogOut)
            }),
        ]
    }
}
