//! The state of the model.

/// A registered client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum App {
    /// A first-party app with a secret.
    Web,
    /// An app of another company, without a secret. The user has granted what it asks for.
    Spa,
    /// The thief's own app. The user was talked into granting what it asks for.
    Evil,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    Web,
    Spa,
    Thief,
}

impl Party {
    /// The app of an honest party, or the thief's own app.
    pub fn app(self) -> App {
        match self {
            Self::Web => App::Web,
            Self::Spa => App::Spa,
            Self::Thief => App::Evil,
        }
    }
}

/// Which API a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum For {
    Nothing,
    TheApi,
    /// `AUDIENCE`, the audience of the service's own tokens. A token for this resource would be
    /// valid at the account's routes.
    TheAccount,
}

/// An authorization request. `uri` is an index into [`crate::world::URIS`]. `challenge_of` is the
/// party that knows the verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ask {
    pub app: App,
    pub uri: u8,
    pub challenge_of: Party,
    pub resource: For,
}

/// A code that was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Issued {
    pub ask: Ask,
    /// The party that began the request. An honest party accepts only the codes of its own
    /// requests.
    pub begun_by: Party,
    /// The thief has seen the code.
    pub seen: bool,
    /// Ticks since the code was issued.
    pub age: u8,
    /// The code has begun a session, which the user's object remembers.
    pub exchanged: bool,
    /// Whether a Workers KV location already sees the exchange. Only `Bug::RememberedByLocation`
    /// reads this field.
    pub visible: bool,
}

/// A token request in transit. It has passed every check except the one in the user's object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exchange {
    pub by: Party,
    pub code: u8,
    pub app: App,
    pub uri: u8,
    pub verifier_of: Party,
    /// The network may deliver this request twice.
    pub again: bool,
}

/// What must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Violation {
    WithoutVerifier,
    EndedWithoutVerifier,
    TwoSessions,
    AnothersTokens,
    RedirectElsewhere,
    ActsOnAccount,
    AfterLogOut,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    pub codes: Vec<Issued>,
    pub exchanges: Vec<Exchange>,
    /// The user has logged out, and the log-out was answered.
    pub logged_out: bool,
    pub violation: Option<Violation>,
}

impl State {
    /// The canonical form of states that differ only in the order of codes and of requests in
    /// transit.
    pub fn canonical(mut self) -> Self {
        if let [first, second] = self.codes[..]
            && second < first
        {
            self.codes.swap(0, 1);
            for exchange in &mut self.exchanges {
                exchange.code = 1 - exchange.code;
            }
        }
        self.exchanges.sort_unstable();
        self
    }
}
