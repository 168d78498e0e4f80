"""Real encoders from a model folder, run by onnxruntime: of pictures and words in one space (CLIP, SigLIP), and of sentences.

Model files are the operator's own and are trusted like the program. Pictures are renditions, which this program made itself.
"""

from __future__ import annotations

import importlib
import io
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ugc.settings import Settings
from ugc.similarity.encoders import model_folders
from ugc.similarity.encoders.base import PICTURES, SEARCH, TEXTS, Description, Hints, Picture, Vector, unit
from ugc.similarity.encoders.model_folders import BadModel, Preparing, Words

THREADS = 2
"""Processors that one run may use; a worker's other jobs need theirs."""
PICTURE_BATCH, TEXT_BATCH = 16, 32
"""What goes in at once: 16 pictures of 224 × 224 are 10 MB of numbers."""
MOST_CHARACTERS = 4_000
"""Of a text; 512 tokens rarely reach so far."""
MOST_NUMBERS = 1024
"""Of a vector: the longest that has an index."""
# A rendition has at most 1280 × 16383; anything larger is none of ours.
MOST_PIXELS = 21_000_000
NUMBERS = {
    "tensor(float)": numpy.float32,
    "tensor(float16)": numpy.float16,
    "tensor(int64)": numpy.int64,
    "tensor(int32)": numpy.int32,
}
Numbers = NDArray[Any]
One = TypeVar("One")


@dataclass(frozen=True)
class Model:
    """An opened ONNX file: one run at a time, so that jobs beside each other don't multiply its memory."""

    path: Path
    session: Any
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def inputs(self) -> dict[str, str]:
        """The type of each input, by name."""
        return {each.name: each.type for each in self.session.get_inputs()}

    @property
    def outputs(self) -> list[str]:
        """Names of what comes out."""
        return [each.name for each in self.session.get_outputs()]

    def run(self, given: Mapping[str, Numbers], output: str) -> Numbers:
        """One output for the inputs that the model asks for, each in its type; raises BadModel."""
        missing = sorted(set(self.inputs) - set(given))
        if missing:
            raise BadModel(f"{self.path} asks for {', '.join(missing)}, which is not known here")
        fed = {name: given[name].astype(NUMBERS.get(kind, numpy.float32)) for name, kind in self.inputs.items()}
        try:
            with self.lock:
                made = self.session.run([output], fed)[0]
        except Exception as cause:  # the runtime's own errors share no class but this
            raise BadModel(f"{self.path} can't be run: {first_line(cause)}") from cause
        return numpy.asarray(made, dtype=numpy.float32)


def open_model(path: Path) -> Model:
    """Read an ONNX file; raises BadModel."""
    runtime = importlib.import_module("onnxruntime")  # only where a model folder is set: it takes a moment and 60 MB
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    options.enable_cpu_mem_arena = False  # else the largest batch ever seen would stay in memory
    options.log_severity_level = 4
    try:
        return Model(path, runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))
    except Exception as cause:  # the runtime's own errors share no class but this
        raise BadModel(f"{path} is damaged or no ONNX model: {first_line(cause)}") from cause


def first_line(error: Exception) -> str:
    """What went wrong, short."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


@dataclass(frozen=True)
class Tokens:
    """A folder's tokenizer."""

    words: Words
    tokenizer: Any
    pad: int

    def rows(self, texts: Sequence[str]) -> dict[str, Numbers]:
        """What a model may ask of texts, a row each."""
        read = [made.ids for made in self.tokenizer.encode_batch(list(texts))]
        width = self.words.most if self.words.is_filled else max(1, *(len(ids) for ids in read))
        ids = numpy.full((len(read), width), self.pad, dtype=numpy.int64)
        mask = numpy.zeros((len(read), width), dtype=numpy.int64)
        for row, one in enumerate(read):
            ids[row, : len(one)], mask[row, : len(one)] = one, 1
        places = numpy.broadcast_to(numpy.arange(width, dtype=numpy.int64), ids.shape)
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids), "position_ids": places}


