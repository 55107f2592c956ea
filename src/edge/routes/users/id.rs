//! /auth/users/{id} and the actions below this path: revoke (the use case `revoke_tokens`), invite,
//! unlock and verify.

use super::{InvitationBody, ManagedUserBody, returns_link};
use crate::domain::account::UserId;
use crate::domain::error::Error;
use crate::edge::answer::{Answer, Cookie, Note};
use crate::edge::body;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::routes::{Outcome, accepted, locale};
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::access::Bearer;
use crate::service::manage_users::Amendment;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let user = service
        .read_user(token, user_id(service, request, token).await?)
        .await?;
    Ok(Answer::json(200, &ManagedUserBody::from(&user)))
}

pub(crate) async fn patch<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    const LEAVE: &str = "may_leave_no_administrator";
    let known = [
        "first_name",
        "last_name",
        "roles",
        "add_roles",
        "remove_roles",
        "disabled",
        LEAVE,
    ];
    let [first_name, last_name, all, add, remove, disabled, leave] =
        body::merge_patch(request, known)?;
    let roles = |name, value| body::text_list(name, body::not_removed(name, value)?);
    let amendment = Amendment {
        first_name: body::text_edit("first_name", first_name)?,
        last_name: body::text_edit("last_name", last_name)?,
        roles: roles("roles", all)?,
        add_roles: roles("add_roles", add)?,
        remove_roles: roles("remove_roles", remove)?,
        disabled: body::flag("disabled", body::not_removed("disabled", disabled)?)?,
        may_leave_no_administrator: body::flag(LEAVE, body::not_removed(LEAVE, leave)?)?
            == Some(true),
    };
    let user = service.amend_user(token, id, amendment).await?;
    Ok(Answer::json(200, &ManagedUserBody::from(&user)))
}

pub(crate) async fn revoke<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let bearer = service.revoke_tokens_as(token, id).await?;
    let answer = Answer::empty(204).keeping(Cookie::Ended(id, None));
    Ok(answer.noted(note(bearer.as_ref(), format!("revoked all of {id}"))))
}

pub(crate) async fn delete<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let locale = locale(service, request);
    let manager = service.delete_account(token, id, locale).await?;
    let answer = Answer::empty(204).keeping(Cookie::Ended(id, None));
    Ok(answer.noted(note(manager.bearer(), format!("deleted the account {id}"))))
}

pub(crate) async fn invite<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let [link] = body::json_texts(request, ["link"])?;
    if returns_link(link)? {
        let returned = service.return_invitation(token, id).await?;
        return Ok(Answer::json(200, &InvitationBody::from(&returned)));
    }
    let locale = locale(service, request);
    service.invite(token, id, locale).await?;
    Ok(accepted())
}

pub(crate) async fn unlock<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let manager = service.unlock(token, id).await?;
    Ok(Answer::empty(204).noted(note(manager.bearer(), format!("unlocked {id}"))))
}

pub(crate) async fn verify<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let user = service.verify_address(token, id).await?;
    Ok(Answer::json(200, &ManagedUserBody::from(&user)))
}

/// The note for the log line of a request by an administrator or an operator. `bearer` is the
/// administrator. It is `None` for an operator. In this case the log line contains the id of the
/// operator ticket.
pub(in crate::edge::routes) fn note(bearer: Option<&Bearer>, reason: String) -> Note {
    Note {
        user_id: bearer.map(|bearer| bearer.user.to_string()),
        session_id: bearer.map(|bearer| bearer.session.to_string()),
        reason: Some(reason),
        ..Note::default()
    }
}

/// The user id in the path. Callers who are not signed in get 401, so they don't learn whether the
/// id is valid.
pub(super) async fn user_id<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    token: &str,
) -> Result<UserId, Problem> {
    if let Some(id) = UserId::parse(request.id_in_path()) {
        return Ok(id);
    }
    service.require_signed_in(token).await?;
    Err(Error::UnknownUser.into())
}
