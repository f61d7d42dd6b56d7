"""The responses that some labels are about, with the texts that their answers are checked against."""

from __future__ import annotations

from collections.abc import Iterable

from feedback.accounts.models import Project
from feedback.judgements.material import Material, SourceText
from feedback.responses.models import Passage, Response
from feedback.responses.rows import RowRefused
from reviews.imports.label import Label


class Texts:
    """Read in one statement, and one more for passages where a label has marks."""

    def __init__(self, project: Project, labels: Iterable[Label]) -> None:
        labels = list(labels)
        names = {name for label in labels for name in label.responses}
        rows = Response.objects.filter(project=project, external_id__in=names)
        self.ids: dict[str, int] = {}
        self.inputs: dict[int, str] = {}
        self.outputs: dict[int, SourceText] = {}
        for pk, name, asked, said, text in rows.values_list(
            "pk", "external_id", "input_hash", "output_hash", "body__output"
        ):
            self.ids[name], self.inputs[pk], self.outputs[pk] = pk, asked, SourceText(pk, text, said)
        self.positions: dict[tuple[int, int], int] = {}
        self.passages: dict[int, dict[int, SourceText]] = {}
        marked = {name for label in labels if has_marks(label) for name in label.responses}
        self.read_passages([self.ids[name] for name in marked if name in self.ids])

    def read_passages(self, response_ids: list[int]) -> None:
        if not response_ids:
            return
        rows = Passage.objects.filter(response__in=response_ids).order_by("pk")
        for pk, response, position, text, text_hash in rows.values_list(
            "pk", "response_id", "position", "text", "text_hash"
        ):
            self.positions[response, position] = pk
            self.passages.setdefault(response, {})[pk] = SourceText(response, text, text_hash)

    def response_ids(self, label: Label) -> list[int]:
        """The ids in the order shown, or RowRefused."""
        for index, name in enumerate(label.responses):
            if name not in self.ids:
                raise RowRefused("unknown", f"/responses/{index}", "No response has this external id.")
        ids = [self.ids[name] for name in label.responses]
        if len({self.inputs[pk] for pk in ids}) > 1:
            raise RowRefused("invalid", "/responses", "These responses do not answer the same input.")
        return ids

    def material(self, response_ids: list[int]) -> Material:
        passages = {pk: text for response in response_ids for pk, text in self.passages.get(response, {}).items()}
        return Material({pk: self.outputs[pk] for pk in response_ids}, passages)


def has_marks(label: Label) -> bool:
    return any(isinstance(value, list) and value for value in label.answers.values())