def open_tokens(words: Words) -> Tokens:
    """Read a tokenizer; raises BadModel."""
    tokenizers = importlib.import_module("tokenizers")
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(words.path))
    except Exception as cause:  # the library raises this class itself
        raise BadModel(f"{words.path} is damaged: {first_line(cause)}") from cause
    known = (tokenizer.padding or {}).get("pad_id", 0)
    pad = tokenizer.token_to_id(words.pad) if words.pad else None
    tokenizer.no_padding()
    tokenizer.enable_truncation(words.most)
    return Tokens(words, tokenizer, known if pad is None else pad)


def chosen(model: Model, *names: str) -> str:
    """The first of the outputs that the model has; raises BadModel."""
    for name in names:
        if name in model.outputs:
            return name
    raise BadModel(f"{model.path} gives {', '.join(model.outputs)}; one of {', '.join(names)} is needed")


@dataclass(frozen=True)
class PictureEncoder:
    """Pictures and words in one space, so that words find pictures."""

    name: str
    version: str
    sees: Model
    reads: Model
    preparing: Preparing
    tokens: Tokens
    can: frozenset[str] = frozenset({PICTURES, SEARCH})

    def pictures(self, files: Sequence[Picture]) -> list[Vector | None]:
        """A vector a picture; None for one without a rendition that can be read."""
        output, made = chosen(self.sees, "image_embeds", "pooler_output"), list[Vector | None]()
        for batch in portions(files, PICTURE_BATCH):
            prepared = [prepare(file.load(), self.preparing) for file in batch]
            made += spread(prepared, lambda rows: self.sees.run(self.beside_no_words(numpy.stack(rows)), output))
        return made

    def texts(self, texts: Sequence[str]) -> list[Vector | None]:
        """A vector a text, where pictures of it are near; None for an empty one."""
        output = chosen(self.reads, "text_embeds", "pooler_output")
        no_picture = {"pixel_values": numpy.zeros((1, 3, *self.preparing.shape), dtype=numpy.float32)}
        return encode_texts(texts, lambda rows: self.reads.run(no_picture | self.tokens.rows(rows), output))

    def describe(self, picture: Picture, hints: Hints) -> Description | None:
        """Nothing: it finds what words say, and has none itself."""

    def beside_no_words(self, pixels: Numbers) -> dict[str, Numbers]:
        """The inputs of a model that does both at once, with one word that nobody asks about."""
        return self.tokens.rows(["a"]) | {"pixel_values": pixels}


@dataclass(frozen=True)
class SentenceEncoder:
    """Texts by what they mean."""

    name: str
    version: str
    model: Model
    tokens: Tokens
    pooling: str
    can: frozenset[str] = frozenset({TEXTS})

    def pictures(self, files: Sequence[Picture]) -> list[Vector | None]:
        """Nothing: it reads only texts."""
        return [None] * len(files)

    def texts(self, texts: Sequence[str]) -> list[Vector | None]:
        """A vector a text; None for an empty one."""
        return encode_texts(texts, self.run)

    def describe(self, picture: Picture, hints: Hints) -> Description | None:
        """Nothing."""

    def run(self, texts: Sequence[str]) -> Numbers:
        """Vectors as the model pools them, else pooled here."""
        rows = self.tokens.rows(texts)
        output = chosen(self.model, "sentence_embedding", "token_embeddings", "last_hidden_state", "text_embeds")
        made = self.model.run(rows, output)
        return pooled(made, rows["attention_mask"], self.pooling) if made.ndim == 3 else made


def pooled(tokens: Numbers, mask: Numbers, way: str) -> Numbers:
    """One vector a text out of one a token: the mean of those that are no filling, the first, or the last."""
    if way == "cls":
        return numpy.asarray(tokens[:, 0])
    if way == "last":
        return numpy.asarray(tokens[numpy.arange(len(tokens)), numpy.maximum(mask.sum(axis=1) - 1, 0)])
    weights = mask[:, :, None].astype(numpy.float32)
    return numpy.asarray((tokens * weights).sum(axis=1) / numpy.maximum(weights.sum(axis=1), 1.0))


