"""ScoringService: what customers will do, and which model says so."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import grpc
import structlog
from google.longrunning import operations_pb2
from tierwise.v1 import model_pb2, model_results_pb2, score_pb2, scoring_service_pb2, scoring_service_pb2_grpc

from campaigns.actor import Cause
from campaigns.customers.refusals import CustomerNotFound
from campaigns.models import judging, registry, retraining
from campaigns.models.refusals import ModelUnusable
from campaigns.models.stages import State
from campaigns.results import canary, canary_power
from campaigns.tiers import rescoring, shadowing
from campaigns.tiers.ladder import ladder_of
from database.customers import known
from database.models import canary_readings, scores, shadow_comparisons
from database.models import registry as stored_models
from database.models.scores import StoredScore
from database.session import Database, Snapshot, Transaction
from scoring import score as scored
from scoring.score import ModelRejected
from server.answering import call
from server.answering.transactions import perform, performed, reading
from server.scoring.canary import model_results_message
from server.scoring.live import Live
from server.scoring.loading import Question
from server.scoring.messages import Degraded, explanation_message, score_message, stored_score_message
from server.scoring.models import model_message, stage_of
from server.scoring.predictions import Placed, Predictions
from server.scoring.questions import past, question_of, telling_of
from server.scoring.waiting import ModelFailed
from server.wire.errors import status_of
from server.wire.names import model_id
from server.wire.operations import operation_message
from server.wire.pages import asked, cut
from server.wire.refusals import ModelUnavailable
from server.wire.seal import Seal
from server.wire.stamps import instant_key

Result = scoring_service_pb2.BatchScoreResponse.Result
Outcome = Placed[scored.Score] | Exception
Last = Mapping[str, StoredScore | None]
"""The last stored scores of known customers."""

OWED = (ModelFailed, ModelUnavailable)
"""Outcomes in whose place the last stored score is told."""

log = structlog.get_logger("server")


class ScoringService(scoring_service_pb2_grpc.ScoringServiceServicer):
    """The methods of the service; no transaction is open while the network works."""

    def __init__(self, database: Database, live: Live, predictions: Predictions, seal: Seal) -> None:
        self._database = database
        self._live = live
        self._predictions = predictions
        self._seal = seal

    async def Score(
        self, request: scoring_service_pb2.ScoreRequest, context: grpc.ServicerContext
    ) -> scoring_service_pb2.ScoreResponse:
        """In the event loop, so that a call is admitted or refused when it comes, however busy the threads are."""
        question = question_of(request)
        try:
            score = self._message(question, await self._predictions.score(question), {})
        except OWED as error:
            _log_failed([error])
            score = self._message(question, error, await asyncio.to_thread(self._last, [question]))
        return scoring_service_pb2.ScoreResponse(score=score)

    def BatchScore(
        self, request: scoring_service_pb2.BatchScoreRequest, context: grpc.ServicerContext
    ) -> scoring_service_pb2.BatchScoreResponse:
        questions = [question_of(each, f"requests[{place}].") for place, each in enumerate(request.requests)]
        outcomes = list(self._predictions.scores(questions))
        _log_failed(outcomes)
        owed = [question for question, outcome in zip(questions, outcomes, strict=True) if isinstance(outcome, OWED)]
        last: Last = {}
        try:
            last = self._last(owed) if owed else {}
        except Exception as error:  # noqa: BLE001 - those that the network did answer have their answers
            outcomes = [error if isinstance(outcome, OWED) else outcome for outcome in outcomes]
        results = [self._result(*each, last) for each in zip(questions, outcomes, strict=True)]
        return scoring_service_pb2.BatchScoreResponse(results=results)

    def ExplainScore(
        self, request: scoring_service_pb2.ExplainScoreRequest, context: grpc.ServicerContext
    ) -> scoring_service_pb2.ExplainScoreResponse:
        scheme = self._live.in_force.scheme
        question = replace(question_of(request), telling=telling_of(request, ladder_of(scheme)))
        try:
            explanation, standing = self._predictions.explain(question)
        except ModelFailed as error:
            if not question.market:
                raise
            raise self._of_market(question.market, error) from error
        score = score_message(explanation.score, standing, scheme, self._seal)
        return scoring_service_pb2.ExplainScoreResponse(
            explanation=explanation_message(explanation, score, scheme, most=request.max_contributions)
        )

    def ScoreAllCustomers(
        self, request: scoring_service_pb2.ScoreAllCustomersRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        given = request.HasField("as_of_time")
        as_of = past(request.as_of_time, call.current().now, "as_of_time") if given else None

        def effect(transaction: Transaction, cause: Cause) -> operations_pb2.Operation:
            return operation_message(rescoring.begin(transaction, cause, as_of=as_of))

        return perform(self._database, request, effect, subject="customers")

    def ListModels(
        self, request: scoring_service_pb2.ListModelsRequest, context: grpc.ServicerContext
    ) -> scoring_service_pb2.ListModelsResponse:
        page, states = asked(self._seal, request), [model_pb2.Model.State.Name(state) for state in request.states]
        with reading(self._database) as snapshot:
            found = stored_models.page(snapshot, limit=page.size + 1, after=page.after_instant, states=states)
        rows, token = cut(self._seal, page, found, lambda each: (instant_key(each.create_time), each.model_id))
        return scoring_service_pb2.ListModelsResponse(
            models=[model_message(model) for model in rows], next_page_token=token
        )

    def GetModel(self, request: scoring_service_pb2.GetModelRequest, context: grpc.ServicerContext) -> model_pb2.Model:
        with reading(self._database) as snapshot:
            model = registry.get(snapshot, model_id(request.name))
            compared = shadow_comparisons.newest(snapshot, model.model_id)
            return model_message(model, compared, registry.report(snapshot, model.model_id))

    def GetModelResults(
        self, request: scoring_service_pb2.GetModelResultsRequest, context: grpc.ServicerContext
    ) -> model_results_pb2.ModelResults:
        now = datetime.now(UTC)
        with reading(self._database) as snapshot:
            found = canary.results(snapshot, model_id(request.name), now, number=request.run or None)
            return model_results_message(
                found,
                canary_readings.accuracy(snapshot, found.run),
                canary_power.of_run(snapshot, found.run, now),
            )

    @performed
    def PreviewModel(
        self, request: scoring_service_pb2.PreviewModelRequest, transaction: Transaction, cause: Cause
    ) -> operations_pb2.Operation:
        return operation_message(shadowing.begin(transaction, cause, model_id(request.name)))

    def ActivateModel(
        self, request: scoring_service_pb2.ActivateModelRequest, context: grpc.ServicerContext
    ) -> model_pb2.Model:
        self._must_load(request.name)

        def effect(transaction: Transaction, cause: Cause) -> model_pb2.Model:
            active = registry.activate(
                transaction, cause, model_id(request.name), etag=request.etag, override=request.override_gates,
                lost=self._markets_lost(transaction, model_id(request.name)), drop_markets=request.drop_markets,
            )  # fmt: skip
            return model_message(active)

        return perform(self._database, request, effect, subject=request.name)

    @performed
    def JudgeModel(
        self, request: scoring_service_pb2.JudgeModelRequest, transaction: Transaction, cause: Cause
    ) -> operations_pb2.Operation:
        return operation_message(judging.begin(transaction, cause, model_id(request.name)))

    def RetrainModel(
        self, request: scoring_service_pb2.RetrainModelRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        def effect(transaction: Transaction, cause: Cause) -> operations_pb2.Operation:
            return operation_message(retraining.begin(transaction, cause))

        return perform(self._database, request, effect, subject="models")

    def MoveModel(
        self, request: scoring_service_pb2.MoveModelRequest, context: grpc.ServicerContext
    ) -> model_pb2.Model:
        wanted = stage_of(request)
        if wanted.state is not State.RETIRED:
            self._must_load(request.name)

        def effect(transaction: Transaction, cause: Cause) -> model_pb2.Model:
            moved = registry.move(
                transaction, cause, model_id(request.name), wanted, etag=request.etag, override=request.override_gates,
                lost=self._markets_lost(transaction, model_id(request.name)), drop_markets=request.drop_markets,
            )  # fmt: skip
            return model_message(moved)

        return perform(self._database, request, effect, subject=request.name)

    def RollBackModel(
        self, request: scoring_service_pb2.RollBackModelRequest, context: grpc.ServicerContext
    ) -> model_pb2.Model:
        with reading(self._database) as snapshot:
            earlier = registry.earlier(snapshot, model_id(request.name))
        if earlier is not None:
            self._must_load(registry.name(earlier.model_id))

        def effect(transaction: Transaction, cause: Cause) -> model_pb2.Model:
            lost = [] if earlier is None else self._markets_lost(transaction, earlier.model_id)
            return model_message(
                registry.roll_back(transaction, cause, model_id(request.name), etag=request.etag, lost=lost)
            )

        return perform(self._database, request, effect, subject=request.name)

    def _must_load(self, name: str) -> None:
        """Raises ModelUnusable for a model that could not answer; one that is not there is left to the use case."""
        with reading(self._database) as snapshot:
            model = stored_models.get(snapshot, model_id(name))
        if model is None:
            return
        try:
            self._live.check(model)
        except ModelRejected as error:
            log.warning("model rejected", model=name, error=str(error), log_id=call.current().log_id)
            message = (
                f"{name} cannot be loaded: its folder is missing or damaged; the log line is {call.current().log_id}"
            )
            raise ModelUnusable(message, model=name, log_id=call.current().log_id) from error

    @staticmethod
    def _of_market(market: str, error: ModelFailed) -> ModelUnusable:
        """The likeliest cause is a file that somebody put there."""
        log_id = call.current().log_id
        log.error("model failed", log_id=log_id, market=market, exc_info=error)
        return ModelUnusable(
            f"the model cannot answer for market {market}: its adapter is damaged, of another market or of another "
            f"model, or the network failed; the log line is {log_id}", market=market, log_id=log_id,
        )  # fmt: skip

    def _markets_lost(self, snapshot: Snapshot, wanted: str) -> list[str]:
        model, active = stored_models.get(snapshot, wanted), stored_models.active(snapshot)
        return [] if model is None or active is None else self._live.markets_lost(model, active)

    def _last(self, questions: Sequence[Question]) -> Last:
        who = {question.customer_id for question in questions}
        with reading(self._database) as snapshot:
            stored = scores.among(snapshot, who)
            return {customer_id: stored.get(customer_id) for customer_id in known.among(snapshot, who)}

    def _result(self, question: Question, outcome: Outcome, last: Last) -> Result:
        try:
            return Result(score=self._message(question, outcome, last))
        except Exception as error:  # noqa: BLE001 - the others of the batch have their answers
            return Result(status=status_of(error, call.current().log_id))

    def _message(self, question: Question, outcome: Outcome, last: Last) -> score_pb2.Score:
        """The score; the last stored one where the network could not answer. Raises any other outcome."""
        match outcome:
            case Placed(score, standing):
                message = score_message(score, standing, self._live.in_force.scheme, self._seal)
                call.current().timings.model = message.model
                return message
            case ModelUnavailable():
                return self._stored(question, last, Degraded.MODEL_NOT_LOADED, outcome)
            case ModelFailed():
                return self._stored(question, last, Degraded.MODEL_FAILED, outcome)
            case _:
                raise outcome

    def _stored(self, question: Question, last: Last, reason: Degraded, error: Exception) -> score_pb2.Score:
        """Raises CustomerNotFound, or ModelUnavailable where nothing is stored, or only of a later time."""
        who = question.customer_id
        if who not in last:
            raise CustomerNotFound.of(f"customers/{who}") from error
        stored = last[who]
        if stored is None or (question.as_of is not None and stored.as_of > question.as_of):
            of = "for this customer" if stored is None else "that knows only what was so at as_of_time"
            message = f"no model can answer and no score is stored {of}; try again later"
            raise ModelUnavailable(message, customer=f"customers/{who}") from error
        self._predictions.stored.note(reason)
        call.current().timings.degraded = reason.name
        return stored_score_message(stored, reason, self._seal)


def _log_failed(outcomes: Sequence[Outcome]) -> None:
    """One line for all of a call, with the traceback of the first: a batch has up to 500 of the same."""
    failed = [outcome for outcome in outcomes if isinstance(outcome, ModelFailed)]
    if failed:
        log.error("model failed", log_id=call.current().log_id, customers=len(failed), exc_info=failed[0])
