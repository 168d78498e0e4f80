"""Folders with an ONNX model as the usual export tools write them: what is in one, how its pictures and words are prepared."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ugc.kit.errors import BadSetting

PREPARED = 1
"""Raised when pictures or words are prepared differently: what was made before is then made again."""
ENDINGS = ("", "_quantized", "_int8", "_uint8", "_fp16")
"""Behind a model's name, in the order in which they are taken: as it was exported first."""
MOST_TOKENS = 512
MOST_SIDE = 1024
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
EXTRA = ("onnxruntime", "tokenizers")


class BadModel(BadSetting):
    """The folder of an encoder can't be used."""


@dataclass(frozen=True, slots=True)
class Preparing:
    """How a picture becomes the model's input; as `preprocessor_config.json` says it."""

    size: tuple[int, int]
    """Height and width to which it is resized; equal numbers and `is_short`: the short side."""
    is_short: bool
    crop: tuple[int, int] | None
    resample: int
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of what goes in."""
        return self.crop or self.size


@dataclass(frozen=True, slots=True)
class Words:
    """How a text becomes tokens."""

    path: Path
    most: int
    """Tokens at most; what is behind them is not looked at."""
    pad: str
    is_filled: bool
    """Every text is filled up to the most, as SigLIP was trained."""


def check_extra() -> None:
    """Raises BadModel where the libraries are not installed."""
    if not all(importlib.util.find_spec(name) for name in EXTRA):
        raise BadModel("a model folder is set, but its runtime is not installed: install ugc[semantic]")


def find_folder(data_dir: Path, name: str) -> Path:
    """The folder that a setting names: a path, or a name below `models` of the data folder; raises BadModel."""
    places = [Path(name), data_dir / "models" / name] if name else []
    for place in places:
        if place.is_dir():
            return place
    raise BadModel(f"there is no model folder {' or '.join(str(place) for place in places)}")


def find_model(folder: Path, *names: str) -> Path | None:
    """The first of the models that is there, in the folder itself or in its folder `onnx`."""
    for name in names:
        for place in (folder, folder / "onnx"):
            for ending in ENDINGS:
                path = place / f"{name}{ending}.onnx"
                if path.is_file():
                    return path
    return None


def need_model(folder: Path, *names: str) -> Path:
    """The first of the models; raises BadModel, which says what was looked for."""
    found = find_model(folder, *names)
    if found is None:
        raise BadModel(f"{folder} holds no {' or '.join(f'{name}.onnx' for name in names)}")
    return found


def read_json(folder: Path, name: str, *, needed: bool = False) -> dict[str, Any]:
    """A file of settings; empty where it is not there and need not be. Raises BadModel for one that can't be read."""
    path = folder / name
    if not path.is_file():
        if needed:
            raise BadModel(f"{folder} holds no {name}")
        return {}
    try:
        read = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as cause:
        raise BadModel(f"{path} is damaged: it is no JSON") from cause
    if not isinstance(read, dict):
        raise BadModel(f"{path} is damaged: it holds no settings")
    return read


