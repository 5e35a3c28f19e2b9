"""Reviews as customers write them: stars, and words that lean with the experience, put together at random."""

import numpy as np

from simulator.catalogue import Floats, Ints
from simulator.journeys import Flags

MIDDLE_STARS = 3
GOOD_STARS, BAD_STARS, STARS_SPREAD = 4.4, 2.0, 0.7
"""Mean and standard deviation before they are rounded, and shifted by the customer's positivity."""

PRAISE = (
    "lovely", "beautiful", "sturdy", "charming", "excellent", "wonderful", "well made", "delightful", "superb", "solid",
    "gorgeous", "perfect", "elegant", "first-rate", "impressive", "splendid", "stylish", "durable", "flawless",
    "brilliant", "fantastic", "neat", "pleasing", "outstanding",
)  # fmt: skip
BLAME = (
    "flimsy", "disappointing", "cheap-looking", "broken", "scratched", "poor", "shoddy", "dull", "crooked", "useless",
    "faulty", "badly made", "fragile", "smelly", "stained", "wobbly", "awful", "worn", "tacky", "uneven", "dreadful",
    "cracked", "overpriced", "dented",
)  # fmt: skip
ASPECTS = (
    "colour", "finish", "quality", "packaging", "size", "weight", "material", "stitching", "design", "surface", "fit",
    "shape", "smell", "feel", "workmanship", "label", "lid", "edge", "pattern", "overall look",
)  # fmt: skip
WHOM = (
    "my sister", "my mother", "a friend", "my husband", "my wife", "our hallway", "our kitchen", "a wedding",
    "the office", "my daughter", "our new flat", "my neighbour", "the cottage", "myself",
    "a colleague", "the guest room",
)  # fmt: skip
OPENINGS = {
    1: (
        "Absolutely {word} {noun}.", "What a {word} {noun}!", "Such a {word} {noun}.", "So happy with this {noun}.",
        "Bought the {noun} for {whom} and it is {word}.", "We love this {noun}.", "A {word} {noun} for {whom}.",
        "Exactly what I wanted for {whom}.", "This {noun} is {word}.", "Could not be more pleased with the {noun}.",
        "Really {word}, even better than in the pictures.", "Second {noun} I have ordered, just as {word}.",
    ),
    0: (
        "The {noun} is all right.", "An average {noun}.", "Not sure about this {noun}.", "The {noun} does its job.",
        "A fair {noun} for {whom}, no more.", "Neither good nor bad.", "It is a {noun}, what can I say.",
        "Expected a little more from this {noun}.", "Okay for {whom}.", "Mixed feelings about the {noun}.",
    ),
    -1: (
        "Very {word} {noun}.", "What a {word} {noun}.", "The {noun} arrived {word}.", "Quite unhappy with this {noun}.",
        "Bought the {noun} for {whom} and it was {word}.", "Avoid this {noun}.", "This {noun} is {word}.",
        "Not at all like the pictures.", "The {noun} fell apart within a week.", "Expected far better for {whom}.",
        "A {word} {noun}, I am annoyed.", "Regret buying the {noun}.",
    ),
}  # fmt: skip
DETAILS = (
    "The {aspect} is {word}.", "{Word} {aspect}.", "I find the {aspect} {word}.",
    "Everyone noticed the {word} {aspect}.",
    "The {aspect}, above all, is {word}.", "Simply {word}, especially the {aspect}.", "The {aspect} turned out {word}.",
)  # fmt: skip
CLOSINGS = {
    1: (
        "Would buy again.", "Highly recommended.", "Arrived quickly too.", "Worth every penny.", "Thank you!",
        "Great shop.", "It made {whom} smile.", "Five stars from me.", "Already ordered another.",
        "Delivery was fast.", "A keeper.",
    ),
    0: (
        "Fine for the price.", "Delivery took a while.", "Might keep it.", "You get what you pay for.", "It will do.",
        "Perhaps better in another colour.", "Will see how it lasts.", "Service was polite.",
    ),
    -1: (
        "Sending it back.", "Want my money back.", "Never again.", "Waste of money.", "Would not recommend it.",
        "Customer service did not answer.", "Delivery was late as well.", "Very let down.", "Not worth the price.",
        "Had to throw it away.", "Shame, I used to like this shop.",
    ),
}  # fmt: skip


def stars(bad: Flags, positivity: Floats, rng: np.random.Generator) -> Ints:
    """[M] ratings from 1 to 5, shifted by `positivity`."""
    mean = np.where(bad, BAD_STARS, GOOD_STARS) + positivity
    return np.clip(np.round(mean + STARS_SPREAD * rng.standard_normal(len(bad))), 1, 5).astype(np.int64)


def words(ratings: Ints, bad: Flags, nouns: list[str], rng: np.random.Generator) -> list[str]:
    """[M] texts. Where the stars are undecided the words still tell whether the experience was bad."""
    leaning = np.sign(ratings - MIDDLE_STARS)
    leaning = np.where((leaning == 0) & bad, -1, leaning)
    dice = rng.integers(0, 2**31, (len(ratings), 9)).tolist()
    return [_text(lean, noun.lower(), rolled) for lean, noun, rolled in zip(leaning.tolist(), nouns, dice, strict=True)]


def _text(leaning: int, noun: str, dice: list[int]) -> str:
    """An opening, mostly followed by a detail, a closing or both."""
    adjectives = {1: PRAISE, -1: BLAME, 0: (PRAISE, BLAME)[dice[0] % 2]}[leaning]
    sentences = [OPENINGS[leaning][dice[1] % len(OPENINGS[leaning])]]
    if dice[2] % 4:
        sentences.append(DETAILS[dice[3] % len(DETAILS)])
    if dice[2] % 3:
        sentences.append(CLOSINGS[leaning][dice[4] % len(CLOSINGS[leaning])])
    first, second = adjectives[dice[5] % len(adjectives)], adjectives[dice[6] % len(adjectives)]
    whom, aspect = WHOM[dice[7] % len(WHOM)], ASPECTS[dice[8] % len(ASPECTS)]
    opening = sentences[0].format(word=first, noun=noun, whom=whom)
    rest = [
        sentence.format(word=second, Word=second.capitalize(), aspect=aspect, whom=whom) for sentence in sentences[1:]
    ]
    return " ".join([opening, *rest])
