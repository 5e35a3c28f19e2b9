"""A canary that fails is set aside by itself, for every server, and no call fails meanwhile."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch
from asking import answers, asking, score
from made.campaigns import add_customers, make_cause, prove
from networks.doubling import doubling
from networks.tiny_model import tiny_model
from running.serving import Shop, activate, recording, register, serving, stamp
from running.worker_processes import wait_for
from structlog.testing import capture_logs
from tierwise.v1 import event_pb2, model_pb2, scoring_service_pb2

from campaigns.experiments.assignment import position
from campaigns.faults import Code, Fault
from campaigns.models import registry
from campaigns.models.canary_faults import DEATHS, LAST, MOST_FAILED, WITHIN, Record
from campaigns.models.stages import LARGEST_SHARE, Stage, State
from database.audit import log
from database.audit.log import ALL
from database.models import canary_runs
from database.session import Database
from events.event import EventType
from scoring.folders import folder
from scoring.pool.pool import Pool
from scoring.pool.process import ProcessReplica
from scoring.pool.refusals import ReplicaDied, ReplicaSilent
from scoring.pool.row import Loaded
from scoring.pool.zygote import Zygote
from scoring.replicas.asking import Kind, Role, Task
from scoring.replicas.replicas import LocalReplicas, patience_with
from server.answering.call import Call, answering
from server.answering.hangup import Hangup
from server.scoring.canary_watch import MOST_TOLD, CanaryWatch
from server.scoring.live import Live

CUSTOMERS = [f"c{number}" for number in range(16)]
SHARE = 0.4
ACTIVE_KIND = Kind(Task.SCORE)


def write_broken_model(models: Path, model_id: str, kind: EventType = EventType.REVIEW) -> str:
    """It can be loaded, and answers about customers without events of a kind."""
    model = tiny_model(model_id)
    with torch.no_grad():
        model.networks[0].kind.weight[int(kind)] = float("nan")
    return folder.write(model, models / model_id).name


def review(days: float) -> event_pb2.Event:
    return event_pb2.Event(event_time=stamp(days), type=event_pb2.Event.REVIEW, item_id="item-1", rating=5)


def move(database: Database, model_id: str, stage: Stage) -> None:
    with database.writing() as transaction:
        registry.move(transaction, make_cause(), model_id, stage)


def state_of(shop: Shop, model_id: str) -> model_pb2.Model.State.ValueType:
    found: model_pb2.Model = shop.scoring.GetModel(scoring_service_pb2.GetModelRequest(name=f"models/{model_id}"))
    return found.state


@pytest.fixture
def shops(database: Database, tmp_path: Path) -> Iterator[tuple[Shop, Shop]]:
    """Two servers over one database; everybody has written a review."""
    add_customers(database, CUSTOMERS)
    with serving(database, tmp_path, replicas=1) as first, serving(database, tmp_path, model=False) as second:
        for customer in CUSTOMERS:
            first.customers.BatchCreateEvents(recording(customer, [review(-1)]))
        name = write_broken_model(first.models, "broken")
        with database.writing() as transaction:
            registry.register(transaction, make_cause(), "broken", folder=name, manifest={})
        prove(database, "broken")
        yield first, second


def test_one_that_fails_at_questions_is_set_aside_and_no_call_fails(shops: tuple[Shop, Shop]) -> None:
    first, second = shops
    assert any(position("broken", customer) < SHARE for customer in CUSTOMERS)
    with capture_logs() as lines, asking(first, CUSTOMERS) as told:
        first.scoring.MoveModel(
            scoring_service_pb2.MoveModelRequest(name="models/broken", state=model_pb2.Model.CANARY, canary_share=SHARE)
        )
        wait_for(lambda: state_of(first, "broken") == model_pb2.Model.RETIRED, seconds=60)
        count = len(told) + len(CUSTOMERS)
        wait_for(lambda: len(told) >= count, seconds=60)
    wait_for(lambda: Role.CANARY not in second.server.live.in_force.models, seconds=10)

    scores = answers(told)
    assert [each for each in told if each not in scores] == []
    assert {each.model for each in scores} == {"models/tiny-1"}
    with first.database.reading() as snapshot:
        newest, run = log.page(snapshot, ALL, limit=1)[0], canary_runs.of_model(snapshot, "broken")[0]
    assert (newest.actor, newest.action, newest.object_name) == ("process:server", "models.setAside", "models/broken")
    assert newest.reason == run.fault == f"it failed at {MOST_FAILED} of its last {MOST_FAILED} questions"
    assert run.why == {"code": "CANARY_FAILED", "facts": {"failed": MOST_FAILED, "asked": MOST_FAILED}}
    told_of_it = first.scoring.GetModelResults(scoring_service_pb2.GetModelResultsRequest(name="models/broken"))
    assert (told_of_it.fault, told_of_it.set_aside.message, told_of_it.set_aside.code) == (
        run.fault, run.fault, "CANARY_FAILED"
    )  # fmt: skip
    assert told_of_it.set_aside.parameters == {"failed": str(MOST_FAILED), "asked": str(MOST_FAILED)}
    watch = first.server.predictions.canary
    assert (watch.set_aside, watch.failed >= MOST_FAILED) == (1, True)
    failures = [line for line in lines if line["event"] == "canary failed"]
    assert [line["model"] for line in failures] == ["broken"], "once for a kind of failure, not for each customer"


def test_one_that_fails_when_replicas_try_it_leaves_the_active_model_alone(
    shops: tuple[Shop, Shop],
) -> None:
    first, _ = shops
    first.server.live.stop()
    name = write_broken_model(first.models, "untried", EventType.PURCHASE)
    register(first.database, first.models, "tiny-2", seed=2)
    with first.database.writing() as transaction:
        registry.register(transaction, make_cause(), "untried", folder=name, manifest={})
    prove(first.database, "untried")
    prove(first.database, "tiny-2")
    move(first.database, "untried", Stage(State.CANARY, SHARE))
    rejected = first.server.live.rejected
    first.server.live.refresh()
    with first.database.writing() as transaction:
        registry.activate(transaction, make_cause(), "tiny-2")
    first.server.live.refresh()

    assert first.server.live.rejected == rejected + 1
    assert {score(first, customer).model for customer in CUSTOMERS} == {"models/tiny-2"}


def watched(database: Database, folder: Path, canary: str) -> tuple[Live, CanaryWatch, Zygote]:
    """A share of the customers is this canary's, and the watch has begun; replicas come from the zygote."""
    activate(database, folder)
    register(database, folder, canary, seed=2)
    prove(database, canary)
    move(database, canary, Stage(State.CANARY, SHARE))
    live = Live(database, folder, LocalReplicas("cpu"), lambda _: None)
    live.refresh()
    watch = CanaryWatch(database, live)
    watch.start()
    return live, watch, Zygote(["networks.doubling"])


