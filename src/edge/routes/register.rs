//! POST /auth/register.

use serde::Deserialize;

use super::{Outcome, signed_in};
use crate::edge::body::{json, present, required};
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::{AuthService, NewUser};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "present")]
    email: Option<String>,
    #[serde(default, deserialize_with = "present")]
    password: Option<String>,
    #[serde(default, deserialize_with = "present")]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    last_name: Option<String>,
}

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request) -> Outcome {
    let body: Body = json(request)?;
    let email = required("email", body.email)?;
    let password = required("password", body.password)?;
    let new_user = NewUser {
        email: &email,
        password: &password,
        first_name: body.first_name.as_deref(),
        last_name: body.last_name.as_deref(),
    };
    let outcome = service.register(new_user, &request.client).await?;
    Ok(signed_in(201, &outcome))
}
