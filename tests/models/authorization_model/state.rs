//! The state of the model.

/// A registered client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum App {
    /// A first-party app with a secret.
    Web,
    /// An app of another company, without a secret. The user has granted what this app requests.
    Spa,
    /// The thief's own app. The thief has persuaded the user to grant what it requests.
    Evil,
}

/// The party that acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    Web,
    Spa,
    Thief,
}

impl Party {
    /// The app that belongs to this party.
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
    /// `AUDIENCE`, the audience of the service's own tokens. If an app got a token for this
    /// resource, the account's routes might accept it.
    TheAccount,
}

/// An authorization request. `uri` is an index into [`crate::world::URIS`]. `challenge_of` is the
/// party that made the PKCE challenge and so knows its verifier.
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
    /// The code was exchanged and has begun a session. The user's object remembers this.
    pub exchanged: bool,
    /// Whether a Workers KV location sees already that the code was exchanged. Only
    /// `Bug::RememberedByLocation` reads this field.
    pub visible: bool,
}

/// A token request in transit. It has passed every check except the check in the user's object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exchange {
    pub by: Party,
    pub code: u8,
    pub app: App,
    pub uri: u8,
    pub verifier_of: Party,
    /// It is possible that the network delivers this request twice.
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
    /// Gives states the same form if they differ only in the order of codes or of requests in
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
