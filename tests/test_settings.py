"""Settings: typed, documented, and a wrong one stops the start and names the variable without repeating a secret."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from ugc.kit.errors import BadSetting
from ugc.kit.storage.places import Place
from ugc.settings import Settings, read_settings, secret_of


def test_nothing_set_gives_the_defaults() -> None:
    assert read_settings({}) == Settings()
    assert read_settings({"UGC_DATA_DIR": " ", "HOME": "/x"}) == Settings()


def test_values_come_in_their_types() -> None:
    settings = read_settings(
        {
            "UGC_DATA_DIR": "/srv/ugc", "UGC_BASE_URL": "https://ugc.test/", "UGC_PROXY_HOPS": "1", "UGC_LOG_LEVEL": "DEBUG",
            "UGC_FETCH_ALLOW": "10.0.0.0/8, shop.internal, .corp.example", "UGC_FETCH_HTTP": "1", "UGC_STORAGE": "s3://bucket/a/",
            "UGC_S3_SOURCES": "acme=s3://photos/in, other=s3://photos", "UGC_S3_ENDPOINT_URL": "https://s3.intern/",
            "UGC_TRUSTED_HOSTS": "Web, ugc.internal", "UGC_MAX_UPLOAD_MB": "50",
        }
    )  # fmt: skip
    assert settings.data_dir == Path("/srv/ugc")
    assert settings.base_url == "https://ugc.test"
    assert settings.is_https
    assert (settings.proxy_hops, settings.log_level, settings.max_upload_mb) == (1, "debug", 50)
    assert settings.fetch_allow == ("10.0.0.0/8", "shop.internal", ".corp.example")
    assert (settings.fetch_http, settings.storage, settings.s3_endpoint_url) == (True, "s3://bucket/a", "https://s3.intern")
    assert settings.s3_sources == (("acme", Place("photos", "in/")), ("other", Place("photos")))
    assert settings.trusted_hosts == ("web", "ugc.internal")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UGC_BASE_ULR", "http://x"), ("UGC_BASE_URL", "ftp://x"), ("UGC_BASE_URL", "x"), ("UGC_PROXY_HOPS", "-1"),
        ("UGC_PROXY_HOPS", "11"), ("UGC_PROXY_HOPS", "one"), ("UGC_PROXY_HOPS", "²"), ("UGC_LOG_LEVEL", "loud"),
        ("UGC_STORAGE", "tape"), ("UGC_DATABASE_URL", "mysql://x"), ("UGC_SMTP_URL", "http://x"), ("UGC_REDIS_URL", "x"),
        ("UGC_SECRET_KEY", "short"), ("UGC_METRICS_TOKEN", "short"), ("UGC_FETCH_ALLOW", "a b"), ("UGC_DEMO", "yes"),
        ("UGC_STORAGE", "s3://"), ("UGC_STORAGE", "s3://Bucket"), ("UGC_S3_ENDPOINT_URL", "ftp://x"),
        ("UGC_S3_ENCRYPTION", "rot13"),
        ("UGC_S3_SOURCES", "s3://bucket"), ("UGC_S3_SOURCES", "shop=bucket"), ("UGC_FETCH_HTTP", "yes"),
        ("UGC_MAX_UPLOAD_MB", "0"), ("UGC_TRUSTED_HOSTS", "http://x"),
        ("UGC_VISION_URL", "ftp://models.test"), ("UGC_VISION_URL", "https://me:secret@models.test"),
        ("UGC_VISION_URL", "https://models.test/v1?key=secret"), ("UGC_VISION_PER_DAY", "0"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_settings({name: value})


def test_no_secret_is_repeated() -> None:
    with pytest.raises(BadSetting) as refused:
        read_settings({"UGC_DATABASE_URL": "mysql://me:pa55word@host/x"})
    assert "pa55word" not in str(refused.value)
    settings = read_settings({"UGC_SECRET_KEY": "s3cret" * 8, "UGC_SMTP_URL": "smtp://me:pa55word@host"})
    assert "s3cret" not in repr(settings)
    assert "pa55word" not in repr(settings)


def test_the_database_address_is_not_shown_either() -> None:
    assert "pa55word" not in repr(read_settings({"UGC_DATABASE_URL": "postgresql://me:pa55word@host/x"}))


def test_a_secret_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(secret_of(settings))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert len(made[0]) >= 32
    assert stat.S_IMODE((settings.data_dir / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret.key"]


def test_a_given_secret_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    assert secret_of(Settings(data_dir=tmp_path / "none", secret_key="x" * 32)) == "x" * 32
    assert not (tmp_path / "none").exists()


def test_a_vision_endpoint_needs_its_model_and_its_key_is_never_repeated() -> None:
    given = {"UGC_VISION_URL": "https://models.test/v1/", "UGC_VISION_KEY": "sk-a-secret"}
    with pytest.raises(BadSetting, match="UGC_VISION_MODEL"):
        read_settings(given)
    settings = read_settings(given | {"UGC_VISION_MODEL": "llava:7b"})
    assert (settings.vision_url, settings.vision_model) == ("https://models.test/v1", "llava:7b")
    assert "secret" not in repr(settings)
    with pytest.raises(BadSetting, match="UGC_VISION_KEY") as refused:
        read_settings({"UGC_VISION_KEY": "sk-pa55word\nX-Other: 1"})
    assert "pa55word" not in str(refused.value)
