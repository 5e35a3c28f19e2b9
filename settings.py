"""The only reader of the environment. Doors read settings once and hand down what is needed."""

import os
import re
import sys
from collections.abc import Mapping
from datetime import time
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from events.currency import known

PREFIX = "TIERWISE_"


class SettingsRefused(ValueError):
    """The environment names a setting that does not exist, or one has a value that it cannot have."""


def _database_address(address: SecretStr) -> SecretStr:
    if not address.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("must look like postgresql://user:password@host:port/database")
    return address


def _broker_address(address: SecretStr) -> SecretStr:
    if not address.get_secret_value().startswith(("redis://", "rediss://", "sentinel://", "amqp://", "amqps://")):
        raise ValueError(
            "must look like redis://host:6379/0 or amqp://user:password@host//; without it the database itself is "
            "the broker"
        )
    return address


def _without_zone(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("is in UTC already: write it without a zone, such as 02:00")
    return at


TimeOfDay = Annotated[time, AfterValidator(_without_zone)]
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"


def _span(written: str) -> str:
    if not re.fullmatch(f"{CLOCK}-{CLOCK}", written) or len(set(written.split("-"))) == 1:
        raise ValueError('must be two different times of day for each channel, such as {"SMS": "21:00-08:00"}')
    return written


class Settings(BaseSettings):
    """What may differ between machines; each field is the variable TIERWISE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    database_url: Annotated[SecretStr, AfterValidator(_database_address)] | None = None
    """postgresql://…; without it the commands that start everything start an embedded PostgreSQL."""
    broker_url: Annotated[SecretStr, AfterValidator(_broker_address)] | None = None
    """redis://… or amqp://…; without it Celery uses pgmq on the database."""
    home: Path = Path("var")
    """Models, the embedded database's data and exports."""
    listen: str = "127.0.0.1:50051"
    """Address of the gRPC server."""
    insecure: bool = False
    """Answer in the clear and believe callers who they say they are; on loopback only."""
    tls_certificate: Path | None = None
    """PEM file of the server's certificate and chain."""
    tls_key: Path | None = None
    """PEM file of its private key."""
    tls_client_ca: Path | None = None
    """PEM file of the authority whose certificates clients must have; without it they need none."""
    certificate_roles: dict[str, str] = Field(default_factory=dict)
    """Common name of a client's certificate to role, as JSON."""
    jwt_secret: SecretStr | None = None
    """Shared with the issuer of tokens (HS256)."""
    jwt_public_key: Path | None = None
    """PEM file of the issuer's public key (RS256, ES256 and their kin)."""
    jwt_jwks: str | None = None
    """The issuer's set of keys: a file or an https:// address."""
    jwt_audience: str | None = None
    """Must be in a token's `aud`."""
    jwt_issuer: str | None = None
    """Must be a token's `iss`."""
    jwt_role_claim: str = "role"
    """Claim of a token that names the role."""
    guess_burst: int = Field(default=1000, ge=1)
    """Codes that do not exist which a caller may try at once."""
    guesses_per_second: float = Field(default=10, gt=0)
    """The same in the long run."""
    actor: str | None = None
    """Who acts on the command line, as name:role; without it the person logged in, as operator."""
    admin_listen: str = "127.0.0.1:8080"
    """Address of the web admin."""
    admin_https: bool = False
    """Whether people reach the web admin by https, through a proxy in front of it."""
    admin_passwords: bool = True
    """Whether people may sign in to the web admin with a password."""
    oidc_issuer: str | None = None
    """https:// address of an identity provider (OpenID Connect) through which people sign in to the web admin."""
    oidc_client_id: str | None = None
    """Who the web admin is to it."""
    oidc_client_secret: SecretStr | None = None
    """The secret that goes with it."""
    oidc_role_claim: str = "role"
    """Claim of its ID tokens that names the role."""
    oidc_roles: tuple[str, ...] = ("analyst", "approver", "care", "marketer")
    """Roles that it may give, as JSON; a token that names another one lets nobody in."""
    oidc_domain: str | None = None
    """Of the e-mail addresses that are let in; without it all that the provider vouches for."""
    oidc_session_minutes: int = Field(default=60, ge=5, le=720)
    """After which it is asked again who somebody is and what they may do."""
    currency: Annotated[str, AfterValidator(known)] = "GBP"
    """Of prices in files that name none."""
    wandb_project: str | None = None
    """Project of Weights & Biases that is told, besides TensorBoard, how trainings go."""
    device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:\d+)?)$")
    """Where the network runs."""
    batch_size: int = Field(default=32, ge=1, le=1024)
    """Largest number of callers in one forward pass."""
    replicas: int = Field(default=1, ge=0, le=64)
    """Processes that score; 0 lets the server compute by itself."""
    longest_wait: float = Field(default=10.0, gt=0)
    """Seconds that anybody waits for a score; who would wait longer, or past the deadline, is refused at once."""
    callers: int = Field(default=512, ge=1)
    """Calls that the server answers at the same time, beside those of Score, which take no thread."""
    metrics_listen: str | None = None
    """Where `tierwise serve` answers Prometheus: host:port, or a port of loopback; without it nowhere."""
    work_metrics_listen: str | None = None
    """The same for `tierwise work`."""
    beat_metrics_listen: str | None = None
    """The same for `tierwise beat`."""
    trace_endpoint: str | None = None
    """http:// or https:// address of an OpenTelemetry collector (OTLP over gRPC); without it nothing is traced."""
    trace_share: float = Field(default=0.01, ge=0, le=1)
    """Of the calls whose callers did not decide whether they are traced."""
    memory_mb: int = Field(default=256, ge=0)
    """For the histories of customers whom a server was asked about; each takes about 3 kB."""
    worker_processes: int = Field(default=2, ge=1)
    """Of one `tierwise work`."""
    score_chunk: int = Field(default=2000, ge=1, le=20_000)
    """Customers that a rescoring commits at once, and the work that expects uplifts behind it."""
    issue_chunk: int = Field(default=50_000, ge=1, le=100_000)
    """Coupons that a launch commits at once."""
    segment_chunk: int = Field(default=50_000, ge=1, le=1_000_000)
    """Customers that the build of a segment looks at before it commits."""
    channels: dict[Literal["EMAIL", "SMS", "PUSH"], SecretStr] = Field(default_factory=dict)
    """Channel to where its messages go, as JSON: file:PATH for a folder of files, or a provider's https:// address."""
    quiet_hours: dict[Literal["EMAIL", "SMS", "PUSH"], Annotated[str, AfterValidator(_span)]] = Field(
        default_factory=dict
    )
    """Channel to the times of day, in each campaign's zone, between which no message leaves by it, as JSON."""
    messages_at_once: dict[Literal["EMAIL", "SMS", "PUSH"], Annotated[int, Field(ge=1, le=100)]] = Field(
        default_factory=dict
    )
    """Channel to how many requests its provider gets at once from each worker process, as JSON; without it eight."""
    message_chunk: int = Field(default=100, ge=1, le=1000)
    """Messages that leave between two looks at whether their campaign is still active."""
    task_seconds: float = Field(default=30, ge=0)
    """A task works this long, then hands the rest to the next one, so that work of any size shares the workers."""
    redeliver_seconds: int = Field(default=300, ge=1)
    """The broker gives a task to another worker after this long; must exceed task_seconds and the longest chunk."""
    work_grace_seconds: float = Field(default=60, gt=0)
    """For the chunk at hand when a worker is told to end; what takes longer is left to the next one."""
    revive_seconds: float = Field(default=120, gt=0)
    """An operation without progress for this long is handed to the workers again."""
    audit_anchor: Path | None = None
    """File that the audit log's checkpoints are appended to, best on a disk of others; without, the log has them."""
    approvals: int = Field(default=1, ge=0, le=5)
    """People besides its authors who have to agree to a campaign; 0 lets whatever is submitted pass."""
    large_budget: int | None = Field(default=None, ge=0)
    """In major units of `currency`: a campaign with a budget above it, or with none, needs two approvals."""
    rescore_at: TimeOfDay = time(2, 0)
    """When every customer is scored each night, UTC."""
    retrain_at: TimeOfDay | None = None
    """When a candidate is trained each night, UTC; without it never."""
    keep_models_days: int = Field(default=30, ge=0)
    """How long the folder of a model that retraining made is kept after it last served or moved; 0 for ever."""
    verify_audit_at: TimeOfDay = time(4, 0)
    """When the chain of the audit log is looked along each night, UTC."""
    reconcile_at: TimeOfDay = time(3, 0)
    """When ledgers and counters are compared each night, UTC."""
    report_key: SecretStr | None = None
    """Makes the pseudonyms of customers that analysts see; without it the database draws one."""
    report_minimum_group: int = Field(default=10, ge=1)
    """Groups of fewer people are left out of the views of analysts."""
    report_refresh_minutes: float = Field(default=60, gt=0)
    """How old the kept rows of those views may become."""

    @model_validator(mode="after")
    def _tasks_end_before_they_are_redelivered(self) -> Self:
        if self.task_seconds >= self.redeliver_seconds:
            raise ValueError(
                f"{PREFIX}TASK_SECONDS ({self.task_seconds:g}) must be below "
                f"{PREFIX}REDELIVER_SECONDS ({self.redeliver_seconds})"
            )
        return self

    @property
    def step_seconds(self) -> float:
        """That one step of a task may take: begun when the task's time is up, it is over well before redelivery."""
        return (self.redeliver_seconds - self.task_seconds) / 2

    @property
    def models(self) -> Path:
        """Folder of the model folders."""
        return self.home / "models"

    @property
    def running(self) -> Path:
        """Where `tierwise run` notes the address of its database, so that other commands find it."""
        return self.home / "running_database_url"

    def masked(self) -> dict[str, str]:
        """For the log at start: secrets are not in it."""
        return {name: str(value) for name, value in self.model_dump().items()}


@cache
def settings() -> Settings:
    """The settings of this process, read once. Raises SettingsRefused, which names each variable and no value."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsRefused(f"{', '.join(unknown)}: no such setting; there are {', '.join(sorted(known))}")
    try:
        return Settings()
    except ValidationError as error:
        refused = "; ".join(_told(one["loc"], one["msg"]) for one in error.errors(include_input=False))
    except SettingsError as error:
        # Its words have the field in quotes, and no value.
        refused = _told((str(error).split('"')[1],), "must be JSON")
    raise SettingsRefused(refused)


def _told(place: tuple[int | str, ...], message: str) -> str:
    said = message.removeprefix("Value error, ")
    return f"{PREFIX}{str(place[0]).upper()}: {said}" if place else said


PYTHON = (sys.executable, "-P")
"""Runs modules of ours, and nothing of the folder it is started in: a settings.py there would be taken for ours."""


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with some variables changed, for a child process."""
    return dict(os.environ) | dict(changes)
