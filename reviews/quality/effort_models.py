"""What an hour of reviewing costs in a project, where somebody said so."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from feedback.accounts.models import Project


class HourlyCost(models.Model):
    """One project's cost of an hour; without a row, hours are told and no cost."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="hourly_cost")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3, default="USD")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="hourly_cost_is_some")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} an hour"

    @classmethod
    def of(cls, project: Project) -> HourlyCost | None:
        return cls.objects.filter(project=project).first()

    @classmethod
    def put(cls, project: Project, amount: Decimal | None, currency: str) -> None:
        """Say what an hour costs from now on; None: it is not told."""
        if amount is None:
            cls.objects.filter(project=project).delete()
        else:
            cls.objects.update_or_create(project=project, defaults={"amount": amount, "currency": currency})
