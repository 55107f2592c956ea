//! What a search distinguishes.

/// A registered client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum App {
    /// Of the first party, with a secret.
    Web,
    /// Of somebody else, without a secret. The user has granted what it asks for.
    Spa,
    /// The thief's own. The user was talked into granting what it asks for.
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
    /// The app that an honest party is, or the thief's own.
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
    /// `AUDIENCE`: a token for it would be one of the account.
    TheAccount,
}

/// What a request asks for. The index is that of a URI in [`crate::world::URIS`]; the verifier is
/// named by its owner.
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
    /// The honest party that began the request, if one did. It takes no other code.
    pub begun_by: Party,
    /// The thief has seen it.
    pub seen: bool,
    /// Ticks since it was issued.
    pub age: u8,
    /// It began a session, which the user's object remembers.
    pub exchanged: bool,
    /// Whether a location of KV would show that. Only a seeded bug asks it.
    pub visible: bool,
}

/// A token request on its way. It was judged by everything but the user's object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exchange {
    pub by: Party,
    pub code: u8,
    pub app: App,
    pub uri: u8,
    pub verifier_of: Party,
    /// The network may deliver it twice.
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
    /// The canonical form of states that differ only by the order of codes and of what is in transit.
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
