"""Whom an offer changes, learned from an experiment: learners, how well each ranks, and which of them is used."""
