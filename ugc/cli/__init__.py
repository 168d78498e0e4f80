"""The `ugc` command: one module per family of commands, imported when one of them is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from ugc.kit.errors import UgcError

FAMILIES = {
    "brand": "accounts", "check": "accounts", "demo": "demo", "duplicates": "duplicates", "import": "imports",
    "inspect": "inspecting", "key": "accounts", "migrate": "accounts", "models": "models", "process": "serving", "serve": "serving",
    "storage": "storage", "user": "accounts", "worker": "serving",
}  # fmt: skip
"""Command → the module of this package that adds it; a server's start must not wait for what only an import needs."""
# What `ugc check` and imports use for "a fault was found" is 1; 2 is a command that could not do its work.
CANNOT = 2


class Commands(click.Group):
    """A group that loads a command when it is named, and answers our own errors with one line instead of a traceback."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Every command, loaded or not."""
        return sorted(FAMILIES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command, once its module has added it."""
        if name in FAMILIES:
            import_module(f"ugc.cli.{FAMILIES[name]}")
        return super().get_command(context, name)

    def invoke(self, context: click.Context) -> Any:
        """Run the command; a UgcError ends it with exit code 2."""
        try:
            return super().invoke(context)
        except UgcError as error:
            click.echo(f"ugc: {error.detail}", err=True)
            raise SystemExit(CANNOT) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ugc")
def main() -> None:
    """Self-hosted service for customers' photos, reviews and posts."""
