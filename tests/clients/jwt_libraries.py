"""Each Python library verifies a token as its own documents say. Prints what each makes of each token."""

import base64
import json
import sys

AUDIENCE = "edgegate"


def secret_of(signed):
    text = signed["secret"]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pyjwt(signed):
    import jwt

    if signed["secret"]:
        key = secret_of(signed)
    else:
        key = jwt.PyJWKClient(signed["jwksUrl"]).get_signing_key_from_jwt(signed["token"]).key
    return jwt.decode(
        signed["token"], key, algorithms=[signed["alg"]], audience=AUDIENCE, issuer=signed["issuer"]
    )


def joserfc(signed):
    from joserfc import jwt
    from joserfc.jwk import KeySet, OctKey

    if signed["secret"]:
        key = OctKey.import_key(secret_of(signed))
    else:
        key = KeySet.import_key_set(signed["jwks"])
    token = jwt.decode(signed["token"], key, algorithms=[signed["alg"]])
    claims = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": signed["issuer"]},
        aud={"essential": True, "value": AUDIENCE},
    )
    claims.validate(token.claims)
    return token.claims


def authlib(signed):
    from authlib.jose import JsonWebKey, JsonWebToken

    if signed["secret"]:
        key = secret_of(signed)
    else:
        key = JsonWebKey.import_key_set(signed["jwks"])
    options = {
        "iss": {"essential": True, "value": signed["issuer"]},
        "aud": {"essential": True, "value": AUDIENCE},
    }
    claims = JsonWebToken([signed["alg"]]).decode(signed["token"], key, claims_options=options)
    claims.validate()
    return claims


def python_jose(signed):
    from jose import jwt

    key = secret_of(signed) if signed["secret"] else signed["jwks"]
    return jwt.decode(
        signed["token"], key, algorithms=[signed["alg"]], audience=AUDIENCE, issuer=signed["issuer"]
    )


LIBRARIES = {"PyJWT": pyjwt, "joserfc": joserfc, "Authlib": authlib, "python-jose": python_jose}

results = {}
for signed in json.load(sys.stdin):
    for name, verify in LIBRARIES.items():
        try:
            outcome = {"sub": verify(signed)["sub"]}
        except Exception as error:  # noqa: BLE001 (whatever a library raises is its answer)
            outcome = {"refused": f"{type(error).__name__}: {error}"}
        results.setdefault(name, {})[signed["alg"]] = outcome
print(json.dumps(results))
