"""Where sample photos are taken: rooms, gardens, beaches, sofas, plain studio paper; and the camera's finish."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import cos, sin

import numpy as np
from PIL import Image, ImageFilter

from ugc.demo import drawing, things
from ugc.demo.content import Look
from ugc.demo.drawing import Canvas, Colour, Light, Patch, Pixels, colour, linear, mix


def sun(azimuth: float, height: float, tint: str, strength: float, ambient: str, ambient_strength: float, **facts: float) -> Light:
    """A light from an azimuth (0 = from the viewer, positive = from the right) and height in radians."""
    towards = (sin(azimuth) * cos(height), cos(azimuth) * cos(height), sin(height))
    main, sky = linear(tint), linear(ambient)
    return Light(
        towards,
        (main[0] * strength, main[1] * strength, main[2] * strength),
        (sky[0] * ambient_strength, sky[1] * ambient_strength, sky[2] * ambient_strength),
        (sky[0] * ambient_strength * 0.6, sky[1] * ambient_strength * 0.5, sky[2] * ambient_strength * 0.4),
        **facts,
    )


TIMES: dict[str, Light] = {
    "morning": sun(-1.9, 0.62, "#fff1dd", 0.95, "#dfe9f5", 0.42),
    "noon": sun(0.9, 1.05, "#fffaf0", 1.0, "#e6eef5", 0.5, softness=8.0),
    "golden": sun(1.95, 0.42, "#ffc27a", 1.15, "#c9c3d6", 0.34, softness=11.0),
    "overcast": sun(-0.6, 1.2, "#eef2f5", 0.6, "#e4e9ee", 0.62, softness=34.0, shadow=0.3),
    "dusk": sun(-1.4, 0.7, "#8fa6d8", 0.28, "#5d6b94", 0.22, softness=26.0, shadow=0.35),
}
PAPER = sun(-0.9, 0.95, "#fffaf4", 0.8, "#f2f3f5", 0.6, softness=22.0, shadow=0.3)

WALLS = ("#e9e2d6", "#d9d4c7", "#c8cfc4", "#dfd0c2", "#b7c0c4", "#cdbfae", "#e3ddd8", "#a9b3a1", "#d8b9a4")
WOODS = ("#b98d62", "#8a613f", "#d3b48c", "#6b4a33", "#c7a57d")


@dataclass(frozen=True)
class Shot:
    """What a sample photo shows and how it was taken."""

    looks: tuple[Look, ...]
    place: str
    time: str
    seed: int
    width: int = 1200
    height: int = 900
    blur: float = 0.0
    exposure: float = 1.0
    turned: int = 1
    """EXIF orientation under which the pixels are stored (1, 3, 6 or 8); the picture itself is upright."""
    crop: float = 0.0
    """Cut off at every edge, for a second take of the same scene."""
    grade: str = "clean"


@dataclass(frozen=True)
class Picture:
    """A drawn photo and where its products are, as fractions of the upright picture."""

    jpeg: bytes
    spots: tuple[tuple[float, float], ...]


def draw(shot: Shot) -> Picture:
    """The photo of a shot; the same shot always gives the same bytes."""
    canvas = drawing.blank(shot.width, shot.height, TIMES[shot.time], shot.seed)
    spots = PLACES[shot.place](canvas, shot)
    drawing.add_glow(canvas)
    finished = finish(canvas, shot)
    fractions = [(x / shot.width, y / shot.height) for x, y in spots]
    kept = tuple((min(max(recut(x, shot.crop), 0.03), 0.97), min(max(recut(y, shot.crop), 0.03), 0.97)) for x, y in fractions)
    return Picture(encode(finished, shot), kept)


def recut(fraction: float, crop: float) -> float:
    """Where a point lies after every edge lost `crop`."""
    return (fraction - crop) / (1 - 2 * crop)


def product_picture(look: Look, seed: int, size: int = 720) -> bytes:
    """A product on studio paper, as catalogues show it."""
    canvas = drawing.blank(size, size, PAPER, seed)
    rows = np.linspace(0, 1, size, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, size, dtype=np.float32)[None, :]
    sweep = 0.80 + 0.1 * rows - 0.07 * columns**2 - 0.06 * np.exp(-(((rows - 0.62) / 0.16) ** 2))
    canvas.pixels[:] = sweep[..., None] * colour(linear("#f6f2ec"))
    space = 0.64 if look.shape != "bowl" else 0.3
    if look.shape in {"planter", "vase", "bottle"}:
        space = 0.40 if look.shape == "planter" else 0.47
    set_down(canvas, [(replace(look, scale=1.0), size * 0.5, size * 0.84, size * space)])
    return encode(finish(canvas, Shot((look,), "paper", "noon", seed, size, size)), None)


def set_down(canvas: Canvas, placed: Sequence[tuple[Look, float, float, float]]) -> list[tuple[float, float]]:
    """Products onto their ground, the far ones first, with shadows; answers where their middles are."""
    order = sorted(range(len(placed)), key=lambda number: placed[number][2])
    for number in order:
        look, x, base, size = placed[number]
        stand(canvas, things.draw(canvas, look, x, base, size), x, base, size * look.scale * footprint(look))
    return [(x, base - size * things.middle(look)) for look, x, base, size in placed]


def footprint(look: Look) -> float:
    """The radius on which a shape stands, in its heights."""
    return {"vase": 0.26, "bottle": 0.28, "bowl": 0.7, "lamp": 0.26, "cushion": 0.52, "stool": 0.4, "carafe": 0.36}.get(
        look.shape, 0.5
    )


def stand(canvas: Canvas, patches: Sequence[Patch], x: float, base: float, radius: float) -> None:
    """Shadows first, then the patches."""
    drawing.cast(canvas, patches, base, 0.8)
    drawing.touch_down(canvas, x, base, radius * 1.25)
    for patch in patches:
        drawing.over(canvas, patch)


def row(canvas: Canvas, looks: Sequence[Look], base: float, size: float) -> list[tuple[Look, float, float, float]]:
    """Products beside each other with uneven gaps, some a little nearer."""
    random, count = canvas.random, len(looks)
    middle = canvas.width * (0.5 + random.uniform(-0.08, 0.08))
    step = canvas.width * {1: 0.0, 2: 0.3, 3: 0.26}[count]
    placed = []
    for number, look in enumerate(looks):
        x = middle + (number - (count - 1) / 2) * step + random.uniform(-18, 18)
        near = base + random.uniform(-0.025, 0.05) * canvas.height
        placed.append((look, x, near, size * random.uniform(0.94, 1.06)))
    return placed


def grain(canvas: Canvas, shape: tuple[int, int], tone: str, contrast: float = 0.16) -> Pixels:
    """Planks of wood that run across, with rings and fibres."""
    rows = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
    warp = drawing.noise(canvas.random, shape, (5, 1.5), 3) * 0.05
    rings = np.sin((rows**0.8 + warp) * 75)
    fibres = drawing.noise(canvas.random, shape, (shape[0] / 3, 5), 2)
    plank = np.floor(rows**0.75 * 3.999)
    tones = canvas.random.uniform(0.88, 1.1, 4).astype(np.float32)[plank.astype(int)]
    gap = np.exp(-(((rows**0.75 * 4) % 1 - 0.02) ** 2) / 0.00012) * (rows > 0.03)
    return np.asarray(
        colour(linear(tone)) * ((1 + contrast * 0.35 * rings + contrast * 0.5 * fibres) * tones * (1 - 0.6 * gap))[..., None],
        np.float32,
    )


def lit_floor(canvas: Canvas, albedo: Pixels, top: int) -> None:
    """Lay a horizontal surface from row `top` down, lit from above, a little darker far away and at the sides."""
    shape = albedo.shape[:2]
    flat = drawing.shade(canvas.light, (np.zeros(shape), np.full(shape, 0.1), np.full(shape, 0.99)), albedo)
    rows = np.linspace(0.82, 1.05, shape[0], dtype=np.float32)[:, None, None]
    canvas.pixels[top:] = flat * rows


def wall(canvas: Canvas, tone: str, bottom: int) -> None:
    """A plastered wall with the light of a window on it."""
    shape = (bottom, canvas.width)
    rough = drawing.noise(canvas.random, shape, (9, 12), 5)
    down, right = np.gradient(rough * 2.2)
    normal = (-right, np.full(shape, 0.97, np.float32), 0.1 + down)
    rows, columns = np.mgrid[0:bottom, 0 : canvas.width].astype(np.float32)
    falloff = 1 - 0.22 * np.clip(np.sign(-canvas.light.towards[0]) * (columns / canvas.width - 0.5) + 0.5, 0, 1)
    rgb = drawing.shade(canvas.light, normal, colour(linear(tone)) * falloff[..., None], 0.0, wrap=0.7)
    canvas.pixels[:bottom] = rgb * 0.74
    if canvas.light.shadow > 0.5:
        canvas.pixels[:bottom] += (
            window(canvas, rows, columns, bottom)[..., None] * colour(linear(tone)) * colour(canvas.light.colour) * 0.5
        )


def window(canvas: Canvas, rows: Pixels, columns: Pixels, bottom: int) -> Pixels:
    """The slanting patches of light that a window with a cross throws, a branch before it."""
    random = canvas.random
    slant = 0.45 * np.sign(canvas.light.towards[0]) * random.uniform(0.6, 1.2)
    u = (columns - canvas.width * random.uniform(0.2, 0.6) + slant * rows) / (canvas.width * random.uniform(0.2, 0.28))
    v = (rows + bottom * random.uniform(-0.12, 0.1)) / (bottom * random.uniform(0.55, 0.75))
    pane = ((u > 0) & (u < 1) & (v > 0) & (v < 1)).astype(np.float32)
    cross = (np.abs(u - 0.5) < 0.035) | (np.abs(v - 0.36) < 0.03) | (np.abs(v - 0.7) < 0.03)
    light = pane * (1 - cross)
    leaves = drawing.smooth(0.15, 0.5, drawing.noise(random, light.shape, (7, 9), 3))
    return drawing.blurred((light * (1 - 0.75 * leaves)).astype(np.float32), 7)


def room(canvas: Canvas, shot: Shot) -> list[tuple[float, float]]:
    """A table before a wall."""
    random = canvas.random
    top = int(canvas.height * random.uniform(0.58, 0.66))
    wall(canvas, str(random.choice(WALLS)), top)
    lit_floor(canvas, grain(canvas, (canvas.height - top, canvas.width), str(random.choice(WOODS))), top)
    edge_shadow(canvas, top)
    base = top + (canvas.height - top) * 0.48
    props(canvas, top + (canvas.height - top) * 0.24, base)
    return set_down(canvas, row(canvas, shot.looks, base, fitting(canvas, shot.looks)))


# With what stands in them or grows out of them, in their own heights.
TALL = {"planter": 2.0, "vase": 1.5, "bottle": 1.5, "bowl": 2.4, "candle": 1.5, "mug": 1.35}


def fitting(canvas: Canvas, looks: Sequence[Look]) -> float:
    """The height of a thing of scale 1 that lets the tallest fill the picture well."""
    tall = max(look.scale * TALL.get(look.shape, 1.0) for look in looks)
    return canvas.height * (0.5 if len(looks) > 1 else 0.58) / tall


def edge_shadow(canvas: Canvas, top: int) -> None:
    """The soft dark line where a table meets what is behind it."""
    rows = np.arange(canvas.height, dtype=np.float32)[:, None]
    drawing.darken(
        canvas,
        np.broadcast_to(np.exp(-(((rows - top) / (canvas.height * 0.012)) ** 2)) * 0.3, canvas.pixels.shape[:2]).astype(np.float32),
    )


def props(canvas: Canvas, back: float, base: float) -> None:
    """Now and then books or fruit beside the products."""
    random = canvas.random
    if random.random() < 0.4:
        x = canvas.width * random.choice((0.13, 0.87))
        stand(canvas, things.books(canvas, x, back + 20, canvas.width * 0.2), x, back + 20, canvas.width * 0.1)
    if random.random() < 0.35:
        skin = str(random.choice(("#e8c033", "#d8702a", "#a3262a")))
        for away in (0.0, 0.07):
            x = canvas.width * (0.2 + away) if random.random() < 0.5 else canvas.width * (0.78 - away)
            stand(canvas, [things.ball(canvas, x, base + 40 + 300 * away, 66, skin)], x, base + 40 + 300 * away, 24)


def bokeh(canvas: Canvas, bottom: int, tints: Sequence[str], count: int, strength: float = 1.0) -> None:
    """A far-away blur of leaves or lights above row `bottom`."""
    random = canvas.random
    part = canvas.pixels[:bottom]
    for _ in range(count):
        x, y, radius = random.uniform(0, canvas.width), random.uniform(0, bottom), random.uniform(18, 62)
        left, top, right, low = int(x - radius - 2), int(y - radius - 2), int(x + radius + 3), int(y + radius + 3)
        left, top, right, low = max(left, 0), max(top, 0), min(right, canvas.width), min(low, bottom)
        if right <= left or low <= top:
            continue
        rows, columns = np.ogrid[top:low, left:right]
        distance = np.hypot(columns - x, rows - y)
        disc = (
            np.clip((radius - distance) / 3, 0, 1)
            * (0.6 + 0.4 * drawing.smooth(0.6, 1.0, distance / radius))
            * random.uniform(0.15, 0.5)
        )
        tint = colour(linear(str(random.choice(tints)))) * strength
        fade = np.clip((bottom - rows) / 60, 0, 1)
        part[top:low, left:right] = mix(part[top:low, left:right], tint, (disc * fade)[..., None])


def garden(canvas: Canvas, shot: Shot) -> list[tuple[float, float]]:
    """A garden table before blurred leaves."""
    random = canvas.random
    top = int(canvas.height * random.uniform(0.6, 0.67))
    sheet = drawing.noise(random, (top, canvas.width), (2.5, 4), 3)
    leaves = mix(colour(linear("#3c5a34")), colour(linear("#9db56a")), drawing.smooth(-0.8, 0.9, sheet)[..., None])
    canvas.pixels[:top] = leaves * (colour(canvas.light.ambient) + colour(canvas.light.colour) * 0.75)
    shine = float(np.mean(canvas.light.colour)) + 0.35
    bokeh(canvas, top, ("#dfe9a8", "#b7cf7c", "#5c7f43", "#f5e9b8", "#2d4a2b"), 90, shine)
    lit_floor(
        canvas, grain(canvas, (canvas.height - top, canvas.width), str(random.choice(("#9a8b78", "#7f6a55", "#b5a58c")))), top
    )
    edge_shadow(canvas, top)
    base = top + (canvas.height - top) * 0.5
    spots = set_down(canvas, row(canvas, shot.looks, base, fitting(canvas, shot.looks)))
    dapple(canvas)
    return spots


def dapple(canvas: Canvas) -> None:
    """Shade of leaves over everything, as under a tree."""
    shade = drawing.smooth(0.1, 0.7, drawing.noise(canvas.random, canvas.pixels.shape[:2], (5, 7), 2))
    drawing.darken(canvas, drawing.blurred(shade.astype(np.float32), 9) * 0.38)


SKIES: dict[str, tuple[str, str, str]] = {
    "morning": ("#8fb8d9", "#d7e4ea", "#f7ead8"),
    "noon": ("#4f8fc9", "#9cc4e2", "#dcebf2"),
    "golden": ("#6b7fa8", "#e9b48a", "#ffd9a0"),
    "overcast": ("#a9b4bd", "#c3cbd1", "#dfe3e6"),
    "dusk": ("#27335c", "#6a5a86", "#d88a72"),
}


def sky(canvas: Canvas, shot: Shot, horizon: int) -> None:
    """A sky that brightens to the horizon, with thin clouds."""
    high, middle, low = (colour(linear(code)) for code in SKIES[shot.time])
    rows = np.linspace(0, 1, horizon, dtype=np.float32)[:, None, None]
    canvas.pixels[:horizon] = mix(mix(high, middle, np.clip(rows * 1.7, 0, 1)), low, np.clip(rows * 2 - 1, 0, 1) ** 1.4) * 1.05
    cloud = drawing.smooth(0.15, 1.0, drawing.noise(canvas.random, (horizon, canvas.width), (5, 2.2), 5))
    canvas.pixels[:horizon] = mix(canvas.pixels[:horizon], low * 1.15, (cloud * 0.75)[..., None])


def beach(canvas: Canvas, shot: Shot) -> list[tuple[float, float]]:
    """Sand, sea and sky."""
    random = canvas.random
    horizon, shore = int(canvas.height * random.uniform(0.36, 0.44)), int(canvas.height * 0.6)
    sky(canvas, shot, horizon)
    water(canvas, shot, horizon, shore)
    shape = (canvas.height - shore, canvas.width)
    ripples = drawing.noise(random, shape, (26, 9), 4)
    down, right = np.gradient(ripples * 2.6)
    albedo = colour(linear("#d9bf95")) * (1 + 0.06 * random.standard_normal(shape))[..., None].astype(np.float32)
    canvas.pixels[shore:] = drawing.shade(canvas.light, (-right, down, np.full(shape, 0.97)), albedo, 0.0, wrap=0.4)
    wet = np.exp(-np.linspace(0, 9, shape[0], dtype=np.float32))[:, None] * 0.35
    canvas.pixels[shore:] *= 1 - wet[..., None]
    base = shore + (canvas.height - shore) * 0.5
    return set_down(canvas, row(canvas, shot.looks, base, fitting(canvas, shot.looks)))


def water(canvas: Canvas, shot: Shot, horizon: int, shore: int) -> None:
    """The sea with sparkles and a line of foam."""
    random, shape = canvas.random, (shore - horizon, canvas.width)
    depth = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None]
    mirror = colour(linear(SKIES[shot.time][1]))
    canvas.pixels[horizon:shore] = mix(colour(linear("#2f5f78")) * mirror * 1.6, colour(linear("#7fb0a8")) * mirror * 1.5, depth)
    waves = drawing.noise(random, shape, (34, 7), 3)
    canvas.pixels[horizon:shore] *= 1 + 0.22 * waves[..., None]
    glints = drawing.smooth(1.0, 1.6, drawing.noise(random, shape, (70, 40), 2))
    canvas.pixels[horizon:shore] += glints[..., None] * colour(linear(SKIES[shot.time][2])) * 0.8
    rows, columns = np.mgrid[0 : canvas.height, 0 : canvas.width]
    line = shore - 6 + 7 * np.sin(columns / 90 + random.uniform(0, 6)) + 3 * np.sin(columns / 31)
    foam = np.exp(-(((rows - line) / 6.0) ** 2)).astype(np.float32)
    canvas.pixels[:] = mix(canvas.pixels, colour((0.95, 0.95, 0.93)), (foam * 0.8)[..., None])


def hills(canvas: Canvas, shot: Shot) -> list[tuple[float, float]]:
    """A stone ledge before ranges of hills."""
    random = canvas.random
    top = int(canvas.height * 0.68)
    sky(canvas, shot, top)
    rows, columns = np.mgrid[0:top, 0 : canvas.width].astype(np.float32)
    haze, near = colour(linear(SKIES[shot.time][2])), colour(linear("#37503c"))
    for layer in range(5):
        waves = [ridge(columns[0], random.uniform(0.002, 0.006), random.uniform(0, 6), number) for number in (1, 2, 3)]
        line = top * (0.38 + 0.13 * layer) - top * 0.09 * np.sum(waves, axis=0)
        tint = mix(haze, near * (colour(canvas.light.ambient) + colour(canvas.light.colour) * 0.5), 0.25 + 0.17 * layer)
        canvas.pixels[:top] = mix(canvas.pixels[:top], tint, np.clip(rows - line[None, :] + 0.5, 0, 1)[..., None])
    stone(canvas, top)
    return set_down(canvas, row(canvas, shot.looks, top + (canvas.height - top) * 0.45, fitting(canvas, shot.looks)))


def ridge(columns: Pixels, pace: float, start: float, number: int) -> Pixels:
    """One wave of a hill's line: the finer, the flatter."""
    return np.asarray(np.sin(columns * (pace * number) + start) / number, np.float32)


