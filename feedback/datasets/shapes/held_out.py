"""Preference pairs of the test split: rows as in `preference`, to judge a trained model by and never to train on."""

from __future__ import annotations

from feedback.datasets.shapes import pairs, preference

SCHEMA = "touchstone.held_out/1"
facts, read, record, columns = pairs.facts, pairs.read, preference.record, preference.columns