def test_one_whose_replica_dies_again_and_again_is_set_aside(database: Database, tmp_path: Path) -> None:
    live, watch, zygote = watched(database, tmp_path, "deadly")
    pool = Pool[None, None]([ProcessReplica(zygote, doubling)], died=watch.died)
    faults = []
    for _ in range(DEATHS):
        with pytest.raises(ReplicaDied):
            pool.submit_loaded(Loaded(b"die", None), kind=Kind(Task.SCORE, Role.CANARY, model_id="deadly")).result(60)
        faults.append(watch.set_aside)
    wait_for(lambda: Role.CANARY not in live.in_force.models, seconds=10)
    pool.close()
    watch.stop()
    zygote.close()

    assert faults[:-1] == [0] * (DEATHS - 1), "a question that is tried twice counts once"
    with database.reading() as snapshot:
        assert (
            canary_runs.of_model(snapshot, "deadly")[0].fault == "3 replicas died with its questions within 60 seconds"
        )


def test_one_that_never_answers_is_set_aside_at_once_and_nobody_waits_for_it_twice(
    database: Database, tmp_path: Path
) -> None:
    live, watch, zygote = watched(database, tmp_path, "silent")
    replica = ProcessReplica(zygote, doubling, patience=lambda kind: 60.0 if kind == ACTIVE_KIND else 0.5)
    pool = Pool[None, None]([replica], died=watch.died)
    asked_of_it = Kind(Task.SCORE, Role.CANARY, model_id="silent")
    hung = [pool.submit_loaded(Loaded(b"hang", None), kind=asked_of_it) for _ in range(4)]
    after = pool.submit_loaded(Loaded(b"a", None), kind=ACTIVE_KIND)
    problems = [ticket.exception(60) for ticket in hung]
    wait_for(lambda: Role.CANARY not in live.in_force.models, seconds=10)

    assert {type(problem) for problem in problems} == {ReplicaSilent}
    assert after.result(60).answer == b"aa"
    assert pool.figures().deaths <= 2, "halves are not tried again"
    pool.close()
    watch.stop()
    zygote.close()
    with database.reading() as snapshot:
        assert canary_runs.of_model(snapshot, "silent")[0].fault == (
            "it gave no answer at all for so long that its replica was killed"
        )


