"""The command `demo`: the sample brand seeded, then web and worker as children of one process until it is asked to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import click

from ugc.cli import main
from ugc.cli.opening import open_for_command
from ugc.demo import content, seeding, visitors
from ugc.demo.seeding import Access
from ugc.kit import clock, schema
from ugc.kit.errors import UgcError, Unavailable
from ugc.kit.supervisor import start_child
from ugc.runtime import Runtime
from ugc.settings import Settings, read_settings

DEFAULT_PORT = 8000
DEFAULT_FOLDER = Path("var/demo")
DEFAULT_ITEMS = 120
# The web part answers in about two seconds; a slow machine under load may need far longer.
READY_SECONDS = 120
# Web and worker finish what they are at within 30 seconds (F-34); after that they are ended.
STOP_SECONDS = 40


class NotServing(Unavailable):
    """The web part did not start; the lines above say why."""


@main.command()
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Where everything is kept; {DEFAULT_FOLDER} unless UGC_DATA_DIR is set.",
)
@click.option("--items", default=DEFAULT_ITEMS, show_default=True, type=click.IntRange(1, 5000), help="How many sample items.")
@click.option(
    "--photos", type=click.Path(path_type=Path, exists=True, file_okay=False), help="A folder of real photos instead of drawn ones."
)
@click.option("--reviews", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A CSV of real reviews.")
@click.option("--seed-only", is_flag=True, help="Fill the sample brand and end.")
def demo(port: int, data_dir: Path | None, items: int, photos: Path | None, reviews: Path | None, seed_only: bool) -> None:
    """A sample shop with its studio, everything filled, running until Ctrl-C."""
    settings = prepare(port, data_dir)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        with open_for_command(settings, any_schema=True, application="ugc-demo") as runtime:
            schema.migrate(runtime.engine)
            access = fill(runtime, items, photos, reviews)
            if seed_only:
                click.echo(f"Filled. Addresses and the login are in {access_file(settings)}.")
                return
            # Not closed before the children end: this process keeps the embedded database running.
            sys.exit(Group(settings, port).run(lambda: greet(settings, access)))
    except KeyboardInterrupt:
        click.echo("\nStopped.")
        sys.exit(130)


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends seeding as Ctrl-C does."""
    raise KeyboardInterrupt


def prepare(port: int, data_dir: Path | None) -> Settings:
    """Settings of the demo, put into the environment too, where the children read them."""
    folder = data_dir or Path(os.environ.get("UGC_DATA_DIR") or DEFAULT_FOLDER)
    os.environ["UGC_DATA_DIR"] = str(folder.resolve())
    os.environ["UGC_DEMO"] = "1"
    os.environ.setdefault("UGC_BASE_URL", f"http://127.0.0.1:{port}")
    os.environ.setdefault("UGC_LOG_LEVEL", "warning")
    return read_settings()


def access_file(settings: Settings) -> Path:
    """Where addresses and the login are kept."""
    return settings.data_dir / "demo.json"


def fill(runtime: Runtime, items: int, photos: Path | None, reviews: Path | None) -> Access:
    """Seed what is missing; an earlier run's content and login are used again."""
    path, now = access_file(runtime.settings), clock.now()
    access = seeding.read_access(path)
    if access is not None:
        click.echo(f"Using the sample shop that is in {runtime.settings.data_dir} already; remove the folder to begin anew.")
        access = seeding.readdress(runtime, access)
        seeding.put_catalogue(runtime, now=now)
        seeding.give_pictures(runtime, drawn(runtime), now=now)
    else:
        started = time.monotonic()
        access = seed(runtime, items, photos, reviews)
        click.echo(f"Filled in {time.monotonic() - started:.0f} s.")
    # Last, so that a run that was cut short is taken up again by the next one.
    seeding.write_access(path, access)
    return access


def seed(runtime: Runtime, items: int, photos: Path | None, reviews: Path | None) -> Access:
    """Account, catalogue, galleries, content; renditions and scores; then some days of visitors."""
    now = clock.now()
    access = seeding.open_account(runtime)
    click.echo("Drawing the sample catalogue …")
    seeding.put_catalogue(runtime, now=now)
    seeding.draw_catalogue(drawn(runtime))
    seeding.give_pictures(runtime, drawn(runtime), now=now)
    seeding.add_galleries(runtime, now=now)
    if photos or reviews:
        seeding.add_real_content(runtime, photos, reviews, now=now, progress=tell)
    if not photos:
        seeding.add_content(runtime, items, with_reviews=reviews is None, now=now, progress=tell)
    click.echo("Making renditions and scores …")
    process()
    click.echo("Letting some sample visitors in …")
    visitors.visit(runtime, access.publishable_key, access.webhook_secret, now=now)
    process()
    seeding.ask_for_training(runtime)
    return access


def drawn(runtime: Runtime) -> Path:
    """Where the drawn pictures of the catalogue are."""
    return runtime.settings.data_dir / "demo" / "pictures"


def tell(text: str) -> None:
    """A line of progress."""
    click.echo(f"  {text}")


def process() -> None:
    """Run the sample brand's jobs to their end in a process of their own; raises UgcError if some died."""
    done = subprocess.run([*again("process"), "--brand", content.BRAND, "--wait"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise UgcError(f"some jobs did not succeed: {done.stdout.strip()}")


def again(*arguments: str) -> list[str]:
    """This program as a child."""
    return [sys.executable, "-m", "ugc.cli", *arguments]


def greet(settings: Settings, access: Access) -> None:
    """Where to look, and how to get in."""
    click.echo(
        f"""
  Shop     {access.shop}
  Studio   {access.studio}   (sign in with {access.email} · {access.password})
  API      {access.api}

  Buy something in the shop, then look at Insights in the studio: the item that led you there has earned it.
  Login, keys and webhook secret are in {access_file(settings)}.  Ctrl-C ends.
"""
    )


class Group:
    """Web and worker as children in this process group: started again when one dies, ended together, also by a killed parent."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.base_url = settings.base_url
        self.commands: dict[str, Sequence[str]] = {
            "web": again("serve", "--port", str(port), "--alone"),
            "worker": again("worker", "--alone"),
        }
        self.port = port
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.asked = threading.Event()

    def run(self, ready: Callable[[], None]) -> int:
        """Serve until asked to stop; calls `ready` once the web part answers."""
        before = {number: signal.signal(number, lambda *_: self.asked.set()) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            for name in self.commands:
                self.start(name)
            self.wait_until_ready()
            if not self.asked.is_set():
                ready()
            while not self.asked.wait(0.5):
                self.revive()
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def start(self, name: str) -> None:
        """Start one of the children."""
        self.children[name] = start_child(self.commands[name])

    def revive(self) -> None:
        """Start again what has died; not faster than once a round."""
        for name, child in list(self.children.items()):
            if child.poll() is not None:
                click.echo(f"The {name} part ended with {child.returncode}; starting it again.", err=True)
                self.start(name)

    def wait_until_ready(self) -> None:
        """Until /healthz answers; raises NotServing when the web part ends or stays silent."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.asked.wait(0.1):
            if self.children["web"].poll() is not None or time.monotonic() > deadline:
                raise NotServing()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2):  # our own child
                    return
            except (urllib.error.URLError, OSError):
                continue

    def stop(self) -> None:
        """End the children in peace, then by force."""
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children.values():
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
