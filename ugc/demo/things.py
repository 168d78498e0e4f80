"""How the sample products look: shapes and glazes, each drawn anywhere at any size; and props that are not for sale."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from typing import Any

import numpy as np

from ugc.demo import drawing
from ugc.demo.content import Look
from ugc.demo.drawing import Canvas, Colour, Paint, Patch, Profile, colour, linear, mix

CLAY = linear("#b98a63")
PALE_CLAY = linear("#dccbb4")
DARK = linear("#1c1a18")

PROFILES: dict[str, Profile] = {
    "vase": ((0, 0.19), (0.12, 0.25), (0.4, 0.335), (0.58, 0.30), (0.76, 0.15), (0.9, 0.115), (1, 0.165)),
    "bottle": ((0, 0.22), (0.06, 0.27), (0.3, 0.32), (0.48, 0.25), (0.6, 0.1), (0.93, 0.075), (1, 0.1)),
    "mug": ((0, 0.37), (0.04, 0.41), (0.5, 0.43), (1, 0.44)),
    "bowl": ((0, 0.5), (0.1, 0.52), (0.2, 0.72), (0.55, 1.1), (1, 1.28)),
    "carafe": ((0, 0.26), (0.1, 0.34), (0.3, 0.37), (0.55, 0.29), (0.75, 0.17), (0.93, 0.16), (1, 0.21)),
    "planter": ((0, 0.38), (0.05, 0.41), (0.5, 0.475), (0.82, 0.52), (0.86, 0.57), (1, 0.58)),
    "candle": ((0, 0.42), (0.05, 0.46), (0.5, 0.47), (1, 0.47)),
    "shade": ((0, 0.62), (0.5, 0.5), (1, 0.36)),
    "foot": ((0, 0.42), (0.12, 0.46), (0.5, 0.36), (0.8, 0.12), (1, 0.08)),
    "seat": ((0, 2.7), (0.2, 2.9), (0.85, 2.9), (1, 2.85)),
    "ball": tuple((at / 8, max(0.02, 0.5 * sin(pi * at / 8) ** 0.5 * (0.98 if at not in (0, 8) else 0.0))) for at in range(9)),
}


def glaze(canvas: Canvas, look: Look) -> Paint:
    """The paint of a turned thing: plain, dipped, speckled, ribbed or banded."""
    main, second = colour(linear(look.main)), colour(linear(look.second))
    wave = canvas.random.uniform(0, 2 * pi)

    def paint(height: Any, angle: Any) -> tuple[Any, Any]:
        bump: Any = 0.0
        base: Any = main * (1 + 0.05 * np.sin(height * 90 + wave))[..., None]  # the potter's finger lines
        if look.finish == "dipped":
            line = 0.34 + 0.03 * np.sin(angle * 2 + wave) + 0.012 * np.sin(angle * 7 + wave)
            base = mix(second * np.ones_like(base), base, drawing.smooth(-0.008, 0.008, height - line)[..., None])
        elif look.finish == "speckled":
            dots = drawing.noise(canvas.random, height.shape, (height.shape[0] / 5, height.shape[1] / 5), 1)
            base = mix(base, second, drawing.smooth(0.85, 1.05, dots)[..., None])
        elif look.finish == "ribbed":
            bump = 0.35 * np.sin(angle * 26)
            base = base * (1 - 0.12 * np.cos(angle * 26))[..., None]
        elif look.finish == "banded":
            bands = drawing.smooth(-0.15, 0.15, np.sin(height * 2 * pi * 3.5 + 0.4 * np.sin(angle + wave)))
            base = mix(base, second, bands[..., None])
        return base, bump

    return paint


def cloth(look: Look) -> Callable[[Any, Any], Any]:
    """The pattern of a cushion over its square (−1…1)."""
    main, second = colour(linear(look.main)), colour(linear(look.second))

    def paint(u: Any, v: Any) -> Any:
        share = np.zeros_like(u)
        if look.finish == "striped":
            share = drawing.smooth(-0.1, 0.1, np.sin(u * 15))
        elif look.finish == "checked":
            share = 0.5 * drawing.smooth(-0.1, 0.1, np.sin(u * 11)) + 0.5 * drawing.smooth(-0.1, 0.1, np.sin(v * 11))
        elif look.finish == "sun":
            angle, distance = np.arctan2(v, u), np.hypot(u, v)
            rays = (
                drawing.smooth(-0.1, 0.1, np.sin(angle * 14))
                * drawing.smooth(0.42, 0.45, distance)
                * (1 - drawing.smooth(0.68, 0.71, distance))
            )
            share = np.maximum(rays, 1 - drawing.smooth(0.31, 0.34, distance))
        return main + (second - main) * share[..., None]

    return paint


def draw(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """The patches of a product standing at (x, base), back to front; `size` is the height of a thing of scale 1."""
    return SHAPES[look.shape](canvas, look, x, base, size * look.scale)


def draw_vase(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """A vase or bottle, often with dry stems in it."""
    body = drawing.turned(canvas, x, base, size, PROFILES[look.shape], glaze(canvas, look), gloss=0.55, inside=linear(look.second))
    return [*stems(canvas, x, base - size * 0.96, size), body] if canvas.random.random() < 0.75 else [body]


def draw_mug(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """A mug with its handle and coffee in it."""
    side = canvas.random.choice((-1, 1))
    handle = drawing.loop(
        canvas, x + side * size * 0.47, base - size * 0.5, (size * 0.19, size * 0.26), size * 0.055, linear(look.main)
    )
    drink = linear(str(canvas.random.choice(("#4a2c1a", "#6b4226", "#8a9a4b"))))
    body = drawing.turned(
        canvas, x, base, size, PROFILES["mug"], glaze(canvas, look), gloss=0.6, inside=linear(look.second), filled=(0.35, drink)
    )
    return [handle, body]


def draw_bowl(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """A wide bowl, often with fruit."""
    body = drawing.turned(canvas, x, base, size, PROFILES["bowl"], glaze(canvas, look), gloss=0.6, inside=linear(look.second))
    if canvas.random.random() < 0.35:
        return [body]
    skin = str(canvas.random.choice(("#e8b923", "#d8702a", "#a3262a", "#8aa63c")))
    rim = base - size
    fruit = [
        ball(canvas, x + size * away, rim + size * (0.32 + down), size * 0.66, skin)
        for away, down in ((-0.5, 0.0), (0.45, -0.03), (-0.02, -0.14), (0.05, 0.12))
    ]
    mouth = Patch(body.rgb, front_of(body, rim, x, size * 1.28), body.x, body.y)
    return [body, *fruit, mouth]


def front_of(patch: Patch, rim: float, x: float, radius: float) -> Any:
    """The coverage of an open thing's near side: below the front half of its rim."""
    columns = np.arange(patch.alpha.shape[1], dtype=np.float32) + patch.x - x
    edge = rim + drawing.TILT * np.sqrt(np.clip(radius**2 - columns**2, 0, None))
    rows = (np.arange(patch.alpha.shape[0], dtype=np.float32) + patch.y)[:, None]
    return (patch.alpha * np.clip(rows - edge[None, :] + 1, 0, 1)).astype(np.float32)


