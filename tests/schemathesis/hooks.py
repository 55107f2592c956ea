"""What schemathesis can't know of edgegate: who asks, and what a password, a token or a link of theirs is.

Random texts are never any of these, so with them alone every route would only ever refuse. This file is loaded by
schemathesis (schemathesis.toml). run.mjs starts it and reads the summary, and supply.mjs makes the accounts.
"""

import atexit
import hashlib
import json
import os
import urllib.request
from collections import Counter

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData, UnsupportedMethodResponse

# The address of the server in supply.mjs, which makes accounts and links. It answers POST requests
# with JSON.
SUPPLY = os.environ["EDGEGATE_SUPPLY"]
ORIGIN = os.environ["EDGEGATE_ORIGIN"]
SUMMARY = os.environ["EDGEGATE_SUMMARY"]
COOKIE = "edgegate-8787"


@schemathesis.serializer("application/jsonl")
def lines_of_json(ctx, value):
    """An import is sent as it was generated: bytes or a text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


CHECK = "GET /auth/authorized"
LOGIN = "POST /auth/login"
PROVE = "POST /auth/reauthenticate"
RENEW = "POST /auth/token"
LOG_OUT = "POST /auth/revoke"
LINKS = {"POST /auth/password/confirm": "reset", "POST /auth/email/verify": "verify", "POST /auth/email/confirm": "change"}
# After these operations, sessions of an account can have ended, or the account has other rights or
# is deleted. For ENDS_OWN this is the account that sends the request, for ENDS_ANY the one in the
# path.
ENDS_OWN = {LOG_OUT, "POST /auth/password/change", "DELETE /auth/me", "DELETE /auth/sessions/{sid}"}
ENDS_ANY = {
    "PATCH /auth/users/{id}",
    "DELETE /auth/users/{id}",
    "POST /auth/users/{id}/revoke",
    "POST /auth/users/{id}/verify",
    "DELETE /auth/users/{id}/sessions/{sid}",
}
INVITE = "POST /auth/users/{id}/invite"
# Ends all sessions and raises the counters of all accounts.
RESTORED = "POST /auth/operator/restored"
USERS = "GET /auth/users"
ADD_SECRET = "POST /auth/clients/{id}/secrets"


def supply(what):
    request = urllib.request.Request(f"{SUPPLY}/{what}", data=b"", method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


accounts = {}


def account(role):
    """The account that acts for a role now; a fresh one after the last was deleted, revoked or disabled."""
    if role not in accounts:
        accounts[role] = supply(role)
    return accounts[role]


def retire(*ended):
    for role in [role for role, one in accounts.items() if one["id"] in ended]:
        del accounts[role]


turns = Counter()
given = {}
# The lengths of both lists of roles have no common divisor with the length of REAL, so that each
# role meets each value of REAL.
# The first case of an operation is its example. It gets the first role and a real account, so that
# the operation can accept it.
ROLES = ("admin", "user", "admin", "user", "admin", "user", None)
REAL = (True, False)
# For operations that only an operator may use.
ROLES_WITH_OPERATOR = ("operator", "admin", "operator", "user", None)
operator_only = set()


def content_of(case):
    return repr([case.operation.label, case.path_parameters, case.query, case.body, case.media_type])


def in_turn(case, purpose, choices):
    """One after the other; the same again for the same content, since hypothesis repeats a case while it shrinks it."""
    if not case.path_parameters and not case.query and case.media_type is None:
        # All such cases of an operation have the same content, so the content can't be a key.
        key = None
    else:
        key = (purpose, content_of(case))
    if key is None or key not in given:
        at = turns[purpose, case.operation.label]
        turns[purpose, case.operation.label] += 1
        given[key] = choices[at % len(choices)]
    return given[key]


def dice(case, purpose):
    """0 to 255, of the case's own content."""
    text = purpose + content_of(case)
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=1).digest()[0]


def role_of(case):
    roles = ROLES_WITH_OPERATOR if case.operation.label in operator_only else ROLES
    return in_turn(case, "role", roles)


