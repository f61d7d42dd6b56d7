"""Touchstone's record: what was asked, what the model answered, what people said, what was published."""

from feedback.celery import app as celery_app

__all__ = ["celery_app"]
