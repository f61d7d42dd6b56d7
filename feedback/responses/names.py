"""Models and prompt versions by the names that rows use: found, or made on first sight, and kept for one delivery."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from feedback.accounts.models import Project
from feedback.prompts.models import Prompt, PromptVersion
from feedback.responses.models import LanguageModel, Price
from feedback.responses.rows import PromptVersionPart, Row, RowRefused


class Names:
    """Safe in a race: get_or_create leans on the unique constraints. Call outside the transaction that stores rows."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.models: dict[tuple[str, str], int] = {}
        self.versions: dict[tuple[str, str], PromptVersion] = {}
        self.prices: dict[int, list[Price]] = {}

    def model(self, row: Row) -> int | None:
        if not row.model:
            return None
        key = (row.provider or "", row.model)
        if key not in self.models:
            found, _ = LanguageModel.objects.get_or_create(project=self.project, provider=key[0], name=key[1])
            self.models[key] = found.pk
        return self.models[key]

    def prompt_version(self, row: Row) -> int | None:
        """RowRefused when the row gives a known version another text."""
        given = row.prompt_version
        if given is None:
            return None
        key = (given.name, str(given.version))
        if key not in self.versions:
            prompt, _ = Prompt.objects.get_or_create(project=self.project, name=given.name)
            self.versions[key], _ = PromptVersion.objects.get_or_create(
                prompt=prompt,
                label=key[1],
                defaults={
                    "project": self.project,
                    "template": given.template or "",
                    "system": given.system or "",
                    "parameters": given.parameters or {},
                },
            )
        self._check(self.versions[key], given)
        return self.versions[key].pk

    def _check(self, known: PromptVersion, given: PromptVersionPart) -> None:
        if not known.has_text and (given.template or given.system):
            known.write(given.template or "", given.system or "", given.parameters or {})
        for name in ("template", "system", "parameters"):
            value = getattr(given, name)
            if value and value != getattr(known, name):
                raise RowRefused(
                    "conflict",
                    f"/prompt_version/{name}",
                    f"{known} has another {name}; a changed prompt is a new version.",
                )

    def cost(
        self, model: int | None, at: datetime, tokens: tuple[int | None, int | None, int | None]
    ) -> Decimal | None:
        """By the newest price valid that day; None without a price, or without both token counts."""
        if model is None or tokens[0] is None or tokens[1] is None:
            return None
        if model not in self.prices:
            self.prices[model] = list(Price.objects.filter(model=model).newest_first())
        valid = (price for price in self.prices[model] if price.valid_from <= at.date())
        price = next(valid, None)
        return price.of(tokens[0], tokens[1], tokens[2] or 0) if price else None
