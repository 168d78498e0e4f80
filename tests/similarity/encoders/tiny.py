"""Model folders that work like the real ones and are a few hundred bytes: a picture's vector is its mean colour, a word's is
looked up.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from ugc.similarity.encoders.base import Picture

COLOURS = {"red": (230, 20, 20), "green": (20, 180, 40), "blue": (20, 40, 220), "grey": (128, 128, 128)}
WORDS = ("[PAD]", "[UNK]", "a", "photo", "of", *COLOURS, "dress", "frock", "delivery")
SIDE = 8
PREPROCESSOR = {
    "crop_size": {"height": SIDE, "width": SIDE}, "size": {"shortest_edge": SIDE}, "do_center_crop": True, "do_normalize": True,
    "do_rescale": True, "do_resize": True, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 3,
    "rescale_factor": 1 / 255,
}  # fmt: skip


def picture(colour: str | tuple[int, int, int], size: tuple[int, int] = (48, 32)) -> bytes:
    """A rendition of one colour."""
    written = io.BytesIO()
    Image.new("RGB", size, COLOURS[colour] if isinstance(colour, str) else colour).save(written, "WEBP", quality=90)
    return written.getvalue()


def shown(colour: str, file_id: int = 1) -> Picture:
    """A picture as an encoder gets it."""
    return Picture(1, file_id, load=lambda: picture(colour))


def clip_folder(folder: Path, *, together: bool = False, **facts: Any) -> Path:
    """An encoder of pictures and words: two files, or both in one as the plain export writes them."""
    folder.mkdir(parents=True)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    (folder / "config.json").write_text(json.dumps({"model_type": "clip", "text_config": {"max_position_embeddings": 8}} | facts))
    write_tokenizer(folder)
    seeing, reading = see(), read(colour_table(), "text_embeds")
    if together:
        save(folder / "model.onnx", [*seeing[0], *reading[0]], [*seeing[1], *reading[1]], [*seeing[2], *reading[2]], [*reading[3]])
    else:
        save(folder / "vision_model.onnx", *seeing, [])
        save(folder / "text_model.onnx", *reading)
    return folder


def sentence_folder(folder: Path) -> Path:
    """A sentence encoder whose `dress` and `frock` mean nearly the same; it gives a vector a token, pooled by us."""
    folder.mkdir(parents=True)
    write_tokenizer(folder)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False})
    )
    (folder / "onnx").mkdir()
    table = numpy.eye(len(WORDS), dtype=numpy.float32)
    table[WORDS.index("frock")] = 0.9 * table[WORDS.index("dress")] + 0.1 * table[WORDS.index("frock")]
    save(folder / "onnx" / "model.onnx", *read(table, "last_hidden_state", pool=False))
    return folder


def colour_table() -> NDArray[numpy.float32]:
    """The vector of each word: its colour's mean as the pictures have it, nothing for the others."""
    table = numpy.zeros((len(WORDS), 3), dtype=numpy.float32)
    for word, colour in COLOURS.items():
        table[WORDS.index(word)] = (numpy.array(colour) / 255 - 0.5) / 0.5
    table[WORDS.index("photo")] = 0.01
    return table


def write_tokenizer(folder: Path) -> None:
    """Words by blanks, in the format of the `tokenizers` library."""
    made: dict[str, Any] = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: place for place, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(made))
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": "[PAD]", "model_max_length": 10**30}))


Parts = tuple[list[Any], list[Any], list[Any], list[Any]]


def see() -> tuple[list[Any], list[Any], list[Any]]:
    """The mean colour of a picture."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["pixel_values"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["image_embeds"]),
    ]
    given = [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])]
    return nodes, given, [helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["batch", 3])]


def read(table: NDArray[numpy.float32], output: str, *, pool: bool = True) -> Parts:
    """A vector a token, or their sum."""
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["tokens" if pool else output])]
    weights = [numpy_helper.from_array(table, "table")]
    shape: list[Any] = ["texts", table.shape[1]] if pool else ["texts", "places", table.shape[1]]
    if pool:
        nodes.append(helper.make_node("ReduceSum", ["tokens", "axis"], [output], keepdims=0))
        weights.append(numpy_helper.from_array(numpy.array([1], dtype=numpy.int64), "axis"))
    given = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "places"]) for name in ("input_ids",)]
    return nodes, given, [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)], weights


def save(path: Path, nodes: list[Any], given: list[Any], made: list[Any], weights: list[Any]) -> None:
    """Write the model as a file."""
    graph = helper.make_graph(nodes, "tiny", given, made, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
