//! GET /auth/me.

use super::{Outcome, user_json};
use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request) -> Outcome {
    let user = service.me(request.bearer()?).await?;
    Ok(Answer::json(200, &user_json(&user)))
}