def encode_texts(texts: Sequence[str], run: Callable[[Sequence[str]], Numbers]) -> list[Vector | None]:
    """A vector a text, those of one length together so that little is filled up; None for an empty one."""
    # A lone half of a character pair would stop the tokenizer.
    plain = [" ".join(text[:MOST_CHARACTERS].encode("utf-8", "ignore").decode().split()) for text in texts]
    order = sorted(range(len(plain)), key=lambda place: len(plain[place]))
    made: list[Vector | None] = [None] * len(plain)
    for batch in portions(order, TEXT_BATCH):
        vectors = spread([plain[place] or None for place in batch], run)
        for place, vector in zip(batch, vectors, strict=True):
            made[place] = vector
    return made


def portions(rows: Sequence[One], most: int) -> Iterator[Sequence[One]]:
    """The rows in batches."""
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


def spread(rows: Sequence[One | None], run: Callable[[list[One]], Numbers]) -> list[Vector | None]:
    """Run those rows that are there and put each vector in its row's place."""
    there = [row for row in rows if row is not None]
    made = iter(run(there)) if there else iter(())
    return [None if row is None else unit(narrowed(next(made))) for row in rows]


def narrowed(vector: Numbers) -> Numbers:
    """A vector that has an index: a longer one is laid onto fewer directions at right angles, which hardly turns it (0161)."""
    return vector if len(vector) <= MOST_NUMBERS else numpy.asarray(vector @ directions(len(vector)))


@lru_cache(maxsize=2)
def directions(length: int) -> Numbers:
    """The same directions in every process and release: an old generator whose numbers are promised never to change."""
    drawn = numpy.random.RandomState(length).standard_normal((length, MOST_NUMBERS))
    at_right_angles, upper = numpy.linalg.qr(drawn)
    return numpy.asarray(at_right_angles * numpy.sign(numpy.diag(upper)), dtype=numpy.float32)


def prepare(data: bytes, preparing: Preparing) -> Numbers | None:
    """A rendition as the model's numbers, colour by colour; None for one that can't be read."""
    try:
        with Image.open(io.BytesIO(data), formats=["WEBP", "JPEG"]) as opened:
            if not data or opened.width * opened.height > MOST_PIXELS:
                return None
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    fitted = fit(picture, preparing)
    mean, std = (numpy.array(numbers, dtype=numpy.float32) for numbers in (preparing.mean, preparing.std))
    pixels = (numpy.asarray(fitted, dtype=numpy.float32) * numpy.float32(preparing.scale) - mean) / std
    return numpy.ascontiguousarray(pixels.transpose(2, 0, 1))


def fit(picture: Image.Image, preparing: Preparing) -> Image.Image:
    """Resized, and cut to its middle where the model wants that."""
    height, width = preparing.size
    if preparing.is_short:
        times = height / min(picture.size)
        width, height = max(1, int(picture.width * times)), max(1, int(picture.height * times))
    resized = picture.resize((width, height), Image.Resampling(preparing.resample))
    if preparing.crop is None:
        return resized
    high, wide = preparing.crop
    left, top = (resized.width - wide) // 2, (resized.height - high) // 2
    return resized.crop((left, top, left + wide, top + high))