def stone(canvas: Canvas, top: int) -> None:
    """A rough stone surface from row `top` down."""
    shape = (canvas.height - top, canvas.width)
    rough = drawing.noise(canvas.random, shape, (14, 22), 5)
    down, right = np.gradient(rough * 3)
    albedo = colour(linear(str(canvas.random.choice(("#a39a8c", "#8f8b86", "#b3a896"))))) * (1 + 0.12 * rough)[..., None]
    canvas.pixels[top:] = drawing.shade(canvas.light, (-right, 0.1 + down, np.full(shape, 0.95)), albedo, 0.0, wrap=0.3)
    edge_shadow(canvas, top)


def sofa(canvas: Canvas, shot: Shot) -> list[tuple[float, float]]:
    """A sofa before a wall; small things stand on a board on its seat."""
    random = canvas.random
    seat = int(canvas.height * random.uniform(0.66, 0.72))
    wall(canvas, str(random.choice(WALLS)), canvas.height)
    tone = colour(linear(str(random.choice(("#7d8471", "#a89c8a", "#5d6d7e", "#c9b7a0", "#8c5f4a", "#d6d0c4")))))
    back = int(canvas.height * random.uniform(0.3, 0.38))
    upholstery(canvas, back, seat + 12, tone, 0.25)
    upholstery(canvas, seat, canvas.height, tone, 0.85)
    edge_shadow(canvas, seat)
    base = seat + (canvas.height - seat) * 0.42
    return set_down(canvas, row(canvas, shot.looks, base, fitting(canvas, shot.looks)))


