"""A private network, from the course of its training."""

from pathlib import Path

import torch

from scoring.model import item_words
from scoring.networks.network import Architecture, Network
from training import course as usual_course
from training.configuration import Configuration
from training.course import Course, Training
from training.learning import learn
from training.material.preparation import catalogue_of
from training.private.public import NORMALISER, begin
from training.private.steps import Steps, learner_of

CONFIGURATION = Configuration(
    width=16, layers=1, dropout=0.0, learning_rate=5e-3, averaging=0.95, tree_rounds=0, item_weight=0.0
)
"""Noise grows with the number of weights, so that the network that learns best in private is a small one."""


def course_of(training: Training) -> Course:
    """The catalogue is the item file's: an item of events alone would tell of who bought it."""
    return usual_course.course_of(training, None, catalogue_of(training.events.clear(), training.items))


def taught(course: Course, steps: Steps, stage: str, checkpoint: Path | None = None) -> Network:
    """A network after all steps."""
    torch.manual_seed(course.seed)
    shape = Architecture(
        features=len(NORMALISER.names), items=course.items, width=course.configuration.width,
        layers=course.configuration.layers, heads=course.configuration.heads, dropout=0.0, item_dropout=0.0,
    )  # fmt: skip
    network, average = (Network(shape, item_words(course.catalogue)).to(course.device) for _ in range(2))
    begin(network)
    learner = learner_of(network, average, course.configuration)
    learn(learner, steps.epoch, stage=stage, epochs=steps.epochs, checkpoint=checkpoint, progress=course.progress)
    return learner.average.requires_grad_(requires_grad=False)
