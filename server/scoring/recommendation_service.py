"""RecommendationService: which items to show."""

import grpc
from tierwise.v1 import recommendation_service_pb2, recommendation_service_pb2_grpc

from server.answering import call
from server.scoring.attribution import token_of
from server.scoring.messages import basis_of, recommendation_messages
from server.scoring.predictions import Predictions
from server.scoring.questions import DEFAULT_COUNT, item_question_of, language_of
from server.wire.names import MODEL
from server.wire.seal import Seal
from server.wire.stamps import stamp


class RecommendationService(recommendation_service_pb2_grpc.RecommendationServiceServicer):
    """The methods of the service; nothing is written."""

    def __init__(self, predictions: Predictions, seal: Seal) -> None:
        self._predictions, self._seal = predictions, seal

    def Recommend(
        self, request: recommendation_service_pb2.RecommendRequest, context: grpc.ServicerContext
    ) -> recommendation_service_pb2.RecommendResponse:
        question = item_question_of(request)
        (model_id, items), recorded = self._predictions.recommend(question)
        found = items or []
        as_of = question.as_of or question.now
        call.current().timings.model = MODEL + model_id
        return recommendation_service_pb2.RecommendResponse(
            recommendations=recommendation_messages(found, language_of(request)), model=MODEL + model_id,
            as_of_time=stamp(as_of), basis=basis_of(found, recorded=recorded),
            attribution_token=token_of(self._seal, model_id, question.customer_id, as_of),
        )  # fmt: skip

    def SimilarItems(
        self, request: recommendation_service_pb2.SimilarItemsRequest, context: grpc.ServicerContext
    ) -> recommendation_service_pb2.SimilarItemsResponse:
        model_id, found = self._predictions.similar(request.item_id, request.count or DEFAULT_COUNT)
        call.current().timings.model = MODEL + model_id
        return recommendation_service_pb2.SimilarItemsResponse(
            items=recommendation_messages(found, language_of(request)), model=MODEL + model_id
        )