def upholstery(canvas: Canvas, top: int, bottom: int, tone: Pixels, upward: float) -> None:
    """A band of padded cloth with a rounded upper edge and a seam or two."""
    shape = (bottom - top, canvas.width)
    rows = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    curve = np.clip(1 - rows * 5, 0, 1)
    seam = np.exp(-((((columns * 2 + 0.07) % 1 - 0.5) / 0.008) ** 2)) * 0.5
    weave = 1 + 0.05 * canvas.random.standard_normal(shape) + 0.06 * drawing.noise(canvas.random, shape, (4, 6), 3)
    up = np.clip(upward + curve * 0.8, 0, 1) * np.ones(shape, np.float32)
    rgb = drawing.shade(
        canvas.light, (np.zeros(shape), np.sqrt(1 - up**2 * 0.98), up), tone * (weave * (1 - seam))[..., None], 0.0, wrap=0.5
    )
    canvas.pixels[top:bottom] = rgb * (0.9 + 0.1 * rows)[..., None]


def evening(canvas: Canvas, shot: Shot) -> list[tuple[float, float]]:
    """A dark room with a string of lights."""
    random = canvas.random
    top = int(canvas.height * 0.64)
    wall(canvas, str(random.choice(("#5b6472", "#6d5f58", "#4f5d57", "#7b6a5d"))), top)
    bokeh(canvas, int(top * 0.8), ("#ffcf87", "#ffb066", "#ffe1b0"), 26, 1.1)
    lit_floor(canvas, grain(canvas, (canvas.height - top, canvas.width), str(random.choice(WOODS))), top)
    edge_shadow(canvas, top)
    base = top + (canvas.height - top) * 0.48
    spots = set_down(canvas, row(canvas, shot.looks, base, fitting(canvas, shot.looks)))
    canvas.glow.append((canvas.width * 0.5, top, canvas.width * 0.8, (0.09, 0.055, 0.025)))
    return spots


