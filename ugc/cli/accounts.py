"""Commands about the installation and its people: migrate, check, brand, user, key."""

from __future__ import annotations

import sys

import click
from sqlalchemy.orm import Session

from ugc.accounts import actions, queries
from ugc.accounts.models import KeyKind, Role
from ugc.cli import checking, main
from ugc.cli.opening import actor, open_for_command
from ugc.kit import clock, schema


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with open_for_command(any_schema=True) as runtime:
        schema.migrate(runtime.engine)
        click.echo(f"the database is at {schema.versions(runtime.engine)[0]}")


@main.command()
def check() -> None:
    """Look at configuration, database, storage, queue, sandbox and mail; one line each, exit 1 on a fault."""
    faults = 0
    for finding in checking.findings():
        faults += not finding.ok
        click.echo(f"{'ok   ' if finding.ok else 'FAULT'}  {finding.subject:<14}{finding.text}")
    sys.exit(1 if faults else 0)


@main.group()
def brand() -> None:
    """Brands: the shops whose content, people and figures are their own."""


@brand.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="The name that people read.")
@click.option("--currency", default="EUR", show_default=True, help="Of reports and of prices that name none (ISO 4217).")
@click.option("--shop-url", default="", help="Where the shop is.")
def add_brand(slug: str, name: str, currency: str, shop_url: str) -> None:
    """Add a brand."""
    with open_for_command() as runtime, runtime.transaction() as session:
        made = actions.add_brand(session, slug, name, currency=currency, shop_url=shop_url)
        note(session, made.id, "add", "brand", made.id)
        click.echo(f"brand {made.slug} added; its publishable key is {queries.get_publishable_key(session, made.id)}")


@main.group()
def user() -> None:
    """People who sign in to the studio."""


@user.command("add")
@click.argument("email")
@click.option("--brand", "slug", required=True, help="The brand's short name.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--name", default="", help="The person's name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else a one-time password is printed.")
def add_user(email: str, slug: str, role: str, name: str, password_stdin: bool) -> None:
    """Add a person to a brand."""
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with open_for_command() as runtime, runtime.transaction() as session:
        brand = queries.get_brand(session, slug)
        person, password = actions.add_person(session, email, brand, Role(role), name=name, password=given)
        note(session, brand.id, "add", "person", person.id, role=role)
        click.echo(f"{person.email} is {role} of {brand.slug}")
        if password and given is None:
            click.echo(f"one-time password: {password}")


@main.group()
def key() -> None:
    """API keys and webhook secrets."""


@key.command("add")
@click.option("--brand", "slug", required=True, help="The brand's short name.")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in KeyKind]))
@click.option("--source", default="", help="For webhooks: generic, shopify, woocommerce.")
def add_key(slug: str, kind: str, source: str) -> None:
    """Add a key and print it once."""
    with open_for_command() as runtime, runtime.transaction() as session:
        brand = queries.get_brand(session, slug)
        made, token = actions.add_key(session, brand, KeyKind(kind), source=source, seal_key=runtime.key("webhooks"))
        note(session, brand.id, "add", "key", made.id, kind=kind)
        click.echo(token)


def note(session: Session, brand_id: int, action: str, subject_type: str, subject_id: int, **detail: str) -> None:
    """The command in the audit log."""
    actions.audit(
        session, brand_id=brand_id, actor=actor(), action=action, subject_type=subject_type, subject_id=subject_id,
        now=clock.now(), **detail,
    )  # fmt: skip
