"""Commands that run: serve, worker, process."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
from pathlib import Path

import click
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from ugc import worker as work
from ugc.accounts import queries as accounts_queries
from ugc.cli import main
from ugc.cli.opening import open_for_command
from ugc.kit import jobs
from ugc.kit.supervisor import Supervisor
from ugc.settings import Settings, read_settings
from ugc.similarity import meaning

# One slow upload holds a thread, so there are more of them than processors; each may hold one database connection.
BLOCKING_THREADS = 8
# Requests beyond this wait in the socket's backlog instead of in our memory.
BACKPRESSURE = 64
DEFAULT_PORT = 8000
# Work for SIGTERM: what is being answered gets this long (F-34).
DRAIN_SECONDS = 30


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
@click.option("--alone", is_flag=True, hidden=True, help="Without a supervisor.")
def serve(host: str, port: int, workers: int, alone: bool) -> None:
    """Serve the studio, the API and the public addresses; a web process that dies is started again."""
    name_address(host, port)
    settings = read_settings()
    meaning.set_up(settings)  # said here, once and aloud; a web process that can't start is started again and again
    with open_for_command(settings) as runtime:
        # Held open for as long as we live: the embedded database must not end with a web process.
        runtime.engine.dispose()
        if alone:
            sys.exit(serve_alone(settings, host, port, workers))
        options = ["--host", host, "--port", str(port), "--workers", str(workers)]
        sys.exit(Supervisor(again("serve", *options)).run())


def serve_alone(settings: Settings, host: str, port: int, workers: int) -> int:
    """Serve until asked to stop; 1 when the server gave up, as it does when a process dies twice within seconds."""
    gather_metrics(settings.data_dir / "metrics")
    # A fork would take over our locks, pools and threads; a fresh interpreter opens its own.
    multiprocessing.set_start_method("spawn", force=True)
    server = make_server(host, port, workers)
    server.serve()
    return 0 if server.interrupt_signal else 1


def name_address(host: str, port: int) -> None:
    """Where nothing else is said, links begin with the address that we listen on."""
    name = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # compared with, not bound to
    os.environ.setdefault("UGC_BASE_URL", f"http://{f'[{name}]' if ':' in name else name}:{port}")


def gather_metrics(folder: Path) -> None:
    """An empty folder in which the web processes count together."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder.resolve())


def make_server(host: str, port: int, workers: int) -> MPServer:
    """Granian over ugc.app:open_app; each process opens its own runtime."""
    return MPServer(
        "ugc.app:open_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=BLOCKING_THREADS,
        backpressure=BACKPRESSURE,
        # Without this a killed process ended the whole server; measured.
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=DRAIN_SECONDS,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        log_level=LogLevels.error,
        log_access=False,
        websockets=False,
    )


@main.command()
@click.option("--concurrency", default=4, show_default=True, type=click.IntRange(1, 64), help="Jobs at a time.")
@click.option("--alone", is_flag=True, hidden=True, help="Without a supervisor.")
def worker(concurrency: int, alone: bool) -> None:
    """Work through the job queues until stopped; a worker process that dies is started again."""
    with open_for_command(pool_size=concurrency + 4, application="ugc-worker") as runtime:
        meaning.set_up(runtime.settings)
        if not alone:
            # The database and its schema were looked at, once and aloud; the child looks again whenever it is started.
            runtime.engine.dispose()
            sys.exit(Supervisor(again("worker", "--concurrency", str(concurrency))).run())
        sys.exit(0 if work.run(runtime, concurrency=concurrency) else 1)


@main.command()
@click.option("--brand", "slug", required=True, help="The brand's short name.")
@click.option("--wait", is_flag=True, help="Also until failed attempts were tried again.")
@click.option("--concurrency", default=4, show_default=True, type=click.IntRange(1, 64))
@click.option("--alone", is_flag=True, hidden=True, help="Without a supervisor.")
def process(slug: str, wait: bool, concurrency: int, alone: bool) -> None:
    """Run a brand's waiting jobs to their end, beside running workers or without any."""
    options = ["--brand", slug, "--concurrency", str(concurrency), *(["--wait"] if wait else [])]
    with open_for_command(pool_size=concurrency + 4, application="ugc-process") as runtime:
        with runtime.transaction() as session:
            brand_id = accounts_queries.get_brand(session, slug).id
        if alone:
            sys.exit(0 if work.run_brand(runtime, brand_id, wait=wait, concurrency=concurrency) else 1)
        code = Supervisor(again("process", *options)).run()
        with runtime.transaction() as session:
            dead = jobs.find_jobs(session, "failed", brand_id=brand_id)
            left = jobs.count_unfinished(session, brand_id, retries=True)
    for job in dead:
        click.echo(f"dead: {job.name} {job.arguments}: {job.error}", err=True)
    click.echo(f"{left} jobs left, {len(dead)} dead")
    sys.exit(code or (1 if dead else 0))


def again(*arguments: str) -> list[str]:
    """This program once more, as a child without a supervisor of its own."""
    return [sys.executable, "-m", "ugc.cli", *arguments, "--alone"]
