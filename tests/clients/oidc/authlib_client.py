"""Authlib's client for Starlette and FastAPI: `authorize_redirect` and `authorize_access_token`."""

from authlib.integrations.starlette_client import OAuth
from starlette.requests import Request


def request(session, query=""):
    scope = {"type": "http", "method": "GET", "headers": [], "query_string": query.encode()}
    return Request({**scope, "session": session})


async def sign_in(app):
    oauth = OAuth()
    client = oauth.register(
        "edgegate",
        client_id=app["id"],
        client_secret=app.get("secret"),
        server_metadata_url=f"{app['issuer']}/.well-known/openid-configuration",
        client_kwargs={
            "scope": app["scope"],
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": app["method"],
            "revocation_endpoint_auth_method": app["method"],
        },
    )
    session = {}
    begun = await client.authorize_redirect(request(session), app["callback"])
    back = app["browse"](begun.headers["location"])
    token = await client.authorize_access_token(request(session, back.partition("?")[2]))
    userinfo = await client.userinfo(token=token)
    metadata = await client.load_server_metadata()
    async with client._get_oauth_client(**metadata) as http:
        renewed = await http.refresh_token(
            metadata["token_endpoint"], refresh_token=token["refresh_token"]
        )
        asked = None
        if app.get("secret"):
            asked = await http.introspect_token(
                metadata["introspection_endpoint"], token=renewed["access_token"]
            )
        await http.revoke_token(metadata["revocation_endpoint"], token=renewed["refresh_token"])
    claims = await client.parse_id_token(renewed, nonce=None)
    logout = await client.create_logout_url(app["bye"], id_token_hint=token["id_token"])
    return {
        "sub": token["userinfo"]["sub"],
        "email": token["userinfo"]["email"],
        "userinfo": userinfo["email"],
        "renewal": claims["sub"],
        "introspection": asked and asked.json()["active"],
        "revocation": renewed["refresh_token"],
        "logout": logout["url"],
    }
