//! RPC: the seven methods that other Workers can call over a service binding. `rpc.mjs` has the
//! class whose methods they call; this module does the work.
//!
//! The calling Worker belongs to the operator and is trusted: it may revoke any user's tokens, and
//! this service believes what the Worker says about its own clients (such as their IP addresses).
//! The arguments are still checked, because many of them are texts that those clients sent.

use super::answer::Answer;
use super::problem::Problem;
use super::routes::{Outcome, done, renewed, signed_in};
use crate::domain::account::UserId;
use crate::domain::error::{Code, Error, FieldProblem};
use crate::domain::session::{Client, Credentials};
use crate::ports::Ports;
use crate::service::{AuthService, Criteria, Login};
use edgegate_token::json::Json;

/// Calls a method. `arguments` is a JSON list. Its elements are strings, lists of strings, and
/// objects with the members `ip`, `user_agent` and `device_token`. `rpc.mjs` writes `null` for an
/// argument that is absent and `false` for an argument of another type. The methods that check a
/// token (`is_…`) answer with status 200 for true, and with any other status for false.
///
/// # Errors
/// The same errors as those of the HTTP route that does the same work.
pub async fn call<P: Ports>(service: &AuthService<P>, method: &str, arguments: &str) -> Outcome {
    let mut arguments = Arguments::read(arguments)?;
    match method {
        "generate_token" => {
            let (email, password) = (arguments.text("email")?, arguments.text("password")?);
            let login = Login {
                email: &email,
                password: &password,
            };
            let caller = arguments.caller()?;
            service.asked_by(&caller.0);
            let outcome = service.generate_token(login, &caller).await?;
            Ok(signed_in(service.settings(), 200, &outcome, false))
        }
        "revoke_tokens" => {
            let user = arguments.text("user_id")?;
            let user = UserId::parse(&user).ok_or_else(|| invalid("user_id", "not_an_id"))?;
            service.revoke_tokens(user).await?;
            Ok(done(user))
        }
        "renew_token" => {
            let refresh_token = arguments.text("refresh_token")?;
            let (client, _) = arguments.caller()?;
            service.asked_by(&client);
            let outcome = service.renew_token(&refresh_token, &client).await?;
            Ok(renewed(&outcome, false))
        }
        "reset_password" => {
            let email = arguments.text("email")?;
            let caller = arguments.caller()?;
            service.asked_by(&caller.0);
            let locale = service.settings().mail.locale;
            service.reset_password(&email, &caller, locale).await?;
            Ok(Answer::empty(204))
        }
        _ => {
            let access_token = arguments.text("access_token")?;
            let mut criteria = Criteria::default();
            match method {
                "is_authorized_by_role" => criteria.roles = Some(arguments.texts("roles")?),
                "is_authorized_by_user_id" => {
                    criteria.user_id = Some(arguments.text("requested_user_id")?);
                }
                "is_authorized_by_email" => {
                    criteria.email = Some(arguments.text("requested_email")?);
                }
                _ => return Err(Problem::new(Code::NotFound, "there is no such method")),
            }
            let authorized = service.is_authorized(&access_token, &criteria).await?;
            Ok(Answer::empty(if authorized { 200 } else { 403 }))
        }
    }
}

fn invalid(field: &'static str, reason: &'static str) -> Problem {
    Error::Field(field, FieldProblem::Invalid(reason)).into()
}

/// The arguments of a call that have not been read yet. They are read in their order.
struct Arguments(std::vec::IntoIter<Json>);

impl Arguments {
    fn read(text: &str) -> Result<Self, Problem> {
        match Json::read(text.as_bytes()) {
            Ok(Json::Array(arguments)) => Ok(Self(arguments.into_iter())),
            _ => Err(Problem::invalid_request("the arguments can't be read")),
        }
    }

    fn next(&mut self) -> Option<Json> {
        self.0.next().filter(|argument| *argument != Json::Null)
    }

    fn required(&mut self, name: &'static str) -> Result<Json, Problem> {
        self.next()
            .ok_or_else(|| Error::Field(name, FieldProblem::Missing).into())
    }

    fn text(&mut self, name: &'static str) -> Result<String, Problem> {
        match self.required(name)? {
            Json::String(text) => Ok(text),
            _ => Err(wrong(name)),
        }
    }

    fn texts(&mut self, name: &'static str) -> Result<Vec<String>, Problem> {
        self.required(name)?.into_texts().ok_or_else(|| wrong(name))
    }

    /// The client for which the other Worker calls. A bad IP address or an unknown member (such as
    /// a misspelt `ip`) is rejected. If it were ignored, the calls would not be limited per client.
    fn caller(&mut self) -> Result<(Client, Credentials), Problem> {
        let (mut ip, mut user_agent, mut device_token) = (None, None, None);
        match self.next() {
            None => {}
            Some(Json::Object(mut members)) => {
                for (name, slot) in [
                    ("ip", &mut ip),
                    ("user_agent", &mut user_agent),
                    ("device_token", &mut device_token),
                ] {
                    *slot = match members.remove(name) {
                        None | Some(Json::Null) => None,
                        Some(Json::String(text)) => Some(text),
                        Some(_) => return Err(wrong(name)),
                    };
                }
                if members.names().next().is_some() {
                    return Err(wrong("client"));
                }
            }
            Some(_) => return Err(wrong("client")),
        }
        let client = Client::new(ip.as_deref(), user_agent.as_deref());
        let client = match ip {
            None => client.without_counting(),
            Some(_) if client.has_address() => client,
            Some(_) => return Err(invalid("ip", "not_an_address")),
        };
        let credentials = Credentials::default().with_device(device_token.as_deref());
        Ok((client, credentials))
    }
}

fn wrong(name: &str) -> Problem {
    Problem::invalid_request(format!("the argument {name} is not what it must be"))
}