def read_preparing(folder: Path) -> Preparing:
    """How pictures are prepared; raises BadModel where it is not said or can't be."""
    said = read_json(folder, "preprocessor_config.json", needed=not (folder / "processor_config.json").is_file())
    said = said or read_json(folder, "processor_config.json").get("image_processor") or {}
    try:
        size, is_short = read_size(said["size"])
        crop = read_size(said.get("crop_size", said["size"]))[0] if said.get("do_center_crop") else None
        if is_short and crop is None:
            raise ValueError("pictures of any shape")
        return Preparing(
            size=size, is_short=is_short, crop=crop, resample=int(said.get("resample", 3)),
            scale=float(said.get("rescale_factor", 1 / 255)) if said.get("do_rescale", True) else 1.0,
            mean=read_colour(said, "image_mean", CLIP_MEAN, 0.0), std=read_colour(said, "image_std", CLIP_STD, 1.0),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as cause:
        raise BadModel(f"{folder}: how pictures are prepared can't be read from preprocessor_config.json ({cause})") from cause


def read_size(said: Any) -> tuple[tuple[int, int], bool]:
    """Height and width, and whether it is the short side that gets this length; raises ValueError and its like."""
    if isinstance(said, Mapping) and "height" in said:
        size, is_short = (int(said["height"]), int(said["width"])), False
    else:
        side = int(said["shortest_edge"] if isinstance(said, Mapping) else said)
        size, is_short = (side, side), True
    if not all(1 <= side <= MOST_SIDE for side in size):
        raise ValueError(f"a side of {size}")
    return size, is_short


def read_colour(
    said: Mapping[str, Any], name: str, usual: tuple[float, float, float], without: float
) -> tuple[float, float, float]:
    """Three numbers, one a colour; those that change nothing where nothing is to be normalised."""
    if not said.get("do_normalize", True):
        return (without, without, without)
    red, green, blue = said.get(name) or usual
    if name == "image_std" and not all(float(part) > 0 for part in (red, green, blue)):
        raise ValueError(f"{name} of zero")
    return (float(red), float(green), float(blue))


def read_words(folder: Path) -> Words:
    """How texts are prepared; raises BadModel."""
    if not (folder / "tokenizer.json").is_file():
        raise BadModel(f"{folder} holds no tokenizer.json")
    tokenizer, model = read_json(folder, "tokenizer_config.json"), read_json(folder, "config.json")
    text = model.get("text_config") if isinstance(model.get("text_config"), dict) else model
    said = (
        read_json(folder, "sentence_bert_config.json").get("max_seq_length"),
        tokenizer.get("model_max_length"),
        (text or {}).get("max_position_embeddings"),
    )
    # Some write 10^30 for "as long as you like".
    bounds = [int(most) for most in said if isinstance(most, int | float) and 4 <= most <= 1e6]
    pad = tokenizer.get("pad_token")
    word = pad.get("content", "") if isinstance(pad, dict) else pad
    kind = str(model.get("model_type", ""))
    return Words(folder / "tokenizer.json", min([*bounds, MOST_TOKENS]), str(word or ""), kind.startswith("siglip"))


def read_pooling(folder: Path) -> str:
    """How a sentence's vector is made of its tokens': `mean`, `cls` or `last`; raises BadModel for another way."""
    said = read_json(folder / "1_Pooling", "config.json")
    chosen = {name.removeprefix("pooling_mode_") for name, on in said.items() if name.startswith("pooling_mode_") and on is True}
    chosen |= {str(said["pooling_mode"])} if isinstance(said.get("pooling_mode"), str) else set()
    known = {"mean_tokens": "mean", "mean": "mean", "cls_token": "cls", "cls": "cls", "lasttoken": "last"}
    ways = {known.get(name, "") for name in chosen} or {"mean"}
    if len(ways) > 1 or "" in ways:
        raise BadModel(f"{folder}: pooling by {' and '.join(sorted(chosen))} is not known here; mean, cls and lasttoken are")
    return ways.pop()


def has_more_layers(folder: Path) -> bool:
    """Whether a sentence encoder goes on behind its pooling, outside the ONNX file."""
    path = folder / "modules.json"
    return path.is_file() and ".Dense" in path.read_text(errors="replace")


def version_of(folder: Path, paths: Iterable[Path]) -> str:
    """A digest of all that decides what a model's vectors are: other files, other version."""
    digest = hashlib.sha256(str(PREPARED).encode())
    beside = [other for path in paths for other in sorted(path.parent.glob(f"{path.name}_data*"))]
    settings = [folder / name for name in ("preprocessor_config.json", "processor_config.json", "tokenizer.json", "config.json")]
    for path in [*paths, *beside, *settings, folder / "1_Pooling" / "config.json"]:
        if path.is_file():
            with open(path, "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
