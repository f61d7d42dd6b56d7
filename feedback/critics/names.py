"""Critics and their versions by the names that rows use: found, or made on first sight, and kept for one delivery."""

from __future__ import annotations

from feedback.accounts.models import Project
from feedback.critics.models import Critic, CriticVersion
from feedback.critics.row import CriticPart
from feedback.responses.rows import RowRefused

FROZEN = ("model", "criteria")


class Critics:
    """Safe in a race: get_or_create leans on the unique constraints. Call outside the transaction that stores rows."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.versions: dict[tuple[str, str], CriticVersion] = {}

    def version(self, given: CriticPart) -> CriticVersion:
        """RowRefused when the row gives a known version another model or other criteria."""
        key = (given.slug, str(given.version))
        if key not in self.versions:
            self.versions[key] = self.found(given)
        known = self.versions[key]
        for name in FROZEN:
            value = getattr(given, name)
            if value is not None and value != getattr(known, name):
                detail = f"{known} has another {name}; a changed critic is a new version."
                raise RowRefused("conflict", f"/critic/{name}", detail)
        return known

    def found(self, given: CriticPart) -> CriticVersion:
        critic, _ = Critic.objects.get_or_create(
            project=self.project, slug=given.slug, defaults={"name": given.name or given.slug}
        )
        stated = {name: getattr(given, name) or "" for name in FROZEN}
        return CriticVersion.objects.select_related("critic").get_or_create(
            critic=critic, label=str(given.version), defaults={"project": self.project, **stated}
        )[0]