def test_replicas_have_less_patience_with_a_canary() -> None:
    assert patience_with(ACTIVE_KIND) == 60
    assert patience_with(Kind(Task.SCORE, Role.CANARY, model_id="any")) == 10


def test_what_an_earlier_canary_was_asked_is_no_fault_of_the_next(database: Database, tmp_path: Path) -> None:
    activate(database, tmp_path)
    for seed, model_id in enumerate(("earlier", "next"), 2):
        register(database, tmp_path, model_id, seed=seed)
        prove(database, model_id)
    live = Live(database, tmp_path, LocalReplicas("cpu"), lambda _: None)
    watch = CanaryWatch(database, live)
    who = next(who for who in CUSTOMERS if max(position("earlier", who), position("next", who)) < LARGEST_SHARE)
    move(database, "earlier", Stage(State.CANARY, LARGEST_SHARE))
    live.refresh()
    asked = watch.asked_about(who)
    move(database, "earlier", Stage(State.RETIRED))
    move(database, "next", Stage(State.CANARY, LARGEST_SHARE))
    live.refresh()
    for _ in range(MOST_FAILED):
        watch.note(asked, failed=True)
    for _ in range(DEATHS):
        watch.died(Kind(Task.SCORE, Role.CANARY, model_id=asked), ReplicaDied("of it"))

    assert (asked, watch.failed) == ("earlier", MOST_FAILED)
    assert watch.asked_about(who) == "next"
    now, deadline = datetime.now(UTC), time.monotonic() + 60
    a_call = Call(method="/Score", actor=make_cause().actor, now=now, deadline=deadline, log_id="1", hangup=Hangup())
    with capture_logs() as lines, answering(a_call):
        for count in range(MOST_TOLD + 5):
            watch.excuse("next", ValueError(f"customer {count}"))
    assert len(lines) == MOST_TOLD
    for _ in range(MOST_FAILED):
        watch.note("next", failed=True)
    assert watch.asked_about(who) is None


def test_the_rule_counts_failures_of_the_last_questions_only() -> None:
    seldom, often = Record(), Record()
    for failed in [True] * (MOST_FAILED - 1) + [False] * (LAST - MOST_FAILED + 1) + [True]:
        seldom.asked(failed=failed)
    for _ in range(MOST_FAILED):
        assert often.fault() is None
        often.asked(failed=True)

    assert seldom.fault() is None, "the first failure is forgotten"
    assert often.fault() == Fault(code=Code.CANARY_FAILED, facts={"failed": 10, "asked": 10})


def test_the_rule_counts_deaths_within_a_minute_that_the_active_model_does_not_share() -> None:
    slow, shared, fast = Record(), Record(), Record()
    for place in range(DEATHS):
        slow.died(place * WITHIN, with_it=True)
        shared.died(place, with_it=place != DEATHS - 2)
        fast.died(place, with_it=True)

    assert (slow.fault(), shared.fault()) == (None, None)
    assert fast.fault() == Fault(code=Code.REPLICAS_DIED, facts={"replicas": 3, "seconds": 60})
