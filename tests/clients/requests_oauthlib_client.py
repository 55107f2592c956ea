"""A session as requests-oauthlib's documents write it (refreshing tokens, with automatic updates)."""

import json
import os

import requests
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

ORIGIN, ADA, PASSWORD = (os.environ[name] for name in ("ORIGIN", "ADA", "PASSWORD"))
TOKEN, REVOKE = f"{ORIGIN}/auth/token", f"{ORIGIN}/auth/revoke"
CLIENT_ID = "edgegate"
# By default the library refuses plain HTTP. In this test the service is at a loopback address.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

login = requests.post(f"{ORIGIN}/auth/login", json={"email": ADA, "password": PASSWORD})
token = login.json()
saved = []

client = OAuth2Session(
    CLIENT_ID,
    token=token,
    auto_refresh_url=TOKEN,
    auto_refresh_kwargs={"client_id": CLIENT_ID},
    token_updater=saved.append,
)
me = client.get(f"{ORIGIN}/auth/me").json()
renewed = client.refresh_token(TOKEN, client_id=CLIENT_ID)

# A token that has expired is renewed before the request is sent.
client.token = {**renewed, "expires_at": 1}
again = client.get(f"{ORIGIN}/auth/me").json()

prepare = LegacyApplicationClient(CLIENT_ID).prepare_token_revocation_request
url, headers, body = prepare(REVOKE, client.token["refresh_token"], "refresh_token")
revoked = requests.post(url, headers=headers, data=body)
try:
    client.refresh_token(TOKEN, client_id=CLIENT_ID)
    ended = "renewed"
except InvalidGrantError as error:
    ended = error.error

print(
    json.dumps(
        {
            "me": me["email"],
            "renewed": renewed["token_type"],
            "again": again["email"],
            "updates": len(saved),
            "revoked": revoked.status_code,
            "ended": ended,
        }
    )
)
