"""The `ugc` command: one module per family of commands."""

from __future__ import annotations

import click


@click.group()
def main() -> None:
    """Self-hosted service for customers' photos, reviews and posts."""
