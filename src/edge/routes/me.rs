//! /auth/me: the account of the signed-in user.

use super::{Outcome, UserBody, locale};
use crate::edge::answer::{Answer, Cookie, Note};
use crate::edge::body;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let user = service.me(request.bearer()?).await?;
    Ok(Answer::json(200, &UserBody::from(&user)))
}

pub(crate) async fn delete<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let bearer = request.bearer()?;
    let [password] = body::texts(request, ["current_password"])?;
    let locale = locale(service, request);
    let bearer = service
        .delete_own_account(bearer, &password, &request.client, locale)
        .await?;
    let answer = Answer::empty(204).keeping(Cookie::Ended(bearer.user, None));
    Ok(answer.noted(Note {
        user_id: Some(bearer.user.to_string()),
        session_id: Some(bearer.session.to_string()),
        reason: Some("deleted the account".to_owned()),
        ..Note::default()
    }))
}
