"""Encoders from model folders, with models that the test builds: what they find, and what they say of folders that are wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from PIL import Image

from tests.similarity.encoders import tiny
from ugc.settings import Settings
from ugc.similarity.encoders import model_folders, onnx
from ugc.similarity.encoders.base import Hints, Picture, unit
from ugc.similarity.encoders.model_folders import BadModel


@pytest.fixture(params=["two files", "one file"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tiny.clip_folder(tmp_path / "clip", together=request.param == "one file")


def test_red_finds_the_red_pictures(folder: Path) -> None:
    encoder = onnx.open_pictures(folder)
    colours = ["blue", "red", "green"] * 7
    pictures = encoder.pictures([tiny.shown(colour) for colour in colours])
    for word in ("red", "green", "blue"):
        [asked] = encoder.texts([f"a photo of {word}"])
        assert asked is not None
        closeness = [float(asked @ picture) for picture in pictures if picture is not None]
        best = sorted(range(len(colours)), key=lambda place: -closeness[place])[:7]
        assert {colours[place] for place in best} == {word}


def test_a_vector_has_length_one_and_its_place_whatever_fails_beside_it(folder: Path) -> None:
    encoder = onnx.open_pictures(folder)
    files = [tiny.shown("red"), Picture(1, 2), Picture(1, 3, load=lambda: b"RIFF, and nothing behind it"), tiny.shown("blue")]
    first, empty, broken, last = encoder.pictures(files)
    assert (empty, broken) == (None, None)
    assert first is not None
    assert last is not None
    assert numpy.linalg.norm(first) == pytest.approx(1)
    assert first.argmax() == 0
    assert last.argmax() == 2
    assert first.dtype == numpy.float32


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\ud800"])
def test_nothing_to_read_gives_no_vector(text: str, tmp_path: Path) -> None:
    encoder = onnx.open_pictures(tiny.clip_folder(tmp_path / "clip"))
    [none, red] = encoder.texts([text, "red"])
    assert none is None
    assert red is not None


def test_a_text_of_fifty_thousand_characters_is_read_to_the_models_bound(tmp_path: Path) -> None:
    encoder = onnx.open_pictures(tiny.clip_folder(tmp_path / "clip"))
    assert encoder.tokens.rows(["red " * 12_000])["input_ids"].shape == (1, 8)
    [long, short] = encoder.texts(["red " * 12_000, "red " * 8])
    assert long is not None
    assert long == pytest.approx(short)


def test_siglip_gets_every_text_filled_up(tmp_path: Path) -> None:
    encoder = onnx.open_pictures(tiny.clip_folder(tmp_path / "clip", model_type="siglip"))
    assert encoder.tokens.rows(["red"])["input_ids"].shape == (1, 8)
    assert encoder.tokens.rows(["red"])["attention_mask"].sum() == 1


def test_more_than_a_batch_comes_out_in_its_order(tmp_path: Path) -> None:
    encoder = onnx.open_pictures(tiny.clip_folder(tmp_path / "clip"))
    asked = [("red", "green", "blue")[place % 3] + " photo" * (place % 5) for place in range(2 * onnx.TEXT_BATCH + 3)]
    made = encoder.texts(asked)
    assert [int(vector.argmax()) for vector in made if vector is not None] == [place % 3 for place in range(len(asked))]


def test_words_of_one_meaning_are_near(tmp_path: Path) -> None:
    encoder = onnx.open_sentences(tiny.sentence_folder(tmp_path / "sentences"))
    dress, frock, delivery, longer = encoder.texts(["dress", "frock", "delivery", "a dress of red"])
    assert dress is not None
    assert frock is not None
    assert delivery is not None
    assert longer is not None
    assert dress @ frock > 0.9 > dress @ longer > 0.2 > dress @ delivery
    # The filling of a shorter text in the same batch is no part of its mean.
    assert dress == pytest.approx(encoder.texts(["dress"])[0])


def test_encoders_say_what_they_can_and_do_nothing_else(tmp_path: Path) -> None:
    pictures = onnx.open_pictures(tiny.clip_folder(tmp_path / "clip"))
    sentences = onnx.open_sentences(tiny.sentence_folder(tmp_path / "sentences"))
    assert (sorted(pictures.can), sorted(sentences.can)) == (["pictures", "search"], ["texts"])
    assert sentences.pictures([tiny.shown("red")]) == [None]
    assert pictures.describe(tiny.shown("red"), Hints()) is None
    assert sentences.describe(tiny.shown("red"), Hints()) is None


def test_other_files_are_another_version(tmp_path: Path) -> None:
    folder = tiny.clip_folder(tmp_path / "clip")
    first, again = onnx.open_pictures(folder).version, onnx.open_pictures(folder).version
    (folder / "preprocessor_config.json").write_text(json.dumps(tiny.PREPROCESSOR | {"resample": 2}))
    assert first == again != onnx.open_pictures(folder).version


def cut(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-40])

    return change


def write(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_text(text)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (remove("vision_model.onnx"), "holds no vision_model.onnx or model.onnx"),
        (remove("text_model.onnx"), "holds no text_model.onnx or model.onnx"),
        (remove("tokenizer.json"), "holds no tokenizer.json"),
        (remove("preprocessor_config.json"), "holds no preprocessor_config.json"),
        (cut("vision_model.onnx"), "vision_model.onnx is damaged or no ONNX model"),
        (write("text_model.onnx", "version https://git-lfs.github.com/spec/v1"), "text_model.onnx is damaged or no ONNX model"),
        (write("tokenizer.json", "{}"), "tokenizer.json is damaged"),
        (write("preprocessor_config.json", "{"), "preprocessor_config.json is damaged: it is no JSON"),
        (write("preprocessor_config.json", "[]"), "it holds no settings"),
        (write("preprocessor_config.json", "{}"), "how pictures are prepared can't be read"),
        (write("preprocessor_config.json", '{"size": {"shortest_edge": 224}}'), "pictures of any shape"),
        (write("preprocessor_config.json", '{"size": {"height": 90000, "width": 9}}'), "a side of"),
        (write("preprocessor_config.json", json.dumps({**tiny.PREPROCESSOR, "image_std": [0, 1, 1]})), "image_std of zero"),
        (write("preprocessor_config.json", json.dumps({**tiny.PREPROCESSOR, "crop_size": 9})), "can't be run"),
    ],
)
def test_a_folder_that_cannot_be_used_says_what_is_wrong(change: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    folder = tiny.clip_folder(tmp_path / "clip")
    change(folder)
    with pytest.raises(BadModel, match=says):
        onnx.open_pictures(folder)


def test_halves_that_share_no_space_are_refused(tmp_path: Path) -> None:
    folder = tiny.clip_folder(tmp_path / "clip")
    table = numpy.ones((len(tiny.WORDS), 5), dtype=numpy.float32)
    tiny.save(folder / "text_model.onnx", *tiny.read(table, "text_embeds"))
    with pytest.raises(BadModel, match="pictures have 3 numbers and words 5, so they share no space"):
        onnx.open_pictures(folder)


def test_a_model_with_another_output_is_refused(tmp_path: Path) -> None:
    folder = tiny.clip_folder(tmp_path / "clip")
    tiny.save(folder / "text_model.onnx", *tiny.read(tiny.colour_table(), "logits"))
    with pytest.raises(BadModel, match="gives logits; one of text_embeds"):
        onnx.open_pictures(folder)


def test_a_layer_behind_the_pooling_is_not_forgotten_silently(tmp_path: Path) -> None:
    folder = tiny.sentence_folder(tmp_path / "sentences")
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense"}]')
    with pytest.raises(BadModel, match="sentence_embedding"):
        onnx.open_sentences(folder)


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ({}, "mean"), ({"pooling_mode_mean_tokens": True}, "mean"), ({"pooling_mode_cls_token": True}, "cls"),
        ({"pooling_mode_lasttoken": True}, "last"), ({"pooling_mode": "cls"}, "cls"),
    ],
)  # fmt: skip
def test_a_sentence_is_pooled_as_its_folder_says(said: dict[str, object], way: str, tmp_path: Path) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(said))
    assert model_folders.read_pooling(tmp_path) == way


def test_another_way_of_pooling_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_max_tokens": true}')
    with pytest.raises(BadModel, match="max_tokens"):
        model_folders.read_pooling(tmp_path)


def test_pooling_takes_what_it_says() -> None:
    tokens = numpy.arange(12, dtype=numpy.float32).reshape(2, 3, 2)
    mask = numpy.array([[1, 1, 0], [1, 1, 1]])
    assert onnx.pooled(tokens, mask, "mean").tolist() == [[1, 2], [8, 9]]
    assert onnx.pooled(tokens, mask, "cls").tolist() == [[0, 1], [6, 7]]
    assert onnx.pooled(tokens, mask, "last").tolist() == [[2, 3], [10, 11]]


@pytest.mark.parametrize(
    ("size", "goes_in"), [((640, 480), (8, 8)), ((480, 640), (8, 8)), ((9, 1280), (8, 8)), ((1, 1), (8, 8))]
)  # fmt: skip
def test_a_picture_of_any_shape_fits(size: tuple[int, int], goes_in: tuple[int, int], tmp_path: Path) -> None:
    preparing = model_folders.read_preparing(tiny.clip_folder(tmp_path / "clip"))
    made = onnx.prepare(tiny.picture("red", size), preparing)
    assert made is not None
    assert made.shape == (3, *goes_in)
    # 230 of 255, normalised by .5 and .5.
    assert made[0].mean() == pytest.approx(230 / 255 * 2 - 1, abs=0.03)
    assert made[1].mean() == pytest.approx(20 / 255 * 2 - 1, abs=0.03)


def test_the_middle_of_a_wide_picture_is_looked_at(tmp_path: Path) -> None:
    preparing = model_folders.read_preparing(tiny.clip_folder(tmp_path / "clip"))
    wide = Image.new("RGB", (48, 16), (255, 0, 0))
    wide.paste((0, 0, 255), (16, 0, 32, 16))
    fitted = onnx.fit(wide, preparing)
    assert fitted.size == (8, 8)
    assert fitted.getpixel((4, 4))[2] > 200  # type: ignore[index]  # of an RGB picture


def test_other_layouts_of_the_preparing_are_read(tmp_path: Path) -> None:
    folder = tiny.clip_folder(tmp_path / "clip")
    (folder / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 4, "width": 6}, "do_normalize": False}))
    assert replace(model_folders.read_preparing(folder), scale=1) == model_folders.Preparing(
        (4, 6), False, None, 3, 1, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    )
    (folder / "preprocessor_config.json").unlink()
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": tiny.PREPROCESSOR}))
    assert model_folders.read_preparing(folder).shape == (8, 8)


def test_settings_name_a_folder_or_a_name_below_the_data_folder(tmp_path: Path) -> None:
    tiny.clip_folder(tmp_path / "models" / "tiny-clip")
    by_name = onnx.find_pictures(Settings(data_dir=tmp_path, picture_model="tiny-clip"))
    elsewhere = Settings(data_dir=tmp_path / "elsewhere", picture_model=str(tmp_path / "models" / "tiny-clip"))
    by_path = onnx.find_pictures(elsewhere)
    assert by_name is not None
    assert by_path is not None
    assert (by_name.name, by_name.version) == ("tiny-clip", by_path.version)
    assert by_name.texts(["red"])[0] is not None
    assert by_name.opened is by_path.opened
    assert onnx.find_sentences(elsewhere) is None
    assert onnx.find_pictures(Settings(data_dir=tmp_path)) is None


def test_a_folder_is_looked_at_when_the_program_starts_and_read_when_it_is_asked(tmp_path: Path) -> None:
    folder = tiny.clip_folder(tmp_path / "models" / "tiny-clip")
    settings = Settings(data_dir=tmp_path, picture_model="tiny-clip", text_model="missing")
    (folder / "vision_model.onnx").write_bytes(b"damaged")
    found = onnx.find_pictures(settings)
    assert found is not None
    with pytest.raises(BadModel, match="is damaged or no ONNX model"):
        found.pictures([tiny.shown("red")])
    (folder / "vision_model.onnx").unlink()
    with pytest.raises(BadModel, match="holds no vision_model"):
        onnx.find_pictures(settings)
    with pytest.raises(BadModel, match="there is no model folder"):
        onnx.find_sentences(settings)


def test_a_quantized_model_in_the_folder_onnx_is_found_too(tmp_path: Path) -> None:
    folder = tiny.clip_folder(tmp_path / "clip")
    (folder / "onnx").mkdir()
    for name in ("vision_model", "text_model"):
        shutil.move(folder / f"{name}.onnx", folder / "onnx" / f"{name}_quantized.onnx")
    assert onnx.open_pictures(folder).pictures([tiny.shown("red")])[0] is not None


def test_a_longer_vector_keeps_its_angles_on_fewer_numbers() -> None:
    rows = numpy.random.RandomState(1).standard_normal((20, 1280)).astype(numpy.float32)
    rows[10:] = rows[:10] + 0.5 * rows[10:]
    before, after = ([unit(row) for row in made] for made in (rows, [onnx.narrowed(row) for row in rows]))
    assert {len(vector) for vector in after if vector is not None} == {1024}
    cosines = [
        numpy.array([[float(one @ other) for other in made if other is not None] for one in made if one is not None])
        for made in (before, after)
    ]
    assert numpy.abs(cosines[0] - cosines[1]).max() < 0.05
    assert onnx.directions(1280)[:2, :3] == pytest.approx(onnx.directions.__wrapped__(1280)[:2, :3])
    assert len(onnx.narrowed(rows[0, :768])) == 768
