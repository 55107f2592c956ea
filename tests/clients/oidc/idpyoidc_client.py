"""idpyoidc's RPHandler: `begin`, `finalize`, then calls by the state."""

from urllib.parse import parse_qsl, urlsplit

from cryptojwt import KeyJar
from idpyoidc.client.defaults import DEFAULT_OIDC_SERVICES
from idpyoidc.client.rp_handler import RPHandler

SERVICES = {
    **DEFAULT_OIDC_SERVICES,
    "end_session": {"class": "idpyoidc.client.oidc.end_session.EndSession"},
}


async def sign_in(app):
    configuration = {
        "issuer": app["issuer"],
        "client_type": "oidc",
        "client_id": app["id"],
        "client_secret": app.get("secret", ""),
        "redirect_uris": [app["callback"]],
        "post_logout_redirect_uris": [app["bye"]],
        "response_types_supported": ["code"],
        "scopes_supported": app["scope"].split(),
        "token_endpoint_auth_methods_supported": [app["method"]],
        "client_authn_methods": ["bearer_header"]
        + ([app["method"]] if app["method"] != "none" else []),
        "services": SERVICES,
        "add_ons": {
            "pkce": {
                "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
                "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
            }
        },
    }
    if "alg" in app:
        configuration["id_token_signing_alg_values_supported"] = [app["alg"]]
    # If RPHandler gets no keyjar, it makes keys and stores them in the working directory.
    handler = RPHandler(
        app["callback"], client_configs={"edgegate": configuration}, keyjar=KeyJar()
    )
    url = handler.begin("edgegate", req_args={"scope": app["scope"].split()})
    back = dict(parse_qsl(urlsplit(app["browse"](url)).query))
    state = back["state"]
    done = handler.finalize(handler.state2issuer(state), back)
    if "error" in done:
        raise RuntimeError(done["error"])
    renewed = handler.refresh_access_token(state)
    return {
        "sub": done["id_token"]["sub"],
        "email": done["id_token"]["email"],
        "userinfo": done["userinfo"]["email"],
        "renewal": renewed["__verified_id_token"]["sub"],
        "logout": handler.logout(state)["url"],
    }
