//! POST /auth/login: `generate_token`.

use serde::Deserialize;

use super::{Outcome, signed_in};
use crate::edge::body::{json, present, required};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::{AuthService, Login};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "present")]
    email: Option<String>,
    #[serde(default, deserialize_with = "present")]
    password: Option<String>,
    #[serde(default, deserialize_with = "present")]
    cookie: Option<bool>,
}

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request) -> Outcome {
    let body: Body = json(request)?;
    if body.cookie == Some(true) {
        return Err(Problem::invalid_request(
            "this version does not keep the refresh token in a cookie; leave `cookie` out",
        ));
    }
    let email = required("email", body.email)?;
    let password = required("password", body.password)?;
    let login = Login {
        email: &email,
        password: &password,
    };
    let outcome = service.generate_token(login, &request.client).await?;
    Ok(signed_in(200, &outcome))
}
