"""The line is private, and a certificate can say who is at its other end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import jwt
import pytest
from made.campaigns import make_cause
from running.certificates import Authority
from running.serving import Shop, open_channel, plan, refusal, serving
from tierwise.v1 import campaign_service_pb2, campaign_service_pb2_grpc

from campaigns.actor import Role
from campaigns.callers import api_keys
from database.audit import log as audit_log
from database.session import Database
from server.access.admission import Admission
from server.access.tls import Tls
from settings import Settings, child_environment

ROOT = Path(__file__).resolve().parents[2]
LIST = campaign_service_pb2.ListCampaignsRequest()
CREATE = campaign_service_pb2.CreateCampaignRequest(campaign_id="spring", campaign=plan())
ROLES = {"planner": Role.MARKETER}


@pytest.fixture
def authority() -> Authority:
    return Authority.make()


@pytest.fixture
def server_files(authority: Authority, tmp_path: Path) -> tuple[Path, Path]:
    return authority.issue("localhost").write(tmp_path, "server")


@pytest.fixture
def shop(database: Database, tmp_path: Path, authority: Authority, server_files: tuple[Path, Path]) -> Iterator[Shop]:
    """TLS; clients need no certificate."""
    admission = Admission(tls=Tls(certificate=server_files[0], key=server_files[1]))
    with serving(database, tmp_path, model=False, admission=admission, credentials=authority.trusted()) as running:
        yield running


@pytest.fixture
def mutual(database: Database, tmp_path: Path, authority: Authority, server_files: tuple[Path, Path]) -> Iterator[Shop]:
    """Clients need a certificate, and the planner's has a role."""
    root, _ = authority.root.write(tmp_path, "root")
    tls = Tls(certificate=server_files[0], key=server_files[1], client_ca=root)
    admission = Admission(tls=tls, certificate_roles=ROLES)
    with serving(database, tmp_path, model=False, admission=admission) as running:
        yield running


def outcome(shop: Shop, credentials: grpc.ChannelCredentials | None, *metadata: tuple[str, str]) -> str:
    """What became of creating a campaign: OK, the reason of the refusal, or UNAVAILABLE where no line came about."""
    with open_channel(shop.server.port, credentials) as channel:
        try:
            campaign_service_pb2_grpc.CampaignServiceStub(channel).CreateCampaign(CREATE, timeout=5, metadata=metadata)
        except grpc.RpcError as error:
            return "UNAVAILABLE" if error.code() is grpc.StatusCode.UNAVAILABLE else refusal(error).reason
    return "OK"


def bearer(database: Database, role: str) -> tuple[str, str]:
    with database.writing() as transaction:
        _, text = api_keys.create(transaction, make_cause(), name="shop", role=role)
    return "authorization", f"Bearer {text}"


def last_actor(database: Database) -> str:
    with database.reading() as snapshot:
        return audit_log.page(snapshot, limit=1)[0].actor


def test_only_who_trusts_the_servers_authority_gets_a_line(shop: Shop, authority: Authority) -> None:
    key = bearer(shop.database, "marketer")

    assert outcome(shop, Authority.make().trusted(), key) == "UNAVAILABLE"
    assert outcome(shop, None, key) == "UNAVAILABLE"
    assert outcome(shop, authority.trusted(), key) == "OK"
    assert last_actor(shop.database) == "marketer:shop"


def test_who_proves_nothing_is_refused_whatever_they_say(shop: Shop, authority: Authority) -> None:
    assert outcome(shop, authority.trusted()) == "CREDENTIALS_MISSING"
    said = (("tierwise-actor", "root"), ("tierwise-role", "operator"))
    assert outcome(shop, authority.trusted(), *said) == "CREDENTIALS_MISSING"
    # A client's own certificate is not asked for, so it proves nothing.
    assert outcome(shop, authority.trusted(authority.issue("planner"))) == "CREDENTIALS_MISSING"


def test_a_certificate_says_who_calls_and_the_settings_what_they_may(mutual: Shop, authority: Authority) -> None:
    assert outcome(mutual, authority.trusted(authority.issue("stranger"))) == "PERMISSION_DENIED"
    assert outcome(mutual, authority.trusted(authority.issue("planner"))) == "OK"
    assert last_actor(mutual.database) == "marketer:planner"


def test_without_a_certificate_of_the_clients_authority_there_is_no_line(mutual: Shop, authority: Authority) -> None:
    foreign, expired = Authority.make().issue("planner"), authority.issue("planner", days=-1)

    for client in (None, foreign, expired):
        assert outcome(mutual, authority.trusted(client)) == "UNAVAILABLE"


def test_what_a_caller_sends_says_more_than_their_certificate(mutual: Shop, authority: Authority) -> None:
    line = authority.trusted(authority.issue("planner"))

    assert outcome(mutual, line, ("authorization", "Bearer tw_nothing_nothing")) == "CREDENTIALS_INVALID"
    assert outcome(mutual, line, bearer(mutual.database, "analyst")) == "PERMISSION_DENIED"
    assert last_actor(mutual.database) == "analyst:shop"


