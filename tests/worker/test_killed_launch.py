"""A launch of which everything dies fifty times gives each customer who is not held out one code, and none a second."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from killable import Postgres, Redis, Worker
from made.campaigns import (
    NOT_OVER,
    audit_lines,
    begin_launch,
    codes_of,
    counts,
    create_campaign,
    make_plan,
    read_operation,
    store_scores,
)
from running.worker_processes import wait_for, wait_until_done

from campaigns.coupons import codes
from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.life import campaigns
from campaigns.terms.campaign import State
from database.migrate import migrate
from database.session import Database
from database.work.operations import Operation

SEED = 20
CUSTOMERS = [f"c{number:05}" for number in range(40_000)]
PLAN = make_plan(holdout_percent=10)
KILLS_ON_REDIS = {"redis": 8, "postgres": 9, "fork": 10, "worker": 1}
KILLS_ON_PGMQ = {"postgres": 12, "fork": 9, "worker": 1}
LARGEST_PAUSE_SECONDS = 0.1
SETTINGS = {
    "TIERWISE_WORKER_PROCESSES": "1", "TIERWISE_TASK_SECONDS": "1", "TIERWISE_REDELIVER_SECONDS": "3",
    "TIERWISE_REVIVE_SECONDS": "2", "TIERWISE_ISSUE_CHUNK": "10", "OMP_NUM_THREADS": "1",
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Scene:
    """A launch under way, and what it needs."""

    postgres: Postgres
    redis: Redis
    worker: Worker
    beat: Worker
    database: Database
    operation: Operation

    def start(self, **settings: str) -> None:
        """Worker and clock, in the place of those before."""
        for process in (self.worker, self.beat):
            process.environment = {**SETTINGS, "TIERWISE_DATABASE_URL": self.postgres.url, **settings}
            process.start()

    def kill(self, victim: str) -> None:
        """One of them, which comes back at once."""
        match victim:
            case "fork":
                self.worker.kill_fork()
            case "redis":
                self.redis.kill()
                self.redis.start()
            case "postgres":
                self.postgres.kill()
                self.postgres.start()
            case "worker":
                self.worker.kill()
                self.worker.start()

    def done_count(self) -> int:
        """As a supervisor sees it, who starts again what has ended by itself, and not well."""
        for process in (self.worker, self.beat):
            if process.process is not None and process.process.poll() is not None:
                assert process.process.returncode != 0
                process.start()
        return read_operation(self.database, self.operation.operation_id).done_count


@pytest.fixture
def scene() -> Iterator[Scene]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with tempfile.TemporaryDirectory(prefix="tierwise-test-") as name, ExitStack() as stack:
        home = Path(name)
        home.chmod(0o755)
        postgres, redis = Postgres(home / "postgres"), Redis(home / "redis")
        for server in (postgres, redis):
            server.start()
            stack.callback(server.kill)
        migrate(postgres.url)
        database = Database.at(postgres.url)
        stack.callback(database.close)
        worker, beat = Worker(role="work"), Worker(role="beat")
        stack.callback(worker.kill)
        stack.callback(beat.kill)
        yield Scene(
            postgres=postgres, redis=redis, worker=worker, beat=beat, database=database, operation=_begun(database)
        )


def _begun(database: Database) -> Operation:
    store_scores(database, dict.fromkeys(CUSTOMERS, 9000))
    create_campaign(database, holdout_percent=PLAN.holdout_percent, end_time=NOT_OVER)
    return begin_launch(database)


@pytest.mark.timeout(600)
def test_fifty_kills_of_worker_broker_and_postgresql_neither_lose_nor_repeat_a_coupon(scene: Scene) -> None:
    assert sum(KILLS_ON_REDIS.values()) + sum(KILLS_ON_PGMQ.values()) == 50
    rng = Random(SEED)
    held_out = {who for who in CUSTOMERS if group_of(PLAN.design, campaign_id="spring", customer_id=who) == HOLDOUT}

    scene.start(TIERWISE_BROKER_URL=scene.redis.url)
    interrupted = kill_in_turn(scene, KILLS_ON_REDIS, rng)
    scene.start()
    interrupted += kill_in_turn(scene, KILLS_ON_PGMQ, rng, after=interrupted[-1])
    issued = codes_of(scene.database)
    scene.start(TIERWISE_ISSUE_CHUNK="5000")
    done = wait_until_done(scene.database, scene.operation, seconds=120)

    assert len(interrupted) == len(set(interrupted)) == 50
    assert max(interrupted) <= len(issued) < len(CUSTOMERS) - len(held_out)
    coupons = codes_of(scene.database)
    assert coupons.items() >= issued.items()
    assert coupons.keys() == set(CUSTOMERS) - held_out
    assert counts(scene.database, "coupons", "audiences") == (len(coupons), len(CUSTOMERS))
    assert len({codes.normalise(code) for code in coupons.values()}) == len(coupons)
    with scene.database.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
    assert campaign.state is State.ACTIVE
    assert (campaign.issued_count, campaign.held_out_count) == (len(coupons), len(held_out))
    assert (done.state, done.done_count, done.total_count) == ("SUCCEEDED", len(coupons), len(coupons))
    ends = [
        line for line in audit_lines(scene.database) if line[0].startswith(("campaigns.activate", "campaigns.launch."))
    ]
    assert sorted(ends) == [
        ("campaigns.activate", "campaigns/spring", "OK"),
        ("campaigns.launch.finish", "campaigns/spring", "OK"),
    ]


def kill_in_turn(scene: Scene, kills: dict[str, int], rng: Random, *, after: int = 0) -> list[int]:
    """Kill so many of each in random order, how many coupons there were each time.

    Each dies in the middle of the work: at a random moment after coupons were issued since the one before.
    """
    victims = [victim for victim, times in kills.items() for _ in range(times)]
    rng.shuffle(victims)
    seen = [after]
    for victim in victims:
        wait_for(lambda: scene.done_count() > seen[-1], seconds=120)
        time.sleep(rng.uniform(0, LARGEST_PAUSE_SECONDS))
        seen.append(scene.done_count())
        scene.kill(victim)
    return seen[1:]