def draw_carafe(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """A jug with a long handle."""
    handle = drawing.loop(canvas, x + size * 0.27, base - size * 0.62, (size * 0.14, size * 0.24), size * 0.03, linear(look.main))
    body = drawing.turned(canvas, x, base, size, PROFILES["carafe"], glaze(canvas, look), gloss=0.6, inside=linear(look.second))
    return [handle, body]


def draw_planter(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """A pot with a living plant."""
    pot = drawing.turned(
        canvas,
        x,
        base,
        size,
        PROFILES["planter"],
        glaze(canvas, look),
        gloss=0.15,
        inside=linear(look.main),
        filled=(0.2, linear("#2e2119")),
    )
    foot = (x, base - size * 0.98)
    green = linear(str(canvas.random.choice(("#3f6b35", "#4f7f46", "#2f5d43", "#6c8c4a"))))
    leaves = foliage(canvas, foot, size * canvas.random.uniform(1.15, 1.6), green)
    return [pot, *leaves]


def foliage(canvas: Canvas, foot: tuple[float, float], reach: float, green: Colour) -> list[Patch]:
    """Leaves on stems, the far ones darker; narrow and upright or broad and spreading."""
    random = canvas.random
    broad = random.random() < 0.55
    count = 15 if broad else 22
    patches = []
    for number in range(count):
        angle = pi / 2 + (random.uniform(-1.25, 1.25) if broad else random.uniform(-0.75, 0.75))
        tone = tuple(part * random.uniform(0.5, 1.15) * (0.55 + 0.5 * number / count) for part in green)
        length = reach * random.uniform(0.4, 0.62) if broad else reach * random.uniform(0.6, 1.0)
        start = foot
        if broad:
            stem = reach * random.uniform(0.2, 0.5)
            start = (foot[0] + cos(angle) * stem * 0.8, foot[1] - sin(angle) * stem)
            patches.append(drawing.rod(canvas, foot, start, (reach * 0.012, reach * 0.008), (tone[0], tone[1], tone[2])))
        width = length * (random.uniform(0.2, 0.27) if broad else random.uniform(0.05, 0.08))
        droop = random.uniform(0.1, 0.35) * (1 if cos(angle) > 0 else -1)
        patches.append(drawing.leaf(canvas, start, angle, length, width, (tone[0], tone[1], tone[2]), droop))
    return patches


def stems(canvas: Canvas, x: float, top: float, size: float) -> list[Patch]:
    """Dry grass, eucalyptus or blossom standing in a vase."""
    random = canvas.random
    kind = random.choice(("grass", "leaves", "blossom"))
    tint = linear({"grass": "#cfae7a", "leaves": "#6f8a72", "blossom": "#7a5a40"}[str(kind)])
    patches = []
    for _ in range(7):
        angle = pi / 2 + random.uniform(-0.5, 0.5)
        length = size * random.uniform(0.5, 0.95)
        end = (x + cos(angle) * length, top - sin(angle) * length)
        patches.append(drawing.rod(canvas, (x, top + size * 0.05), end, (size * 0.008, size * 0.005), tint))
        patches += tips(canvas, str(kind), (x, top), end, angle, size)
    return patches


def tips(canvas: Canvas, kind: str, start: tuple[float, float], end: tuple[float, float], angle: float, size: float) -> list[Patch]:
    """What grows on one stem."""
    random = canvas.random
    if kind == "grass":
        return [drawing.leaf(canvas, end, angle, size * 0.24, size * 0.028, linear("#dcc193"), random.uniform(-0.2, 0.2))]
    patches = []
    for share in np.linspace(0.35, 1.0, 6):
        at = (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
        if kind == "leaves":
            for turn in (-0.9, 0.9):
                patches.append(drawing.leaf(canvas, at, angle + turn, size * 0.13, size * 0.034, linear("#7f9c84")))
        else:
            petal = str(random.choice(("#f2c9c4", "#f6e7e0", "#e9a9a4")))
            patches.append(
                ball(
                    canvas, at[0] + random.normal(0, size * 0.015), at[1] + size * 0.03, size * random.uniform(0.045, 0.075), petal
                )
            )
    return patches


def draw_lamp(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """A table lamp, lit."""
    foot = drawing.turned(canvas, x, base, size * 0.5, PROFILES["foot"], glaze(canvas, look), gloss=0.5)
    shine = colour(linear("#ffd9a0")) * 1.7
    shade_base = base - size * 0.46
    shade = drawing.turned(
        canvas, x, shade_base, size * 0.5, PROFILES["shade"], drawing.plain(linear(look.second)), gloss=0.0,
        inside=(1.6, 1.25, 0.8), emission=(float(shine[0]), float(shine[1]), float(shine[2])),
    )  # fmt: skip
    canvas.glow.append((x, shade_base - size * 0.2, size * 1.25, (0.5, 0.33, 0.15)))
    return [foot, shade]


def draw_candle(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """A candle burning in its cup."""
    cup = drawing.turned(
        canvas,
        x,
        base,
        size,
        PROFILES["candle"],
        glaze(canvas, look),
        gloss=0.5,
        inside=linear(look.main),
        filled=(0.25, linear("#f4e3c3")),
    )
    top = base - size + size * 0.1
    wick = drawing.rod(canvas, (x, top), (x + size * 0.01, top - size * 0.09), (size * 0.012, size * 0.01), DARK)
    flame = drawing.leaf(canvas, (x + size * 0.01, top - size * 0.05), pi / 2, size * 0.34, size * 0.065, (2.6, 1.9, 0.9))
    canvas.glow.append((x, top - size * 0.2, size * 0.8, (0.75, 0.42, 0.14)))
    return [
        cup,
        wick,
        Patch(np.full_like(flame.rgb, 1.0) * colour((2.4, 1.7, 0.75)), drawing.blurred(flame.alpha, 1.2), flame.x, flame.y),
    ]


def draw_cushion(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """A cushion standing, leaning a little."""
    return [drawing.cushion(canvas, x, base, size, cloth(look), canvas.random.uniform(-0.16, 0.16))]


def draw_stool(canvas: Canvas, look: Look, x: float, base: float, size: float) -> list[Patch]:
    """A round stool on four legs."""
    wood = linear(look.second)
    top, spread, inner = base - size * 0.86, size * 0.36, size * 0.24
    legs = [
        drawing.rod(canvas, (x + side * inner, top), (x + side * spread, base + down * size), (size * 0.032, size * 0.022), wood)
        for side, down in ((-0.8, -0.09), (0.8, -0.09), (-1, 0.0), (1, 0.0))
    ]
    seat = drawing.turned(
        canvas, x, base - size * 0.86, size * 0.14, PROFILES["seat"], glaze(canvas, look), gloss=0.25, inside=linear(look.main)
    )
    return [*legs, seat]


SHAPES: dict[str, Callable[[Canvas, Look, float, float, float], list[Patch]]] = {
    "vase": draw_vase,
    "bottle": draw_vase,
    "mug": draw_mug,
    "bowl": draw_bowl,
    "carafe": draw_carafe,
    "planter": draw_planter,
    "lamp": draw_lamp,
    "candle": draw_candle,
    "cushion": draw_cushion,
    "stool": draw_stool,
}

# Heights of the shapes' middles above their base, as fractions of the size, where a hotspot points at.
MIDDLES = {"lamp": 0.62, "stool": 0.8, "cushion": 0.5, "planter": 0.55}


def middle(look: Look) -> float:
    """How far above its base a product's middle lies, in sizes."""
    return MIDDLES.get(look.shape, 0.5) * look.scale


def ball(canvas: Canvas, x: float, base: float, size: float, skin: str) -> Patch:
    """A fruit, berry or blossom of one colour."""
    return drawing.turned(canvas, x, base, size, PROFILES["ball"], drawing.plain(linear(skin)), gloss=0.3)


def books(canvas: Canvas, x: float, base: float, width: float) -> list[Patch]:
    """A pile of two or three books, spines towards the viewer."""
    random, patches, level = canvas.random, [], base
    for _ in range(int(random.integers(2, 4))):
        thick, wide = width * random.uniform(0.11, 0.16), width * random.uniform(0.86, 1.0)
        shape = (int(thick) + 1, int(wide))
        rows, columns = np.mgrid[: shape[0], : shape[1]]
        up = 0.5 - rows / shape[0]
        front = np.sqrt(np.clip(1 - (1.2 * up) ** 2, 0, 1))
        cover = colour(linear(str(random.choice(("#7a3b2e", "#2f4858", "#d9c7a3", "#86745a", "#4c5b45", "#c98a5e")))))
        band = ((columns > wide * 0.08) & (columns < wide * 0.1)) | ((columns > wide * 0.9) & (columns < wide * 0.92))
        albedo = mix(np.ones((*shape, 3), np.float32) * cover, colour((0.7, 0.6, 0.4)), (band * 0.6)[..., None])
        rgb = drawing.shade(canvas.light, (np.zeros(shape), front, up), albedo, 0.1)
        patches.append(Patch(rgb, np.ones(shape, np.float32), int(x - wide / 2 + random.uniform(-5, 5)), int(level - thick)))
        level -= thick
    return patches