PLACES: dict[str, Callable[[Canvas, Shot], list[tuple[float, float]]]] = {
    "room": room,
    "garden": garden,
    "beach": beach,
    "hills": hills,
    "sofa": sofa,
    "evening": evening,
}

GRADES: dict[str, tuple[Colour, float, float]] = {
    # tint of the whole, saturation, lift of the blacks
    "clean": ((1.0, 1.0, 1.0), 1.0, 0.0),
    "warm": ((1.05, 1.0, 0.92), 1.06, 0.004),
    "cool": ((0.96, 1.0, 1.05), 0.96, 0.002),
    "faded": ((1.02, 1.0, 0.97), 0.78, 0.02),
    "vivid": ((1.01, 1.0, 0.99), 1.28, 0.0),
}


def finish(canvas: Canvas, shot: Shot) -> Image.Image:
    """What the camera does: focus, exposure, tone curve, bloom, vignette, grade, grain."""
    light = metered(canvas.pixels, shot) * np.float32(shot.exposure)
    tint, saturation, lift = GRADES[shot.grade]
    luma = light @ colour((0.2126, 0.7152, 0.0722))
    light = mix(luma[..., None], light, np.float32(saturation)) * colour(tint) + np.float32(lift)
    bloom = np.stack([halo(light[..., part]) for part in range(3)], -1)
    light = np.clip(light + bloom * 0.7, 0, None)
    rows = np.linspace(-1, 1, canvas.height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, canvas.width, dtype=np.float32)[None, :]
    vignette: Pixels = 1 - np.float32(0.17) * np.clip(np.hypot(rows, columns) - np.float32(0.55), 0, 1) ** 1.5
    light *= vignette[..., None]
    curved = light * (1 + light / 6.0) / (1 + light * 0.42)  # a shoulder that keeps lamps from clipping hard
    encoded = np.clip(curved, 0, 1) ** (1 / 2.2)
    encoded += canvas.random.standard_normal((canvas.height, canvas.width, 1)).astype(np.float32) * 0.011
    picture = Image.fromarray((np.clip(encoded, 0, 1) * 255).astype(np.uint8))
    return picture if shot.blur == 0 else softened(picture, shot.blur)


