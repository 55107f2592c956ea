//! The cases. Each use case is called by at least one of them. Each case has rules that must hold
//! in the end.

use edgegate::domain::account::UserId;
use edgegate::domain::error::{Error, StoreError};
use edgegate::domain::mail::Locale::English;
use edgegate::domain::mail::{Message, NotDue};
use edgegate::domain::policy::DEPARTURE_SETTLES;
use edgegate::domain::session::{Credentials, SessionId};
use edgegate::ports::{MailLedger, SessionStore, UserDirectory};
use edgegate::service::deliver_mail::Delivery;
use edgegate::service::import_users::ImportOptions;
use edgegate::service::manage_users::Amendment;
use edgegate::service::{Criteria, NewAccount, Registered, TokenPair};

use super::world::GRACE_INVITED;
use super::{Case, Facts, Given, World};
use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, ROOT, client};

const GRACE: &str = "grace@example.com";
const OPEN: &[(&str, &str)] = &[("REGISTRATION", "open")];
const ROTATING: &[(&str, &str)] = &[("ROTATE_AFTER", "0"), ("REUSE", "strict")];

macro_rules! case {
    ($name:literal, $settings:expr, |$w:ident| $prepare:expr, |$aw:ident, $f:ident| $act:expr, $done:pat, |$hw:ident, $hf:ident, $mails:ident| $wrong:expr) => {
        Case {
            name: $name,
            settings: $settings,
            prepare: |$w| Box::pin(async move { $prepare }),
            act: |$aw, $f| Box::pin(async move { $act }),
            done_before: |error| matches!(error, $done),
            wrong: |$hw, $hf, $mails| Box::pin(async move { $wrong }),
        }
    };
}

mod accounts;
mod addresses;
mod app_tokens;
mod apps;
mod authorize;
mod mail;
mod operators;
mod passwords;
mod reading;
mod sessions;

/// The result of a case whose use case issues no refresh token.
fn none<T>(outcome: Result<T, Error>) -> Given {
    outcome.map(|_| None)
}

/// The result of a case whose use case issued these tokens.
fn issued(tokens: &TokenPair) -> Given {
    Ok(Some(tokens.refresh_token.expose().to_owned()))
}

/// The names of the rules that do not hold, or `None` if all hold.
fn violated(rules: &[(&str, bool)]) -> Option<String> {
    let violated: Vec<_> = rules
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(rule, _)| *rule)
        .collect();
    (!violated.is_empty()).then(|| format!("does not hold: {}", violated.join("; ")))
}

/// Rules that must hold if the session of the prepared user has ended.
async fn signed_out<S: SessionStore>(w: &World<S>, f: &Facts) -> [(&'static str, bool); 2] {
    [
        ("no renewal", !w.renews(f.refresh()).await),
        ("no check", !w.accepts(f.access()).await),
    ]
}

fn to(mails: &[Message], address: &str) -> bool {
    mails.iter().any(|mail| mail.to.as_given() == address)
}

fn grace(password: Option<&str>) -> NewAccount<'_> {
    NewAccount {
        email: GRACE,
        password,
        first_name: None,
        last_name: None,
    }
}

fn with_thing(facts: Facts, thing: &str) -> Facts {
    Facts {
        thing: thing.to_owned(),
        ..facts
    }
}

pub(super) fn cases<S: SessionStore + 'static>() -> Vec<Case<S>> {
    let mut cases = sessions::sessions();
    cases.extend(passwords::passwords());
    cases.extend(addresses::addresses());
    cases.extend(accounts::accounts());
    cases.extend(app_tokens::app_tokens());
    cases.extend(operators::operators());
    cases.extend(apps::apps());
    cases.extend(authorize::authorize());
    cases.extend(mail::mail());
    cases.extend(reading::reading());
    cases
}
