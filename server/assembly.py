"""The server as a whole: every service with what it needs, on one port."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from google.longrunning import operations_pb2_grpc
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc
from tierwise.v1 import (
    audit_service_pb2_grpc,
    budget_service_pb2_grpc,
    campaign_service_pb2_grpc,
    coupon_service_pb2_grpc,
    customer_service_pb2_grpc,
    item_service_pb2_grpc,
    offer_service_pb2_grpc,
    recommendation_service_pb2_grpc,
    scoring_service_pb2_grpc,
    segment_service_pb2_grpc,
    switch_service_pb2_grpc,
    tier_service_pb2_grpc,
)

from campaigns.callers.guessing import USUAL, Allowance
from campaigns.life.approval import ApprovalPolicy
from database.session import Database
from scoring.pool.batch import Batch, Observer
from scoring.replicas.replicas import LocalReplicas, ProcessReplicas, Replicas
from server.access.admission import Admission
from server.access.callers import Callers
from server.access.guesses import Guesses
from server.access.keys import Keys
from server.audit.service import AuditService
from server.budgets.service import BudgetService
from server.campaigns.service import CampaignService
from server.campaigns.switch_service import SwitchService
from server.coupons.service import CouponService
from server.customers.service import CustomerService
from server.front.database_watch import DatabaseWatch
from server.front.guard import Guard
from server.front.health import Announcer
from server.front.methods import Methods
from server.front.port import Front
from server.front.threads import Threads
from server.items.service import ItemService
from server.metrics.server import ServerMetrics
from server.offers.service import OfferService
from server.operations.service import OperationsService
from server.scoring.live import Live
from server.scoring.predictions import Predictions, Sizes
from server.scoring.recommendation_service import RecommendationService
from server.scoring.service import ScoringService
from server.segments.service import SegmentService
from server.tiers.service import TierService
from server.wire.seal import Seal
from telemetry.exposition import Exposition
from telemetry.tracing import UNTRACED, Tracing

NEED_NO_MODEL = (
    "google.longrunning.Operations",
    "tierwise.v1.AuditService",
    "tierwise.v1.BudgetService",
    "tierwise.v1.CampaignService",
    "tierwise.v1.CouponService",
    "tierwise.v1.CustomerService",
    "tierwise.v1.ItemService",
    "tierwise.v1.OfferService",
    "tierwise.v1.SegmentService",
    "tierwise.v1.SwitchService",
    "tierwise.v1.TierService",
)
NEED_MODEL = {"tierwise.v1.RecommendationService": "recommendations", "tierwise.v1.ScoringService": "scores"}
"""With the pool that answers for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What may differ between servers."""

    listen: str
    """host:port; port 0 takes a free one."""
    models_folder: Path
    admission: Admission
    device: str = "cpu"
    batch_size: int = 32
    memory_bytes: int = 256 * 2**20
    """For histories of customers who were asked about."""
    callers: int = 512
    """Calls that are answered at the same time, beside those of Score, which take no thread, and those of the till."""
    replicas: int = 0
    """Processes that score; 0 computes in this one."""
    longest_wait: float = 10.0
    """Seconds that anybody waits for a score, whatever the deadline."""
    allowance: Allowance = USUAL
    """Of guessing codes, for each caller."""
    policy: ApprovalPolicy = field(default_factory=ApprovalPolicy)
    """How many people have to agree to a campaign."""
    metrics_listen: str | None = None
    """Where Prometheus asks; None for nowhere."""
    tracing: Tracing = UNTRACED


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers from `start` to `stop`."""

    front: Front
    guard: Guard
    live: Live
    predictions: Predictions
    replicas: Replicas
    watch: DatabaseWatch
    port: int
    tracing: Tracing
    exposition: Exposition | None
    """None where nobody may look."""

    @classmethod
    def assembled(cls, database: Database, seal: Seal, configuration: Configuration) -> Self:
        """Bound to its port and not answering yet. Raises ValueError, or RuntimeError where the port is taken."""
        front = Front()
        device = configuration.device
        replicas = ProcessReplicas(device) if configuration.replicas else LocalReplicas(device)
        announcer = Announcer(front.tell, need_model=NEED_MODEL, need_database=NEED_NO_MODEL)
        live = Live(database, models_folder=configuration.models_folder, replicas=replicas, changed=announcer.announce)
        metrics = ServerMetrics.of(live)
        sizes = Sizes(
            replicas=max(configuration.replicas, 1), batch=configuration.batch_size,
            longest_wait=configuration.longest_wait, memory_bytes=configuration.memory_bytes,
        )  # fmt: skip
        predictions = Predictions(
            database, live, replicas, sizes, hand_out=front.loop.soon,
            observe=_observing(metrics, configuration.tracing), staffed=announcer.staffed,
        )  # fmt: skip
        guard = Guard(
            database, Callers(admission=configuration.admission, keys=Keys(database)),
            Threads(configuration.callers), admit=predictions.admit,
            observe=metrics.calls.ended, tracing=configuration.tracing,
        )  # fmt: skip
        methods = front.open(guard)
        _add_services(methods, database, seal, live, predictions, configuration)
        return cls(
            front=front, guard=guard, live=live, predictions=predictions, replicas=replicas,
            watch=DatabaseWatch(database, announcer.database),
            port=front.bind(configuration.listen, configuration.admission), tracing=configuration.tracing,
            exposition=metrics.exposed(
                configuration.metrics_listen, database=database, guard=guard, live=live, predictions=predictions
            ),
        )  # fmt: skip

    def start(self) -> None:
        """Answer; scoring follows as soon as the active model is loaded."""
        self.front.start()
        self.watch.start()
        self.predictions.stock.start()
        self.live.start()
        self.predictions.shadows.start()
        self.predictions.canary.start()

    def stop(self, grace_seconds: float, *, announce_seconds: float = 0) -> None:
        """Say so by health, then refuse new calls, and let those under way finish within the grace.

        Between the two, callers who watch health have time to turn elsewhere.
        """
        self.front.say_goodbye()
        time.sleep(announce_seconds)
        self.front.stop(self.guard, grace_seconds)
        self.watch.stop()
        self.replicas.close()
        self.live.stop()
        self.predictions.stock.stop()
        self.predictions.shadows.stop()
        self.predictions.canary.stop()
        self.predictions.close()
        self.front.loop.close()
        self.tracing.close()
        if self.exposition is not None:
            self.exposition.close()


