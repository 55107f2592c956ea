//! Accounts: the address, the password, the user.

#[cfg(not(feature = "browser"))]
mod account_name;
#[cfg(not(feature = "browser"))]
mod breach;
#[cfg(not(feature = "browser"))]
mod common_passwords;
#[cfg(not(feature = "browser"))]
mod context_words;
#[cfg(not(feature = "browser"))]
mod decoy_salt;
#[cfg(not(feature = "browser"))]
mod device;
mod email_address;
#[cfg(not(feature = "browser"))]
mod failed_tries;
#[cfg(not(feature = "browser"))]
mod freed_address;
#[cfg(not(feature = "browser"))]
mod hashing_cost;
#[cfg(not(feature = "browser"))]
mod password;
#[cfg(not(feature = "browser"))]
mod pepper;
#[cfg(not(feature = "browser"))]
mod user;
#[cfg(not(feature = "browser"))]
mod user_change;

#[cfg(not(feature = "browser"))]
pub use account_name::{AccountName, AccountNames};
#[cfg(not(feature = "browser"))]
pub use breach::{TOLD, is_in_range};
#[cfg(not(feature = "browser"))]
pub use context_words::ContextWords;
#[cfg(not(feature = "browser"))]
pub use decoy_salt::DecoySalts;
#[cfg(not(feature = "browser"))]
pub use device::{DeviceTicket, DeviceTickets};
pub use email_address::{EmailAddress, EmailError};
#[cfg(not(feature = "browser"))]
pub use failed_tries::{Admitted, FailedTries, KnownId, TriedBy};
#[cfg(not(feature = "browser"))]
pub use freed_address::{FreedAddress, FreedAddresses, NotFreedSince};
#[cfg(not(feature = "browser"))]
pub use hashing_cost::HashingCost;
#[cfg(not(feature = "browser"))]
pub use password::{
    HashError, Password, PasswordHash, PasswordPolicy, PasswordTooLong, Verification, Weakness,
};
#[cfg(not(feature = "browser"))]
pub use pepper::{PepperError, Peppers};
#[cfg(not(feature = "browser"))]
pub use user::{LinkNonce, Name, NameError, Roles, RolesError, User, UserId};
#[cfg(not(feature = "browser"))]
pub use user_change::UserChange;
