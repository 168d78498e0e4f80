"""Reads the next portion of a file while the database takes the one before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from ugc.ingest.sources.reviews.opening import Batch


def ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, each read while the database is busy with the one before; at most one waits."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch
