"""A small renderer in numpy: linear light on a canvas, noise, bodies of revolution, rods, cushions, leaves, shadows.

Colours are linear light, 1.0 = white paper in full light; x runs right, y down, in pixels; normals are (right, towards the
viewer, up).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.float32]
Colour = tuple[float, float, float]
# How much of a horizontal circle's depth the camera sees: it looks down by about fifteen degrees.
TILT = 0.26


def linear(code: str) -> Colour:
    """`#rrggbb` as linear light (the sRGB curve, approximated by 2.2)."""
    red, green, blue = ((int(code[at : at + 2], 16) / 255) ** 2.2 for at in (1, 3, 5))
    return red, green, blue


@dataclass(frozen=True)
class Light:
    """One main light with its colour, what comes from the sky or room, and where shadows fall."""

    towards: tuple[float, float, float]
    """Unit vector from a thing to the light: right, towards the viewer, up."""
    colour: Colour
    ambient: Colour
    bounce: Colour
    softness: float = 14.0
    """Blur of cast shadows in pixels."""
    shadow: float = 0.55

    @property
    def shear(self) -> tuple[float, float]:
        """Where the shadow of a point one pixel above the ground lies: right and down."""
        x, y, z = self.towards
        return -x / max(z, 0.3), -y * TILT / max(z, 0.3)


@dataclass
class Canvas:
    """The picture in linear light, and the masks of what stands in it."""

    pixels: Pixels
    random: np.random.Generator
    light: Light
    glow: list[tuple[float, float, float, Colour]] = field(default_factory=list)
    """Lamps and candles: x, y, radius, colour; added at the end, over everything."""

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class Patch:
    """A drawn thing: its colours and coverage, and where its top left corner lies on the canvas."""

    rgb: Pixels
    alpha: Pixels
    x: int
    y: int


def blank(width: int, height: int, light: Light, seed: int) -> Canvas:
    """A black canvas; the seed decides everything that chance decides."""
    return Canvas(np.zeros((height, width, 3), np.float32), np.random.default_rng(seed), light)


def colour(value: Sequence[float]) -> Pixels:
    """A colour as an array that broadcasts over pixels."""
    return np.asarray(value, np.float32)


def mix(left: Any, right: Any, share: Any) -> Any:
    """`left` where share is 0, `right` where it is 1."""
    return left + (right - left) * share


def smooth(low: float, high: float, value: Any) -> Any:
    """0 below `low`, 1 above `high`, an S between."""
    at = np.clip((value - low) / (high - low), 0, 1)
    return at * at * (3 - 2 * at)


def noise(random: np.random.Generator, shape: tuple[int, int], cells: tuple[float, float], octaves: int = 4) -> Pixels:
    """Smooth noise about 0, mostly within ±1; `cells` = waves down and across in the coarsest octave."""
    total = np.zeros(shape, np.float32)
    down, across = cells
    for octave in range(octaves):
        size = (max(2, min(int(across * 2**octave) + 2, shape[1])), max(2, min(int(down * 2**octave) + 2, shape[0])))
        field_ = random.standard_normal((size[1], size[0])).astype(np.float32)
        grown = Image.fromarray(field_).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
        total += np.asarray(grown) * np.float32(0.5**octave)
    return (total * np.float32(0.55)).astype(np.float32)


def blurred(mask: Pixels, radius: float) -> Pixels:
    """A mask with soft edges."""
    if radius < 0.3:
        return mask
    picture = Image.fromarray((np.clip(mask, 0, 1) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return (np.asarray(picture, np.float32) / 255).astype(np.float32)


def over(canvas: Canvas, patch: Patch) -> None:
    """Lay a patch over the canvas, cut at its edges."""
    left, top = max(patch.x, 0), max(patch.y, 0)
    right = min(patch.x + patch.alpha.shape[1], canvas.width)
    bottom = min(patch.y + patch.alpha.shape[0], canvas.height)
    if right <= left or bottom <= top:
        return
    inside = np.s_[top - patch.y : bottom - patch.y, left - patch.x : right - patch.x]
    alpha = patch.alpha[inside][..., None]
    under = canvas.pixels[top:bottom, left:right]
    canvas.pixels[top:bottom, left:right] = under + (patch.rgb[inside] - under) * alpha


def shade(light: Light, normal: tuple[Any, Any, Any], albedo: Any, gloss: float = 0.0, wrap: float = 0.15) -> Pixels:
    """Light that a surface sends to the viewer: wrapped Lambert, sky above, bounce below, a soft highlight (Blinn)."""
    right, front, up = normal
    x, y, z = light.towards
    facing = np.clip((right * x + front * y + up * z + wrap) / (1 + wrap), 0, 1)[..., None]
    sky = (0.5 + 0.5 * up)[..., None]
    lit = facing * colour(light.colour) + sky * colour(light.ambient) + (1 - sky) * colour(light.bounce)
    rgb = albedo * lit
    if gloss:
        half = colour((x, y + 0.97, z + 0.26))
        half = half / np.linalg.norm(half)
        aligned = np.clip(right * half[0] + front * half[1] + up * half[2], 0, 1)
        spark = aligned ** (12 + 90 * gloss) * (0.25 + 0.9 * gloss)
        rim = (1 - np.clip(front, 0, 1)) ** 3 * 0.25 * gloss
        rgb = rgb + spark[..., None] * colour(light.colour) + rim[..., None] * colour(light.ambient)
    return np.asarray(rgb, np.float32)


Profile = Sequence[tuple[float, float]]
Paint = Callable[[Any, Any], tuple[Any, Any]]


def plain(value: Colour) -> Paint:
    """A paint of one colour: (height 0–1, angle) → (colour, bump)."""
    return lambda height, angle: (colour(value), 0.0)


def outline(profile: Profile, size: int = 256) -> Pixels:
    """Radii at even heights from a few (height, radius) points, joined by cubic Hermite curves."""
    heights, radii = (np.asarray([point[part] for point in profile]) for part in (0, 1))
    rises = np.diff(radii) / np.diff(heights)
    tangents = np.concatenate(([rises[0]], np.mean([rises[1:], rises[:-1]], axis=0), [rises[-1]]))
    # No more than thrice the flatter neighbour, so that a straight wall stays straight (Fritsch and Carlson).
    limits = 3 * np.minimum(np.abs(np.concatenate((rises[:1], rises))), np.abs(np.concatenate((rises, rises[-1:]))))
    tangents = np.clip(tangents, -limits, limits)
    at = np.linspace(0, 1, size)
    piece = np.clip(np.searchsorted(heights, at, "right") - 1, 0, len(profile) - 2)
    step = heights[piece + 1] - heights[piece]
    t = (at - heights[piece]) / step
    curve = (2 * t**3 - 3 * t**2 + 1) * radii[piece] + (t**3 - 2 * t**2 + t) * step * tangents[piece]
    curve += (3 * t**2 - 2 * t**3) * radii[piece + 1] + (t**3 - t**2) * step * tangents[piece + 1]
    padded = np.pad(curve, 3, mode="edge")
    return np.convolve(np.maximum(padded, 0.0), np.full(7, 1 / 7), "valid").astype(np.float32)


def turned(
    canvas: Canvas, x: float, base: float, height: float, profile: Profile, paint: Paint, *,
    gloss: float = 0.5, inside: Colour | None = None, filled: tuple[float, Colour] | None = None, emission: Colour | None = None,
) -> Patch:  # fmt: skip
    """A body of revolution standing at (x, base); radii are fractions of its height. `inside` opens it at the top."""
    radii = outline(profile) * height
    widest = float(radii.max())
    margin = 3
    left, top = int(x - widest) - margin, int(base - height - widest * TILT) - margin
    shape = (int(height + 2 * widest * TILT) + 2 * margin + 2, int(2 * widest) + 2 * margin + 2)
    columns = (np.arange(shape[1], dtype=np.float32) + left - x)[None, :]
    rows = (np.arange(shape[0], dtype=np.float32) + top)[:, None]
    at = np.broadcast_to((base - rows) / height, shape)
    for _ in range(7):  # the height seen at a pixel, by fixed point: nearer parts of a ring lie lower on the screen
        radius = radii[np.clip(at * 255, 0, 255).astype(np.int32)]
        depth = np.sqrt(np.clip(radius**2 - columns**2, 0, None))
        at = (base - rows + TILT * depth) / height
    position = np.clip(at * 255, 0, 255)
    radius = np.interp(position, np.arange(256), radii).astype(np.float32)
    slope = np.interp(position, np.arange(256), np.gradient(radii, height / 255)).astype(np.float32)
    side = np.clip(columns / np.maximum(radius, 0.5), -1, 1)
    front = np.sqrt(1 - side**2)
    albedo, bump = paint(np.clip(at, 0, 1), np.arcsin(side))
    length = np.sqrt(1 + slope**2)
    normal = ((side + bump) / length, front / length, -slope / length)
    rgb = shade(canvas.light, normal, albedo, gloss)
    if emission is not None:
        rgb = rgb * 0.25 + colour(emission) * (0.55 + 0.45 * front)[..., None] * (1.15 - 0.35 * np.clip(at, 0, 1))[..., None]
    alpha = (
        np.clip(radius - np.abs(columns) + 0.5, 0, 1) * np.clip(at * height + 0.5, 0, 1) * np.clip((1 - at) * height + 0.5, 0, 1)
    )
    patch = Patch(rgb.astype(np.float32), alpha.astype(np.float32), left, top)
    return opened(canvas, patch, x, base - height, float(radii[-1]), inside, filled, columns, rows) if inside is not None else patch


def opened(
    canvas: Canvas, patch: Patch, x: float, rim: float, radius: float, inside: Colour, filled: tuple[float, Colour] | None,
    columns: Pixels, rows: Pixels,
) -> Patch:  # fmt: skip
    """The patch with its mouth: a lip, the inner wall in shade, and what it is filled with."""
    thick = max(2.0, radius * 0.07)
    distance = np.sqrt(columns**2 + ((rows - rim) / TILT) ** 2)
    mouth = np.clip((radius - distance) * TILT + 0.5, 0, 1)
    hollow = np.clip((radius - thick - distance) * TILT + 0.5, 0, 1)
    down = np.clip((rows - rim) / (radius * TILT) * 0.5 + 0.5, 0, 1)
    across = columns / radius * canvas.light.towards[0]
    lit = (
        colour(canvas.light.ambient)
        + colour(canvas.light.colour) * (0.55 * np.clip(0.35 + 0.3 * down - 0.5 * across, 0, 1))[..., None]
    )
    wall = colour(inside) * lit * (0.35 + 0.65 * down)[..., None]
    lip = colour(inside) * (colour(canvas.light.ambient) + colour(canvas.light.colour) * 0.75)
    rgb = mix(patch.rgb, lip, mouth[..., None])
    rgb = mix(rgb, wall, hollow[..., None])
    if filled is not None:
        depth, stuff = filled
        level = rim + radius * TILT * depth
        inner = (radius - thick) * 0.97
        surface = np.clip((inner - np.sqrt(columns**2 + ((rows - level) / TILT) ** 2)) * TILT + 0.5, 0, 1) * hollow
        gleam = np.exp(-(((columns - inner * 0.35 * canvas.light.towards[0]) / (inner * 0.3)) ** 2)) * 0.25
        rgb = mix(rgb, colour(stuff) * lit * 1.2 + gleam[..., None] * colour(canvas.light.ambient), surface[..., None])
    alpha = np.maximum(patch.alpha, mouth)
    return Patch(np.asarray(rgb, np.float32), np.asarray(alpha, np.float32), patch.x, patch.y)


def rod(
    canvas: Canvas,
    start: tuple[float, float],
    end: tuple[float, float],
    radii: tuple[float, float],
    paint: Colour,
    gloss: float = 0.2,
) -> Patch:
    """A straight round bar between two points, thick as `radii` at its ends."""
    most = max(radii) + 2
    left, top = int(min(start[0], end[0]) - most), int(min(start[1], end[1]) - most)
    shape = (int(abs(end[1] - start[1]) + 2 * most) + 2, int(abs(end[0] - start[0]) + 2 * most) + 2)
    columns, rows = np.meshgrid(np.arange(shape[1], dtype=np.float32) + left, np.arange(shape[0], dtype=np.float32) + top)
    along = (end[0] - start[0], end[1] - start[1])
    length = max(float(np.hypot(*along)), 1e-3)
    share = np.clip(((columns - start[0]) * along[0] + (rows - start[1]) * along[1]) / length**2, 0, 1)
    off_x, off_y = columns - start[0] - share * along[0], rows - start[1] - share * along[1]
    radius = mix(radii[0], radii[1], share)
    distance = np.hypot(off_x, off_y)
    side, up = off_x / np.maximum(radius, 0.3), -off_y / np.maximum(radius, 0.3)
    front = np.sqrt(np.clip(1 - side**2 - up**2, 0, 1))
    return Patch(
        shade(canvas.light, (side, front, up), colour(paint), gloss),
        np.clip(radius - distance + 0.5, 0, 1).astype(np.float32),
        left,
        top,
    )


def loop(canvas: Canvas, x: float, y: float, radii: tuple[float, float], thick: float, paint: Colour, gloss: float = 0.5) -> Patch:
    """A ring seen from the side, such as a handle."""
    wide, tall = radii
    shape = (int(2 * (tall + thick)) + 4, int(2 * (wide + thick)) + 4)
    left, top = int(x - shape[1] / 2), int(y - shape[0] / 2)
    columns, rows = np.meshgrid(np.arange(shape[1], dtype=np.float32) + left - x, np.arange(shape[0], dtype=np.float32) + top - y)
    out = np.hypot(columns / wide, rows / tall)
    distance = (out - 1) * min(wide, tall)
    across = np.clip(distance / thick, -1, 1)
    right, up = columns / wide / np.maximum(out, 0.01) * across, -rows / tall / np.maximum(out, 0.01) * across
    rgb = shade(canvas.light, (right, np.sqrt(1 - across**2), up), colour(paint), gloss)
    return Patch(rgb, np.clip(thick - np.abs(distance) + 0.5, 0, 1).astype(np.float32), left, top)


def cushion(canvas: Canvas, x: float, base: float, size: float, paint: Callable[[Any, Any], Any], lean: float = 0.0) -> Patch:
    """A filled square of cloth with pulled-out corners, standing on `base`, turned by `lean` radians."""
    reach = int(size * 0.78) + 3
    left, top = int(x) - reach, int(base - size * 0.5) - reach
    columns, rows = np.meshgrid(np.arange(2 * reach, dtype=np.float32) - reach, np.arange(2 * reach, dtype=np.float32) - reach)
    u = (columns * np.cos(lean) + rows * np.sin(lean)) / (size / 2)
    v = (-columns * np.sin(lean) + rows * np.cos(lean)) / (size / 2)
    pull = 1 - 0.09 * (1 - np.clip(u**2, 0, 1)) - 0.0 * v
    pull_v = 1 - 0.09 * (1 - np.clip(v**2, 0, 1))
    s, t = u / pull_v, v / pull
    inside = np.clip((1 - np.maximum(np.abs(s), np.abs(t))) * size / 2 + 0.5, 0, 1)
    bulge = np.clip(1 - s**2, 0, 1) ** 0.55 * np.clip(1 - t**2, 0, 1) ** 0.55 * size * 0.24
    creases = noise(canvas.random, bulge.shape, (3, 3), 3) * size * 0.008
    down, right = np.gradient(bulge + creases)
    length = np.sqrt(1 + right**2 + down**2)
    weave = 1 + 0.05 * np.sin(u * size * 0.9) * np.sin(v * size * 0.9) + 0.04 * canvas.random.standard_normal(u.shape)
    albedo = paint(s, t) * weave[..., None]
    rgb = shade(canvas.light, (-right / length, 1 / length, down / length), albedo, 0.0, wrap=0.35)
    return Patch(np.asarray(rgb, np.float32), inside.astype(np.float32), left, top)


def leaf(
    canvas: Canvas, start: tuple[float, float], angle: float, length: float, width: float, paint: Colour, droop: float = 0.0
) -> Patch:
    """One leaf from its foot, pointing along `angle` (0 = right, up is positive), with a midrib and veins."""
    tip = (length * np.cos(angle), -length * np.sin(angle))
    spare = width + abs(droop) * length + 3
    left, right = int(min(0, tip[0]) - spare), int(max(0, tip[0]) + spare)
    top, bottom = int(min(0, tip[1]) - spare), int(max(0, tip[1]) + spare)
    columns, rows = np.meshgrid(np.arange(left, right, dtype=np.float32), np.arange(top, bottom, dtype=np.float32))
    along = (columns * np.cos(angle) - rows * np.sin(angle)) / length
    across = (columns * np.sin(angle) + rows * np.cos(angle)) - droop * length * along**2
    inside = np.clip(along, 0, 1)
    half = width * np.sin(np.pi * inside**0.75) ** 0.85 * (1 - 0.25 * inside) + 0.01
    alpha = np.clip(half - np.abs(across) + 0.5, 0, 1) * ((along > 0) & (along < 1))
    lobe = across / np.maximum(half, 1)
    rib = np.exp(-((across / max(width * 0.07, 1.0)) ** 2))
    veins = 0.06 * np.sin(along * 46 - np.abs(lobe) * 7)
    tone = 1 + veins + np.where(across < 0, 0.12, -0.14) + 0.25 * rib
    normal = (0.35 * lobe * np.sin(angle), np.full_like(lobe, 0.75), 0.45 - 0.3 * np.abs(lobe))
    rgb = shade(canvas.light, normal, colour(paint) * tone[..., None], 0.25, wrap=0.4)
    return Patch(np.asarray(rgb, np.float32), alpha.astype(np.float32), left + int(start[0]), top + int(start[1]))


def cast(canvas: Canvas, patches: Sequence[Patch], base: float, strength: float = 1.0) -> None:
    """The shadow of a thing's patches on the ground at `base`: it leans away from the light and is soft."""
    across, down = canvas.light.shear
    down = down if abs(down) > 0.05 else -0.05
    full = np.zeros((canvas.height, canvas.width), np.float32)
    for patch in patches:
        over_mask(full, patch)
    # (x, y) on the ground stems from the point of height (y - base) / down; PIL wants that inverse as an affine map.
    picture = Image.fromarray((full * 255).astype(np.uint8)).transform(
        (canvas.width, canvas.height), Image.Transform.AFFINE,
        (1, -across / down, across / down * base, 0, -1 / down, base + base / down), Image.Resampling.BILINEAR,
    )  # fmt: skip
    shadow = blurred((np.asarray(picture, np.float32) / 255).astype(np.float32), canvas.light.softness)
    darken(canvas, shadow * canvas.light.shadow * strength)


def over_mask(full: Pixels, patch: Patch) -> None:
    """Lay a patch's coverage into a mask of the canvas's size."""
    left, top = max(patch.x, 0), max(patch.y, 0)
    right = min(patch.x + patch.alpha.shape[1], full.shape[1])
    bottom = min(patch.y + patch.alpha.shape[0], full.shape[0])
    if right > left and bottom > top:
        part = patch.alpha[top - patch.y : bottom - patch.y, left - patch.x : right - patch.x]
        full[top:bottom, left:right] = np.maximum(full[top:bottom, left:right], part)


def touch_down(canvas: Canvas, x: float, base: float, radius: float, strength: float = 0.6) -> None:
    """The dark where a thing stands on its ground; nothing of it is left at twice the radius."""
    flat = radius * TILT * 1.3
    left, right = max(int(x - 2 * radius), 0), min(int(x + 2 * radius), canvas.width)
    top, bottom = max(int(base - 2 * flat), 0), min(int(base + 2 * flat), canvas.height)
    rows, columns = np.ogrid[top:bottom, left:right]
    distance = np.hypot((columns - x) / radius, (rows - base) / flat).astype(np.float32)
    darken(canvas, (np.exp(-(distance**2.4)) * strength).astype(np.float32), left, top)


def darken(canvas: Canvas, share: Pixels, left: int = 0, top: int = 0) -> None:
    """Take a share of the light away from (left, top) on, a little less of the blue, as skies do."""
    part = canvas.pixels[top : top + share.shape[0], left : left + share.shape[1]]
    for channel, weight in enumerate((1.0, 0.97, 0.92)):
        part[..., channel] *= 1 - share * np.float32(weight)


def add_glow(canvas: Canvas) -> None:
    """Light of lamps and flames that spills over the picture."""
    rows, columns = np.ogrid[: canvas.height, : canvas.width]
    for x, y, radius, shine in canvas.glow:
        distance = np.hypot(columns - x, rows - y) / radius
        canvas.pixels += (np.exp(-distance * 2.2) * 0.9)[..., None].astype(np.float32) * colour(shine)
