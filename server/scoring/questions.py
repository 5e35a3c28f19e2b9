"""From requests to questions about customers."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from tierwise.v1 import explanation_pb2, recommendation_pb2, recommendation_service_pb2, scoring_service_pb2

from rules.sentence import Language
from scoring.replicas.asking import Ladder, Telling
from scoring.score import Strategy
from server.answering import call
from server.customers.events import session_events
from server.scoring.loading import ItemQuestion, Question
from server.wire.names import customer_id
from server.wire.refusals import InvalidRequest
from server.wire.stamps import moment

DEFAULT_COUNT = 10
STRATEGIES = {
    recommendation_pb2.STRATEGY_UNSPECIFIED: Strategy.HYBRID,
    recommendation_pb2.HYBRID: Strategy.HYBRID,
    recommendation_pb2.DEEP: Strategy.DEEP,
    recommendation_pb2.TOGETHER: Strategy.TOGETHER,
    recommendation_pb2.POPULAR: Strategy.POPULAR,
    recommendation_pb2.CONTENT: Strategy.CONTENT,
    recommendation_pb2.AGAIN: Strategy.AGAIN,
}
Request = (
    scoring_service_pb2.ScoreRequest
    | scoring_service_pb2.ExplainScoreRequest
    | recommendation_service_pb2.RecommendRequest
)


def question_of(
    request: scoring_service_pb2.ScoreRequest | scoring_service_pb2.ExplainScoreRequest, root: str = ""
) -> Question:
    """Raises InvalidRequest, with paths that begin at `root`."""
    who, now = customer_id(request.customer), call.current().now
    session = session_events(request.session_events, customer_id=who, now=now, root=root)
    return Question(customer_id=who, session=session, as_of=_as_of(request, now, root), now=now, market=request.market)


def telling_of(request: scoring_service_pb2.ExplainScoreRequest, ladder: Ladder | None) -> Telling:
    """What an explanation should tell, and in which language."""
    full = request.view == explanation_pb2.Explanation.FULL
    return Telling(language_of(request), full, ladder if full else None)


def language_of(
    request: scoring_service_pb2.ExplainScoreRequest
    | recommendation_service_pb2.RecommendRequest
    | recommendation_service_pb2.SimilarItemsRequest,
) -> Language:
    """Of the words that are asked for."""
    return Language(request.language_code or "en")


def item_question_of(request: recommendation_service_pb2.RecommendRequest) -> ItemQuestion:
    """What stands in the basket is not recommended. Raises InvalidRequest."""
    who, now = customer_id(request.customer), call.current().now
    context = tuple(request.context_item_ids)
    return ItemQuestion(
        customer_id=who, session=session_events(request.session_events, customer_id=who, now=now),
        as_of=_as_of(request, now, ""), now=now, count=request.count or DEFAULT_COUNT,
        strategy=STRATEGIES[request.strategy], diversity=request.diversity, context=context,
        exclude=frozenset(request.excluded_item_ids) | frozenset(context),
    )  # fmt: skip


def past(given: Timestamp, now: datetime, field: str) -> datetime:
    """A time that has come. Raises InvalidRequest."""
    time = moment(given)
    if time > now:
        raise InvalidRequest.of(field, f"{time.isoformat()} is in the future")
    return time


def _as_of(request: Request, now: datetime, root: str) -> datetime | None:
    if not request.HasField("as_of_time"):
        return None
    as_of = past(request.as_of_time, now, f"{root}as_of_time")
    for place, event in enumerate(request.session_events):
        if moment(event.event_time) >= as_of:
            field = f"{root}session_events[{place}].event_time"
            raise InvalidRequest.of(field, "is not before as_of_time, so that the answer could not see it")
    return as_of
