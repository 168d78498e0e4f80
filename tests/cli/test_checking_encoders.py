"""What `ugc check` says of model folders and of the endpoint that describes pictures."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.similarity.encoders import tiny
from ugc.cli import checking
from ugc.settings import Settings
from ugc.similarity.encoders import model_folders
from ugc.similarity.encoders.model_folders import BadModel


def lines(settings: Settings) -> list[tuple[str, bool, str]]:
    return [(each.subject, each.ok, each.text) for each in checking.encoders(settings)]


def test_without_models_our_own_features_are_used(tmp_path: Path) -> None:
    [(_, ok, said)] = lines(Settings(data_dir=tmp_path))
    assert ok
    assert "our own features" in said


def test_models_are_read_and_tried(tmp_path: Path) -> None:
    tiny.clip_folder(tmp_path / "models" / "tiny")
    [(subject, ok, said)] = lines(Settings(data_dir=tmp_path, picture_model="tiny"))
    assert (subject, ok) == ("picture model", True)
    assert said.startswith("tiny, 3 numbers, version ")


def test_a_damaged_and_a_missing_folder_are_faults_of_their_own(tmp_path: Path) -> None:
    folder = tiny.clip_folder(tmp_path / "models" / "tiny")
    (folder / "text_model.onnx").write_bytes(b"no model")
    pictures, texts = lines(Settings(data_dir=tmp_path, picture_model="tiny", text_model="missing"))
    assert (pictures[1], texts[1]) == (False, False)
    assert "text_model.onnx is damaged" in pictures[2]
    assert "there is no model folder" in texts[2]


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without it: nothing of that name can be found."""
    tiny.clip_folder(tmp_path / "models" / "tiny")
    monkeypatch.setattr(model_folders, "EXTRA", ("a_library_that_nobody_installed",))
    [(_, ok, said)] = lines(Settings(data_dir=tmp_path, picture_model="tiny"))
    assert not ok
    assert "install ugc[semantic]" in said
    with pytest.raises(BadModel):
        model_folders.check_extra()


def test_an_endpoint_is_named_without_its_key_and_looked_at_without_asking_it() -> None:
    settings = Settings(vision_url="https://models.test/v1", vision_model="llava", vision_key="sk-secret")
    found = checking.vision(settings)
    assert found.ok
    assert found.text == "llava at models.test, with a key, 200 pictures a brand and day"
    private = replace(settings, vision_url="http://127.0.0.1:11434/v1")
    assert "UGC_FETCH_ALLOW" in checking.vision(private).text
    assert not checking.vision(private).ok
    assert checking.vision(replace(private, fetch_allow=("127.0.0.0/8",))).ok
    assert checking.vision(Settings()).ok


def test_the_web_process_starts_without_the_runtime_of_models() -> None:
    heavy = {"onnxruntime", "tokenizers", "onnx"}
    code = f"import sys, ugc.app, ugc.worker; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