def open_pictures(folder: Path) -> PictureEncoder:
    """The encoder in a folder, tried once; raises BadModel, which says what is missing or wrong."""
    model_folders.check_extra()
    preparing, words = model_folders.read_preparing(folder), model_folders.read_words(folder)
    seeing = model_folders.need_model(folder, "vision_model", "model")
    reading = model_folders.need_model(folder, "text_model", "model")
    sees = open_model(seeing)
    encoder = PictureEncoder(
        folder.name, model_folders.version_of(folder, sorted({seeing, reading})),
        sees, sees if reading == seeing else open_model(reading), preparing, open_tokens(words),
    )  # fmt: skip
    [picture], [word] = encoder.pictures([Picture(0, 0, load=grey)]), encoder.texts(["a photo"])
    if picture is None or word is None:
        raise BadModel(f"{folder} gives no vector for a grey picture or a word")
    if picture.shape != word.shape:
        raise BadModel(
            f"{folder}: pictures have {picture.size} numbers and words {word.size}, so they share no space; "
            "export the model with its projections (image_embeds, text_embeds)"
        )
    return encoder


def open_sentences(folder: Path) -> SentenceEncoder:
    """The encoder in a folder, tried once; raises BadModel, which says what is missing or wrong."""
    model_folders.check_extra()
    path, words = model_folders.need_model(folder, "model"), model_folders.read_words(folder)
    model = open_model(path)
    if "sentence_embedding" not in model.outputs and model_folders.has_more_layers(folder):
        raise BadModel(f"{folder} has a layer behind its pooling that {path.name} lacks; export it with its sentence_embedding")
    pooling = model_folders.read_pooling(folder)
    encoder = SentenceEncoder(folder.name, model_folders.version_of(folder, [path]), model, open_tokens(words), pooling)
    if encoder.texts(["a photo"])[0] is None:
        raise BadModel(f"{folder} gives no vector for a word")
    return encoder


def grey() -> bytes:
    """A small picture of one colour, to try an encoder with."""
    written = io.BytesIO()
    Image.new("RGB", (64, 48), (128, 128, 128)).save(written, "WEBP")
    return written.getvalue()


@dataclass(frozen=True)
class Folder:
    """An encoder that is read when it is first asked: what only compares stored vectors needs no more than its name."""

    path: Path
    version: str
    can: frozenset[str]
    read: Callable[[Path], PictureEncoder | SentenceEncoder]

    @property
    def name(self) -> str:
        """The folder's."""
        return self.path.name

    @property
    def opened(self) -> PictureEncoder | SentenceEncoder:
        """What the folder holds, read once in this process; raises BadModel."""
        with OPENING:
            key = self.path, self.version
            if key not in OPENED:
                OPENED[key] = self.read(self.path)
            return OPENED[key]

    def pictures(self, files: Sequence[Picture]) -> list[Vector | None]:
        """A vector a picture."""
        return self.opened.pictures(files)

    def texts(self, texts: Sequence[str]) -> list[Vector | None]:
        """A vector a text."""
        return self.opened.texts(texts)

    def describe(self, picture: Picture, hints: Hints) -> Description | None:
        """Nothing."""


OPENED: dict[tuple[Path, str], PictureEncoder | SentenceEncoder] = {}
"""What this process has read, by folder and version."""
OPENING = threading.Lock()


def find_pictures(settings: Settings) -> Folder | None:
    """The encoder of pictures and words that the settings name; raises BadModel where its folder lacks something."""
    if not settings.picture_model:
        return None
    model_folders.check_extra()
    folder = model_folders.find_folder(settings.data_dir, settings.picture_model)
    model_folders.read_preparing(folder)
    model_folders.read_words(folder)
    models = {model_folders.need_model(folder, "vision_model", "model"), model_folders.need_model(folder, "text_model", "model")}
    return Folder(folder, model_folders.version_of(folder, sorted(models)), frozenset({PICTURES, SEARCH}), open_pictures)


def find_sentences(settings: Settings) -> Folder | None:
    """The encoder of texts that the settings name; raises BadModel where its folder lacks something."""
    if not settings.text_model:
        return None
    model_folders.check_extra()
    folder = model_folders.find_folder(settings.data_dir, settings.text_model)
    model_folders.read_words(folder)
    model = model_folders.need_model(folder, "model")
    return Folder(folder, model_folders.version_of(folder, [model]), frozenset({TEXTS}), open_sentences)
