"""A session as Authlib's documents write it (OAuth 2 Session: refresh and auto update token, revoke)."""

import json
import os

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

ORIGIN, ADA, PASSWORD = (os.environ[name] for name in ("ORIGIN", "ADA", "PASSWORD"))
TOKEN, REVOKE = f"{ORIGIN}/auth/token", f"{ORIGIN}/auth/revoke"

login = requests.post(f"{ORIGIN}/auth/login", json={"email": ADA, "password": PASSWORD})
token = login.json()

updates = []


def update_token(token, refresh_token=None, access_token=None):
    updates.append(token["access_token"])


client = OAuth2Session(
    "edgegate",
    token_endpoint=TOKEN,
    token_endpoint_auth_method="none",
    revocation_endpoint_auth_method="none",
    token=token,
    update_token=update_token,
)
me = client.get(f"{ORIGIN}/auth/me").json()
renewed = client.refresh_token(TOKEN, refresh_token=token["refresh_token"])

# A token that has expired is renewed before the request is sent.
client.token = {**renewed, "expires_at": 1}
again = client.get(f"{ORIGIN}/auth/me").json()

revoked = client.revoke_token(REVOKE, token=client.token["refresh_token"], token_type_hint="refresh_token")
try:
    client.refresh_token(TOKEN, refresh_token=client.token["refresh_token"])
    ended = "renewed"
except OAuthError as error:
    ended = error.error

print(
    json.dumps(
        {
            "me": me["email"],
            "renewed": renewed["token_type"],
            "again": again["email"],
            "updates": len(updates),
            "revoked": revoked.status_code,
            "ended": ended,
        }
    )
)
