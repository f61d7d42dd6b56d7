"""Touchstone from Python: pairs for training, files, responses, reviews."""

from touchstone_client.client import Touchstone
from touchstone_client.download import Progress
from touchstone_client.errors import TouchstoneError
from touchstone_client.ingest import Ingested
from touchstone_client.rows import Assignment, Export, Message, Pair, Refusal, SavedDraft, Submitted

__all__ = [
    "Assignment",
    "Export",
    "Ingested",
    "Message",
    "Pair",
    "Progress",
    "Refusal",
    "SavedDraft",
    "Submitted",
    "Touchstone",
    "TouchstoneError",
]
__version__ = "0.1.0"
