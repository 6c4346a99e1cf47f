"""A stand-in for the archive's site: a real HTTP server with invented records, and every fault on demand.

In a test: `with replica(documents=200, collections=5) as site:`. By hand: `python -m tests.replica --help`.
"""

from tests.replica.process import ReplicaError, ReplicaSite, replica
from tests.replica.records import Collection, Document, Truth

__all__ = ["Collection", "Document", "ReplicaError", "ReplicaSite", "Truth", "replica"]
