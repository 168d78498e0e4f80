"""The job app: what runs when (EVERY), what follows what (AFTER), and the worker process itself."""

from __future__ import annotations

AFTER: dict[str, list[str]] = {
    "library.item_added": ["scoring.score_item"],
    "library.item_changed": ["scoring.score_item"],
    "media.file_ready": ["scoring.score_file_items"],
}
"""What happened → the jobs that follow, each with the same arguments."""
