"""Runs the clients for Python: each line of the input is an app, each line of the output a report."""

import asyncio
import json
import logging
import sys
import warnings
from urllib.parse import quote
from urllib.request import urlopen

logging.disable(logging.CRITICAL)
warnings.showwarning = lambda *_, **__: None

import authlib_client  # noqa: E402
import idpyoidc_client  # noqa: E402

CLIENTS = {"Authlib": authlib_client, "idpyoidc": idpyoidc_client}

for line in sys.stdin:
    app = json.loads(line)
    app["browse"] = lambda url, browser=app["browser"]: (
        urlopen(browser + quote(url, safe="")).read().decode()
    )
    try:
        report = asyncio.run(CLIENTS[app["client"]].sign_in(app))
        report = {name: value for name, value in report.items() if value is not None}
    except Exception as error:
        report = {"refused": f"{type(error).__name__}: {error}"}
    print(json.dumps(report), flush=True)
