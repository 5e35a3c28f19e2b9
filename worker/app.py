"""The Celery application: a trigger for work whose truth is in PostgreSQL."""

from celery import Celery
from kombu import Queue

from database.work import broker
from settings import Settings
from worker import polled_queues
from worker.clock import schedule

QUEUE = "tierwise"
CLOCK = "tierwise_clock"
"""For ticks: workers take from both in turn, so that no backlog of work keeps what is due waiting until it expires."""


def make_app(settings: Settings, database_url: str) -> Celery:
    """Celery on the broker that the settings name, or on the database itself.

    A task is acknowledged when it is done and comes back when its process dies: at least once, so every task is made
    to be run twice. Nothing is kept of results: operations are rows of ours.
    """
    own = settings.broker_url is None
    if settings.broker_url is None:
        polled_queues.register()
        url = broker.broker_url(database_url, scheme=polled_queues.SCHEME)
    else:
        url = settings.broker_url.get_secret_value()
    options = broker.broker_options(database_url, redeliver_seconds=settings.redeliver_seconds)
    app = Celery("tierwise", broker=url, set_as_current=False)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=options if own else _transport(url, settings.redeliver_seconds),
        enable_utc=True,
        timezone="UTC",
        task_acks_late=True,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_publish_retry_policy={"max_retries": 2, "interval_start": 0, "interval_step": 0.2},
        task_queues=[Queue(QUEUE), Queue(CLOCK)],
        task_routes={schedule.TICK: {"queue": CLOCK}},
        task_reject_on_worker_lost=True,
        task_time_limit=settings.redeliver_seconds,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # PGMQ's queue names are too short for the queues of remote control.
        worker_enable_remote_control=not own,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
    )
    return app


def _transport(url: str, redeliver_seconds: int) -> dict[str, object]:
    """RabbitMQ sees by itself that a worker is gone; Redis needs the time after which it must be."""
    if url.startswith(("redis://", "rediss://", "sentinel://")):
        return {"visibility_timeout": redeliver_seconds, "socket_timeout": 10, "socket_connect_timeout": 5}
    return {}