@schemathesis.auth(refresh_interval=None)
class AccessToken:
    """An administrator's, a user's, an operator's ticket or none."""

    def get(self, case, context):
        role = role_of(case)
        return role and account(role)["access_token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_load_schema(context, raw_schema):
    # With an ISSUER on plain HTTP, as in this test, the cookie has another name (see openapi.yaml).
    raw_schema["components"]["securitySchemes"]["refreshCookie"]["name"] = COOKIE
    for path, item in raw_schema["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and operation.get("x-access") == "operator":
                operator_only.add(f"{method.upper()} {path}")
    narrow(raw_schema)


def narrow(node):
    """Says in schemas what openapi.yaml says in extensions, because generators of clients can't read such schemas."""
    if isinstance(node, list):
        for item in node:
            narrow(item)
    if not isinstance(node, dict):
        return
    if "x-codes" in node:
        codes = {"enum": node["x-codes"]}
        # The error code is in the member `code` of problem+json, and in `error` of an OAuth error.
        node["schema"] = {"allOf": [node["schema"], {"properties": {"code": codes, "error": codes}}]}
    if "x-form" in node:
        form = dict(node["x-form"])
        example = form.pop("example")
        node["content"]["application/x-www-form-urlencoded"] = {"schema": form, "example": example}
    if "x-not" in node:
        node["not"] = node.pop("x-not")
    for child in list(node.values()):
        narrow(child)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    label = case.operation.label
    if not (case.path_parameters or case.query or isinstance(case.body, dict)) or not in_turn(case, "real", REAL):
        return
    role = role_of(case)
    me = account(role if role in ("admin", "user") else "user")
    if label == CHECK:
        mine = {"role": ["user"], "user_id": me["id"], "email": me["email"]}
        case.query.update({name: mine[name] for name in case.query if name in mine})
    if "id" in case.path_parameters:
        case.path_parameters["id"] = me["id"] if dice(case, "own") < 32 else account("victim")["id"]
    if "sid" in case.path_parameters:
        case.path_parameters["sid"] = me["session_id"]
        if "id" in case.path_parameters:
            case.path_parameters["id"] = me["id"]
    if label == INVITE:
        # Only an account without a password can be invited.
        case.path_parameters["id"] = supply("invited")["id"]
    if not isinstance(case.body, dict):
        return
    if label == LOGIN:
        case.body.update(email=me["email"], password=me["password"])
    if label == PROVE:
        case.body["password"] = me["password"]
    if "current_password" in case.body:
        case.body["current_password"] = me["password"]
    if label in LINKS:
        ticket = supply(LINKS[label])
        if ticket:
            case.body["token"] = ticket
    if label in (RENEW, LOG_OUT):
        name = "refresh_token" if label == RENEW else "token"
        case.body.pop("client_id", None)
        if case.media_type == "application/json" and dice(case, "cookie") < 128:
            case.body.pop(name, None)
            case.cookies[COOKIE] = me["refresh_token"]
        else:
            case.cookies.pop(COOKIE, None)
            case.body[name] = me["refresh_token"]
    if case.cookies.get(COOKIE) or case.body.get("cookie"):
        case.headers["Origin"] = ORIGIN


# The codes with which a request that fits the schema may be refused, for reasons that no schema can
# express. For some codes only these reasons are allowed.
BEYOND_A_SCHEMA = {
    # Only the service can seal the tokens of mails and logins.
    "invalid_link": None,
    # A schema counts characters, but the body's limit is in bytes, and an escaped character can
    # have twelve bytes.
    "payload_too_large": None,
    "invalid_grant": None,
    # A schema can't express that a password must not be common, and must not contain the address or
    # the name of the service.
    "weak_password": {"too_common", "contains_address", "context_word"},
    # A pattern can't describe every rule for an address.
    "invalid_field": {"character", "not_one_at_sign", "local_part", "local_dots", "domain", "domain_mapped", "too_long"}
    # `unchanged`: the account already has the address. `chosen_by_mail`: with REGISTRATION =
    # "verified" the user chooses the password later. `missing`: with "open" it is required.
    | {"unchanged", "chosen_by_mail", "missing"}
    # A name has no control character and is not only white space.
    | {"control_character", "empty"}
    # The schema allows every text where an IP address is required.
    | {"not_an_address"}
    # The same request adds and removes a role, or the user would have more roles than a token can
    # hold.
    | {"also_added", "too_many"}
    # A pattern can't describe every rule for a redirect URI or a resource. The settings decide
    # whether there is a key for an algorithm.
    | {"fixed", "percent_encoding", "fragment", "user_info", "host", "dot_segment", "encoded_slash"}
    | {"not_https", "scheme", "query", "not_a_url", "our_own", "no_key"},
    # Only the service knows what was granted.
    "invalid_scope": None,
    "invalid_target": None,
}
# In cookie mode a body without a token fits the schema. The request fails if it has no cookie.
WITHOUT_A_COOKIE = {"token is missing", "refresh_token is missing"}
WITHOUT_A_LINE = "the body has no lines: send one JSON object a line"
# Each criterion is optional, but one is required: OpenAPI 3.1 can't express that for parameters.
WITHOUT_A_CRITERION = "give role, user_id or email as a criterion"
# Only the service knows the type of an app.
OF_A_PUBLIC_APP = "a public client has no secrets"


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, AcceptedNegativeData) and response.status_code == 413:
        # The service rejected the request because of its length, before it read the body.
        return False
    if isinstance(failure, AcceptedNegativeData) and case.operation.label in (RENEW, LOG_OUT):
        # A parameter without a value is treated as omitted (RFC 6749 section 3.2).
        return not (isinstance(case.body, dict) and any(value in (None, "") for value in case.body.values()))
    if isinstance(failure, UnsupportedMethodResponse):
        # A forward-auth proxy can request a check with the method of its own client's request.
        return f"GET {case.operation.path}" != CHECK
    if isinstance(failure, EnsureResourceAvailability) and case.operation.path.startswith("/auth/clients/"):
        # The id in the path is the app's `client_id`. Schemathesis uses another value as the id.
        return False
    if not isinstance(failure, RejectedPositiveData):
        return True
    if response.headers.get("content-type", [""])[0].startswith("text/html"):
        # No app has the generated client_id. So /auth/authorize answers with an error page.
        return case.operation.path != "/auth/authorize"
    body = response.json()
    code = body.get("code", body.get("error"))
    # Which parameters are required depends on the `grant_type`, and a secret needs its `client_id`.
    if case.operation.label in (RENEW, LOG_OUT) and code == "invalid_request" and body.get("error_description", "").endswith(" is missing"):
        return False
    if code == "invalid_request" and case.media_type == "application/json" and body.get("error_description") in WITHOUT_A_COOKIE:
        return False
    if case.operation.label == CHECK and not case.query and body.get("detail") == WITHOUT_A_CRITERION:
        return False
    if case.operation.label == ADD_SECRET and body.get("detail") == OF_A_PUBLIC_APP:
        return False
    # This member only allows a change of other members. A body with this member alone is rejected.
    if isinstance(case.body, dict) and list(case.body) == ["may_leave_no_administrator"] and code == "invalid_request":
        return False
    # The schema of this body is only bytes. It can't express that the body must have a line.
    if case.media_type == "application/jsonl" and body.get("detail") == WITHOUT_A_LINE:
        return False
    # A schema can't express the rules for these parameters. With `prefix` a cursor is an address,
    # and otherwise an id. `email` and `prefix` exclude each other.
    if case.operation.label == USERS and code == "invalid_request":
        return False
    reasons = set(body.get("reasons", [])) | {error["reason"] for error in body.get("errors", [])}
    allowed = BEYOND_A_SCHEMA.get(code, set())
    return allowed is not None and not (reasons and reasons <= allowed)


tried = Counter()


def asker(request):
    """The role whose token came, `someone` for another token, `nobody` for none."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = (role for role, one in accounts.items() if token and token == one.get("access_token"))
    return next(known, "someone" if token else "nobody")


@schemathesis.hook
def after_call(context, case, response):
    label = case.operation.label
    sent = response.request
    role = asker(sent)
    if sent.method != case.operation.method.upper():
        tried[f"{sent.method} {case.operation.path}", role, response.status_code] += 1
        return
    tried[label, role, response.status_code] += 1
    own = [accounts[role]["id"]] if role in accounts else []
    if response.status_code == 401 and response.json().get("code") == "invalid_token":
        retire(*own)
    if not 200 <= response.status_code < 300:
        return
    if label in (RENEW, LOG_OUT, RESTORED) or label in LINKS:
        # It is not known whose sessions or tokens these requests ended. So replace all accounts.
        accounts.clear()
    elif label in ENDS_OWN:
        retire(*own)
    elif label in ENDS_ANY:
        retire(case.path_parameters["id"])


@atexit.register
def write_summary():
    with open(SUMMARY, "w", encoding="utf-8") as file:
        json.dump([[*key, times] for key, times in tried.items()], file)
