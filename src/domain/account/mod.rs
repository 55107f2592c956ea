//! Accounts: the address, the password, the user.

mod email_address;
mod password;
mod user;
mod user_change;

pub use email_address::{EmailAddress, EmailError};
pub use password::{
    HashError, Password, PasswordHash, PasswordPolicy, PasswordTooLong, Verification, Weakness,
};
pub use user::{Name, NameError, Roles, RolesError, User, UserId};
pub use user_change::UserChange;