def test_a_renewed_certificate_is_used_without_a_restart_and_a_broken_one_is_not(
    shop: Shop, authority: Authority, server_files: tuple[Path, Path], tmp_path: Path
) -> None:
    key = bearer(shop.database, "analyst")
    server_files[1].write_bytes(b"half a key")
    assert outcome(shop, authority.trusted(), key) == "PERMISSION_DENIED"

    renewed = Authority.make("renewed")
    renewed.issue("localhost").write(tmp_path, "server")

    assert outcome(shop, renewed.trusted(), key) == "PERMISSION_DENIED"
    assert outcome(shop, authority.trusted(), key) == "UNAVAILABLE"


def test_files_that_do_not_fit_together_are_told_at_the_start(authority: Authority, tmp_path: Path) -> None:
    certificate, _ = authority.issue("localhost").write(tmp_path, "server")
    _, other_key = authority.issue("localhost").write(tmp_path, "other")

    for key in (other_key, tmp_path / "nothing.key"):
        with pytest.raises(ValueError, match=r"server\.pem, .*\.key: cannot be used for TLS"):
            Tls(certificate=certificate, key=key).credentials()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"insecure": True, "tls_certificate": "c", "tls_key": "k"}, "contradict one another"),
        ({"tls_certificate": "c"}, "TIERWISE_TLS_KEY: both are needed"),
        ({"certificate_roles": {"a": "service"}}, "needs TIERWISE_TLS_CLIENT_CA"),
        (
            {"certificate_roles": {"a": "boss"}, "tls_client_ca": "r", "tls_certificate": "c", "tls_key": "k"},
            "TIERWISE_CERTIFICATE_ROLES: a: must be one of analyst, approver",
        ),
        ({"jwt_secret": "s" * 31}, "TIERWISE_JWT_SECRET: must have at least 32 bytes"),
        ({"jwt_secret": "s" * 32}, "TIERWISE_JWT_AUDIENCE and TIERWISE_JWT_ISSUER: both are needed"),
        ({"jwt_secret": "s" * 32, "jwt_jwks": "j"}, "set one of them"),
        ({"jwt_public_key": "/dev/null"}, "TIERWISE_JWT_PUBLIC_KEY: /dev/null holds no public key"),
        ({"jwt_jwks": "http://id.example.com/keys"}, "TIERWISE_JWT_JWKS: must be a file or an https:// address"),
        ({"jwt_jwks": "/dev/null"}, "TIERWISE_JWT_JWKS: /dev/null: "),
    ],
)
def test_settings_that_nothing_good_can_come_of_are_refused(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Admission.of(Settings.model_validate(given))


@pytest.fixture
def started(database_url: str, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """A server as it is started for real, with these settings; its port."""
    processes, log = [], (tmp_path / "server.log").open("w")

    def start(**changes: str) -> int:
        common = {
            "TIERWISE_DATABASE_URL": database_url, "TIERWISE_HOME": str(tmp_path), "TIERWISE_LISTEN": "0.0.0.0:0",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'protos' / 'gen'}", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "server"], cwd=ROOT, env=child_environment(common | changes), text=True,
            stdout=subprocess.PIPE, stderr=log, start_new_session=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout is not None
        return int(process.stdout.readline().rpartition(" ")[2])

    yield start
    for process in processes:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    log.close()


def test_a_server_is_set_up_by_the_environment_alone(
    started: Callable[..., int], authority: Authority, server_files: tuple[Path, Path], tmp_path: Path
) -> None:
    root, _ = authority.root.write(tmp_path, "root")
    secret, planner = "s" * 40, authority.issue("planner")
    port = started(
        TIERWISE_TLS_CERTIFICATE=str(server_files[0]), TIERWISE_TLS_KEY=str(server_files[1]),
        TIERWISE_TLS_CLIENT_CA=str(root), TIERWISE_CERTIFICATE_ROLES='{"planner": "marketer"}',
        TIERWISE_JWT_SECRET=secret, TIERWISE_JWT_AUDIENCE="tierwise", TIERWISE_JWT_ISSUER="https://id.example.com",
    )  # fmt: skip
    claims = {"sub": "zoe", "aud": "tierwise", "iss": "https://id.example.com", "exp": 4e9, "role": "analyst"}
    token = jwt.encode(claims, secret, algorithm="HS256")

    with open_channel(port, authority.trusted(planner)) as channel:
        campaigns = campaign_service_pb2_grpc.CampaignServiceStub(channel)
        created = campaigns.CreateCampaign(CREATE, timeout=30)
        with pytest.raises(grpc.RpcError) as raised:
            campaigns.CreateCampaign(CREATE, timeout=30, metadata=(("authorization", f"Bearer {token}"),))

    assert created.name == "campaigns/spring"
    assert refusal(raised.value).message.startswith("analyst:zoe may not do this")
    assert secret not in (tmp_path / "server.log").read_text()
