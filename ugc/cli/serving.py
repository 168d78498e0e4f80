"""Commands that run: serve, worker, process."""

from __future__ import annotations
