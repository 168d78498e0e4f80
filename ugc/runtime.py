"""What a running process holds: settings, database, storage. Opened once, handed to doors and jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module, metadata

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from ugc.kit import db, postgres, signing
from ugc.kit.http.fetching import Fetcher, Fetching
from ugc.kit.http.targets import read_permits
from ugc.kit.storage.base import Storage
from ugc.kit.storage.local import LocalStorage
from ugc.kit.storage.places import read_encryption, read_place
from ugc.settings import Settings, secret_of


@dataclass(frozen=True)
class Runtime:
    """One process's hold on the outside."""

    settings: Settings
    secret: str = field(repr=False)
    database_url: str = field(repr=False)
    engine: Engine
    sessions: sessionmaker[Session]
    storage: Storage
    fetcher: Fetching
    after_commit: Callable[[Runtime, Session], None]

    @cached_property
    def snapshots(self) -> LocalStorage:
        """Answers of galleries, on this machine's disk wherever files lie (decision 0082)."""
        return LocalStorage(self.settings.data_dir / "files")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block, then does what must follow a commit at once."""
        with self.sessions() as session:
            yield session
            self.commit(session)

    def commit(self, session: Session) -> None:
        """Commit, then let go of the snapshots that the commit made untrue."""
        session.commit()
        self.after_commit(self, session)

    def key(self, purpose: str) -> bytes:
        """The 32-byte key of one purpose, derived from the secret."""
        return signing.derive(self.secret, purpose)

    def close(self) -> None:
        """Give connections back."""
        self.engine.dispose()


def open_runtime(
    settings: Settings,
    *,
    after_commit: Callable[[Runtime, Session], None],
    pool_size: int = 5,
    statement_timeout_ms: int = 5_000,
    application: str = "ugc",
) -> Runtime:
    """Open the database (starting the embedded one if no other is named) and the storage."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    url = settings.database_url or postgres.ensure(settings.data_dir)
    engine = db.make_engine(url, pool_size=pool_size, statement_timeout_ms=statement_timeout_ms, application=application)
    return Runtime(
        settings=settings,
        secret=secret_of(settings),
        database_url=db.plain_url(url),
        engine=engine,
        sessions=db.make_sessions(engine),
        storage=make_storage(settings),
        fetcher=make_fetcher(settings),
        after_commit=after_commit,
    )


def make_storage(settings: Settings, address: str | None = None) -> Storage:
    """The file store that the settings name, or another one reached by the same settings."""
    address = address or settings.storage
    desk = LocalStorage(settings.data_dir / "files")
    if address == "local":
        return desk
    # Imported by those who need it: the library behind it takes a third of a second.
    s3 = import_module("ugc.kit.storage.s3")
    client = s3.shared_client(settings.s3_endpoint_url)
    stored: Storage = s3.S3Storage(client, read_place(address), desk, encryption=read_encryption(settings.s3_encryption))
    return stored


def make_fetcher(settings: Settings) -> Fetcher:
    """The one way to addresses that users and networks gave, with what the operator opened."""
    permits = read_permits(settings.fetch_allow, http=settings.fetch_http)
    return Fetcher(permits, user_agent=f"ugc/{metadata.version('ugc')} (+{settings.base_url})")
