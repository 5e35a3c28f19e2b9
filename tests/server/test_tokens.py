"""Callers prove who they are by a signed token; every way to make one up is refused."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from running.certificates import Authority
from running.serving import Shop, refusal, serving
from tierwise.v1 import campaign_service_pb2

from database.session import Database
from server.access import key_sets
from server.access.admission import Admission
from server.access.key_sets import KeySet
from server.access.signatures import OneKey, Signatures
from server.access.tokens import Tokens

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | str
LIST = campaign_service_pb2.ListCampaignsRequest()
SECRET = "secret of the issuer, long enough"
AUDIENCE, ISSUER = "tierwise", "https://id.example.com"
DAY_SECONDS = 86_400
"""Tokens are made when the tests are collected, and asked about whenever their turn comes."""
RSA = rsa.generate_private_key(65537, 2048)
CURVE, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def claims(**changes: object) -> dict[str, object]:
    now = time.time()
    whole = {"sub": "anna", "aud": AUDIENCE, "iss": ISSUER, "exp": now + DAY_SECONDS, "role": "marketer"} | changes
    return {name: value for name, value in whole.items() if value is not None}


def signed(key: Key, algorithm: str, key_id: str | None = None, **changes: object) -> str:
    headers = None if key_id is None else {"kid": key_id}
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def public(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def signed_with_the_public_key_as_secret() -> str:
    """What a server believes that lets the token choose its algorithm."""
    body = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims())}"
    signature = base64.urlsafe_b64encode(hmac.digest(public(CURVE), body.encode(), hashlib.sha256)).rstrip(b"=")
    return f"{body}.{signature.decode()}"


def with_another_role(token: str) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{encoded(claims(role='operator'))}.{signature}"


def tokens(signatures: Signatures, role_claim: str = "role") -> Tokens:
    return Tokens(signatures=signatures, audience=AUDIENCE, issuer=ISSUER, role_claim=role_claim)


@contextmanager
def taking(accepted: Tokens, database: Database, home: Path) -> Iterator[Shop]:
    with serving(database, home, model=False, admission=Admission(insecure=True, tokens=accepted)) as shop:
        yield shop


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    """Accepts tokens that are signed on the curve."""
    (tmp_path / "issuer.pem").write_bytes(public(CURVE))
    with taking(tokens(OneKey.public(tmp_path / "issuer.pem")), database, tmp_path) as running:
        yield running


def reason(shop: Shop, token: str) -> str:
    """Why a call was refused; empty when it was answered."""
    try:
        shop.campaigns.ListCampaigns(LIST, metadata=(("authorization", f"Bearer {token}"),), timeout=10)
    except grpc.RpcError as error:
        told: str = refusal(error).reason
        return told
    return ""


def test_a_token_stands_for_its_subject_and_role(shop: Shop) -> None:
    delete = campaign_service_pb2.DeleteCampaignRequest(name="campaigns/none")
    token = signed(CURVE, "ES256", role=["unknown-to-us", "analyst"])

    assert reason(shop, token) == ""
    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.DeleteCampaign(delete, metadata=(("authorization", f"Bearer {token}"),))

    assert refusal(raised.value).message == "analyst:anna may not do this; it takes the role marketer or operator"


@pytest.mark.parametrize(
    ("token", "wanted"),
    [
        (signed(CURVE, "ES256", exp=time.time() - 60), "CREDENTIALS_EXPIRED"),
        (signed(CURVE, "ES256", nbf=time.time() + 86_400), "CREDENTIALS_INVALID"),
        (signed(CURVE, "ES256", aud="another"), "CREDENTIALS_INVALID"),
        (signed(CURVE, "ES256", iss="https://evil.example.com"), "CREDENTIALS_INVALID"),
        *((signed(CURVE, "ES256", **{name: None}), "CREDENTIALS_INVALID") for name in ("exp", "sub", "aud", "iss")),
        (signed(CURVE, "ES256", sub="x" * 129), "CREDENTIALS_INVALID"),
        (signed(OTHER, "ES256"), "CREDENTIALS_INVALID"),
        (signed(RSA, "RS256"), "CREDENTIALS_INVALID"),
        (signed(SECRET, "HS256"), "CREDENTIALS_INVALID"),
        (f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims())}.", "CREDENTIALS_INVALID"),
        (signed_with_the_public_key_as_secret(), "CREDENTIALS_INVALID"),
        (with_another_role(signed(CURVE, "ES256")), "CREDENTIALS_INVALID"),
        ("a.b.c", "CREDENTIALS_INVALID"),
        *(
            (signed(CURVE, "ES256", role=role), "PERMISSION_DENIED")
            for role in (None, "boss", "process", ["marketer", "approver"], [], {"role": "marketer"}, [["marketer"]])
        ),
    ],
)
def test_a_token_that_is_not_for_us_is_refused(shop: Shop, token: str, wanted: str) -> None:
    assert reason(shop, token) == wanted


@pytest.mark.parametrize(
    ("token", "told", "request_id"),
    [("a.b.c", "CREDENTIALS_INVALID", ""), (signed(CURVE, "ES256", role="analyst"), "PERMISSION_DENIED", "x" * 36)],
)
def test_who_is_not_let_in_leaves_a_short_line_in_the_log(
    shop: Shop, capsys: pytest.CaptureFixture[str], token: str, told: str, request_id: str
) -> None:
    delete = campaign_service_pb2.DeleteCampaignRequest(name="campaigns/none", request_id="x" * 1_000_000)
    capsys.readouterr()

    with pytest.raises(grpc.RpcError):
        shop.campaigns.DeleteCampaign(delete, metadata=(("authorization", f"Bearer {token}"),))

    logged = capsys.readouterr().err
    assert (told in logged, f"request_id={request_id}\n" in logged, len(logged) < 1000) == (True,) * 3


def test_a_token_that_was_good_is_refused_from_its_last_second_on(shop: Shop) -> None:
    asked, last = time.time(), int(time.time()) + 2
    token = signed(CURVE, "ES256", exp=last - 10)
    while (told := reason(shop, token)) == "":
        assert asked < last, "clocks may differ by ten seconds"
        asked = time.time()

    assert told == "CREDENTIALS_EXPIRED"
    assert time.time() >= last


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (RSA, "PS512"), (SECRET, "HS256")])
def test_other_kinds_of_keys_are_configured_the_same_way(
    database: Database, tmp_path: Path, key: Key, algorithm: str
) -> None:
    (tmp_path / "issuer.pem").write_bytes(public(RSA))
    accepted = OneKey.secret(SECRET) if algorithm == "HS256" else OneKey.public(tmp_path / "issuer.pem")

    with taking(tokens(accepted, "https://tierwise/role"), database, tmp_path) as shop:
        claim = {"https://tierwise/role": "analyst", "role": None}
        assert reason(shop, signed(key, algorithm, **claim)) == ""
        assert reason(shop, signed(CURVE, "ES256", **claim)) == "CREDENTIALS_INVALID"


@dataclass
class Issuer:
    """An identity provider that publishes its keys over https."""

    keys: dict[str, Any]
    address: str = ""
    asked: int = 0
    redirect: str = ""
    breaks_off: bool = False
    extra: list[dict[str, Any]] = field(default_factory=list)

    def document(self) -> bytes:
        entries = []
        for key_id, key in self.keys.items():
            curve = isinstance(key, ec.EllipticCurvePrivateKey)
            algorithm: Any = jwt.algorithms.ECAlgorithm if curve else jwt.algorithms.RSAAlgorithm
            entries.append({**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig"})
        return json.dumps({"keys": [*self.extra, *entries]}).encode()


@pytest.fixture
def issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    published = Issuer({"a": CURVE})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.asked += 1
            self.send_response(302 if published.redirect else 200)
            if published.redirect:
                self.send_header("Location", published.redirect)
            if published.breaks_off:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(published.document())

        def log_message(self, *_arguments: object) -> None:
            pass

    authority = Authority.make()
    certificate, key = authority.issue("localhost").write(tmp_path, "issuer")
    root, _ = authority.root.write(tmp_path, "root")
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        published.address = f"https://localhost:{server.server_port}/keys"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield published
        server.shutdown()
        thread.join()


def test_keys_are_rotated_by_their_issuer(database: Database, tmp_path: Path, issuer: Issuer) -> None:
    issuer.extra = [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}, {"kty": "EC", "crv": "P-1", "kid": "young"}]
    with taking(tokens(KeySet.at(issuer.address)), database, tmp_path) as shop:
        assert reason(shop, signed(CURVE, "ES256", "a")) == ""
        assert reason(shop, signed(CURVE, "ES256", "a", sub="ben")) == ""
        assert issuer.asked == 1

    issuer.keys = {"b": OTHER, "c": RSA}
    with taking(tokens(KeySet.at(issuer.address)), database, tmp_path) as shop:
        assert reason(shop, signed(OTHER, "ES256", "b")) == ""
        assert reason(shop, signed(RSA, "RS256", "c")) == ""
        assert reason(shop, signed(RSA, "RS512", "c")) == "CREDENTIALS_INVALID", "not what the key is for"
        assert reason(shop, signed(OTHER, "ES256")) == "CREDENTIALS_INVALID", "which of the two?"


def test_a_key_that_is_not_there_is_asked_for_at_once_and_not_again_and_again(
    database: Database, tmp_path: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with taking(tokens(KeySet.at(issuer.address)), database, tmp_path) as shop:
        assert reason(shop, signed(CURVE, "ES256", "a")) == ""
        issuer.keys = {"b": OTHER}
        for number in range(20):
            assert reason(shop, signed(OTHER, "ES256", f"guess-{number}")) == "CREDENTIALS_INVALID"
        assert issuer.asked == 1

        monkeypatch.setattr(key_sets, "PAUSE_SECONDS", 0)
        assert reason(shop, signed(OTHER, "ES256", "b")) == ""
        assert issuer.asked == 2
        assert reason(shop, signed(CURVE, "ES256", "a", sub="ben")) == "CREDENTIALS_INVALID"


def test_while_the_issuer_is_away_the_last_keys_are_believed_for_a_day(
    database: Database, tmp_path: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sets, "PAUSE_SECONDS", 0)
    signatures = KeySet.at(issuer.address)
    with taking(tokens(signatures), database, tmp_path) as shop:
        assert reason(shop, signed(CURVE, "ES256", "a")) == ""
        issuer.redirect = "https://evil.example.com/keys"
        monkeypatch.setattr(key_sets, "SET_SECONDS", 0)
        assert reason(shop, signed(CURVE, "ES256", "a", sub="ben")) == ""
        issuer.redirect, issuer.breaks_off = "", True
        assert reason(shop, signed(CURVE, "ES256", "a", sub="dora")) == ""

        monkeypatch.setattr(key_sets, "STALE_SECONDS", 0)
        assert reason(shop, signed(CURVE, "ES256", "a", sub="cleo")) == "DEPENDENCY_UNAVAILABLE"
        assert issuer.asked == 4


def test_a_file_of_keys_is_followed_too(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, published = tmp_path / "keys.json", Issuer({"a": CURVE})
    path.write_bytes(published.document())
    monkeypatch.setattr(key_sets, "PAUSE_SECONDS", 0)
    with taking(tokens(KeySet.at(str(path))), database, tmp_path) as shop:
        assert reason(shop, signed(CURVE, "ES256")) == "", "the only key is meant where none is named"
        path.write_bytes(Issuer({"b": OTHER}).document())

        assert reason(shop, signed(OTHER, "ES256", "b")) == ""
        assert reason(shop, signed(CURVE, "ES256", "a", sub="ben")) == "CREDENTIALS_INVALID"
