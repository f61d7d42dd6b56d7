"""What must always hold in the audit log."""

from feedback.audit.chain import verify_chain
from feedback.checks import Invariant

INVARIANTS = [
    Invariant("I11", "The sealed part of the audit chain is unbroken.", verify_chain),
]
