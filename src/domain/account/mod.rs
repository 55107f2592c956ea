//! User accounts: the users, their email addresses and their passwords.

mod account_name;
mod attempt;
mod breach;
mod challenge_verdict;
mod common_passwords;
mod context_words;
mod decoy_salt;
mod departure;
mod device;
mod email_prefix;
mod failed_tries;
mod foreign_hash;
mod freed_address;
mod hashing_cost;
mod import_row;
mod password;
mod pepper;
mod row_change;
mod user;
mod user_change;

pub use account_name::{AccountName, AccountNames};
pub use attempt::Attempt;
pub use breach::{PREFIX_DIGITS, is_in_range};
pub use challenge_verdict::ChallengeVerdict;
pub use context_words::ContextWords;
pub use decoy_salt::DecoySalts;
pub use departure::Departure;
pub use device::{DeviceTicket, DeviceTickets};
pub use edgegate_token::{EmailAddress, EmailError};
pub use email_prefix::EmailPrefix;
pub use failed_tries::{Admitted, FailedTries, KnownId, TriedBy};
pub use foreign_hash::{
    ForeignHash, ForeignHashing, ForeignWork, HashRefusal, Preimage, ScryptCost, argon2_is_enough,
};
pub use freed_address::{FreedAddress, FreedAddresses, NotFreedSince};
pub use hashing_cost::HashingCost;
pub use import_row::{ExportRow, ExternalId, ImportRow, RowRefusal};
pub use password::{
    Comparison, HashError, Password, PasswordHash, PasswordPolicy, PasswordTooLong, Verification,
    Weakness,
};
pub use pepper::{PepperError, Peppers};
pub use row_change::RowChange;
pub use user::{
    LinkNonce, Name, NameError, RoleEdits, Roles, RolesError, User, UserId, raised_epoch,
    raised_version,
};
pub use user_change::{Edit, UserChange};