def halo(light: Pixels) -> Pixels:
    """What spills over from the brightest parts; blurred at a quarter of the size, where nobody sees the difference."""
    bright = Image.fromarray((np.clip(light - 0.85, 0, 1) * 255).astype(np.uint8))
    small = bright.resize((bright.width // 4, bright.height // 4), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(5.5))
    return np.asarray(small.resize(bright.size, Image.Resampling.BILINEAR), np.float32) / np.float32(255)


def metered(light: Pixels, shot: Shot) -> Pixels:
    """As a camera's automatic does: the middle tones to a level that suits the time of day, half of the way in the dark."""
    level = float(np.exp(np.mean(np.log(light[::8, ::8].mean(-1) + 0.01))))
    target = {"dusk": 0.17, "golden": 0.36}.get(shot.time, 0.46)
    exposed: Pixels = light * np.float32(1.22 if shot.place == "paper" else (target / level) ** 0.9)
    return exposed


def softened(picture: Image.Image, radius: float) -> Image.Image:
    """Out of focus."""
    return picture.filter(ImageFilter.GaussianBlur(radius))


TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


def encode(picture: Image.Image, shot: Shot | None) -> bytes:
    """JPEG, cut and stored in the shot's orientation, with the EXIF tag that turns it upright."""
    out = io.BytesIO()
    exif = Image.Exif()
    if shot is not None and shot.crop:
        across, down = int(picture.width * shot.crop), int(picture.height * shot.crop)
        picture = picture.crop((across, down, picture.width - across, picture.height - down))
    if shot is not None and shot.turned != 1:
        picture = picture.transpose(TURNS[shot.turned])
        exif[0x0112] = shot.turned
    picture.save(out, "JPEG", quality=86, exif=exif)
    return out.getvalue()