def _observing(metrics: ServerMetrics, tracing: Tracing) -> Observer:
    def served(batch: Batch) -> None:
        metrics.batches.served(batch)
        if batch.marks:
            tracing.served(batch)

    return served


def _add_services(
    methods: Methods, database: Database, seal: Seal, live: Live, predictions: Predictions, configuration: Configuration
) -> None:
    server = methods.as_server
    scoring = ScoringService(database, live, predictions, seal)
    scoring_service_pb2_grpc.add_ScoringServiceServicer_to_server(scoring, server)
    items = RecommendationService(predictions, seal)
    recommendation_service_pb2_grpc.add_RecommendationServiceServicer_to_server(items, server)
    customer_service_pb2_grpc.add_CustomerServiceServicer_to_server(CustomerService(database, seal), server)
    said = ItemService(database, seal, predictions.stock.refresh)
    item_service_pb2_grpc.add_ItemServiceServicer_to_server(said, server)
    campaigns = CampaignService(database, seal, configuration.policy)
    campaign_service_pb2_grpc.add_CampaignServiceServicer_to_server(campaigns, server)
    switch_service_pb2_grpc.add_SwitchServiceServicer_to_server(SwitchService(database, seal), server)
    audit_service_pb2_grpc.add_AuditServiceServicer_to_server(AuditService(database, seal), server)
    budget_service_pb2_grpc.add_BudgetServiceServicer_to_server(BudgetService(database), server)
    coupon_service_pb2_grpc.add_CouponServiceServicer_to_server(
        CouponService(database, Guesses(database, configuration.allowance)), server
    )
    offer_service_pb2_grpc.add_OfferServiceServicer_to_server(OfferService(database), server)
    segment_service_pb2_grpc.add_SegmentServiceServicer_to_server(SegmentService(database, seal), server)
    tier_service_pb2_grpc.add_TierServiceServicer_to_server(TierService(database, seal), server)
    operations_pb2_grpc.add_OperationsServicer_to_server(  # type: ignore[no-untyped-call] # has no types
        OperationsService(database, seal), server
    )
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(  # type: ignore[no-untyped-call] # has no types
        reflection.aio.ReflectionServicer((*NEED_MODEL, *NEED_NO_MODEL, health.SERVICE_NAME, reflection.SERVICE_NAME)),
        server,
    )
