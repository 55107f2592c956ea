"""A client as openapi-python-client documents it. The test generates `generated_client` beside this file."""

import json
import os
import uuid  # noqa: F401 (the generated models may need it)

from generated_client import AuthenticatedClient, Client
from generated_client.api.accounts import amend_user, change_password, list_sessions, list_users
from generated_client.api.checks import is_authorized
from generated_client.api.tokens import generate_token, log_out, renew_token
from generated_client.models import (
    AmendUserRequest,
    ChangePasswordRequest,
    LoginRequest,
    RevokeRequest,
    TokenRequest,
    TokenRequestGrantType,
)

ORIGIN, ADA, ROOT, PASSWORD = (os.environ[name] for name in ("ORIGIN", "ADA", "ROOT", "PASSWORD"))
client = Client(base_url=ORIGIN)


def login(email):
    return generate_token.sync(client=client, body=LoginRequest(email=email, password=PASSWORD))


def signed_in_as(answer):
    return AuthenticatedClient(base_url=ORIGIN, token=answer.access_token)


def renew(token):
    body = TokenRequest(grant_type=TokenRequestGrantType.REFRESH_TOKEN, refresh_token=token)
    return renew_token.sync(client=client, body=body)


first = login(ADA)
ada, root = signed_in_as(first), signed_in_as(login(ROOT))

wrong = generate_token.sync(client=client, body=LoginRequest(email=ADA, password="wrong"))
long = generate_token.sync(client=client, body=LoginRequest(email=ADA, password="x" * 129))
weak = change_password.sync(
    client=ada, body=ChangePasswordRequest(current_password=PASSWORD, new_password="password")
)
anonymous = is_authorized.sync(client=client, role=["user"])
allowed = is_authorized.sync(client=ada, role=["user"])
denied = is_authorized.sync(client=ada, role=["admin"])
renewed, refused = renew(first.refresh_token), renew("nonsense")
sessions = list_sessions.sync(client=ada)
found = list_users.sync(client=root, email=ADA)
patched = amend_user.sync(
    client=root, id=found.users[0].id, body=AmendUserRequest(first_name="Augusta Ada")
)
out = log_out.sync_detailed(client=client, body=RevokeRequest(token=first.refresh_token))
assert out.status_code == 200
ended = renew(first.refresh_token)

print(
    json.dumps(
        {
            "login": first.user.email,
            "refresh_token": bool(first.refresh_token),
            "wrong": wrong.code,
            "field": [long.errors[0].field, long.errors[0].reason],
            "weak": weak.reasons,
            "anonymous": anonymous.code,
            "authorized": [allowed.authorized, denied.authorized],
            "renewed": renewed.token_type,
            "refused": refused.error,
            "current": sum(session.current for session in sessions.sessions),
            "patched": patched.first_name,
            "ended": ended.error,
        }
    )
)
