"""A small identity provider (OpenID Connect) on a port: it knows one person, and can be told to misbehave."""

import base64
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import RSAKey
from running.browser import serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "tierwise", "s3cret & more"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})


@dataclass(kw_only=True)
class Issuer:
    """What the provider says; tests change it."""

    address: str
    person: dict[str, Any]
    claims: dict[str, Any] = field(default_factory=dict)
    """Instead of those that are right."""
    answer: dict[str, str] = field(default_factory=dict)
    """Instead of what the browser should bring back."""
    key: RSAKey = field(default_factory=lambda: KEY)
    algorithm: str = "RS256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    """Whether each code was exchanged as it should be."""

    def right(self) -> None:
        """Misbehave no more."""
        self.claims, self.answer, self.key = {}, {}, KEY

    async def metadata(self, _request: Request) -> Response:
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys",
                "end_session_endpoint": "bye"}  # fmt: skip
        return JSONResponse({"issuer": self.address} | {name: f"{self.address}/{end}" for name, end in ends.items()})

    async def keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [KEY.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """Asks nothing: whoever comes is the person."""
        asked = dict(request.query_params)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"]} | self.answer
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        form = await request.form()
        asked = self.codes.pop(str(form["code"]), None)
        if asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        expected = base64.b64encode(b"tierwise:s3cret%20%26%20more").decode()
        right = (
            request.headers["authorization"] == f"Basic {expected}"
            and create_s256_code_challenge(str(form["code_verifier"])) == asked["code_challenge"]
            and form["redirect_uri"] == asked["redirect_uri"]
            and asked["scope"].split()[0] == "openid"
        )
        self.said.append("right" if right else "wrong")
        claims = {
            "iss": self.address, "aud": CLIENT_ID, "sub": "17", "iat": int(time.time()), "exp": int(time.time()) + 60,
            "nonce": asked["nonce"],
        }  # fmt: skip
        signed = jwt.encode({"alg": self.algorithm, "kid": "one"}, claims | self.person | self.claims, self.key)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": signed})

    async def bye(self, _request: Request) -> Response:
        return HTMLResponse("<title>Bye</title><p>Signed out of the provider.</p>")


@contextmanager
def issuer(**person: object) -> Iterator[Issuer]:
    """A provider that knows this person."""
    listener = socket.create_server(("127.0.0.1", 0))
    made = Issuer(address=f"http://127.0.0.1:{listener.getsockname()[1]}", person=person)
    app = Starlette(routes=[
        Route("/.well-known/openid-configuration", made.metadata), Route("/keys", made.keys), Route("/bye", made.bye),
        Route("/authorize", made.authorize), Route("/token", made.token, methods=["POST"]),
    ])  # fmt: skip
    with serving(app, listener):
        yield made
