"""The colours that a picture is made of, for search by colour and for its box before it comes."""

from __future__ import annotations

from PIL import Image

SAMPLE_SIDE = 64
COLOURS = 8
KEPT = 5
# Less of a picture than this is a detail, not one of its colours.
LEAST_SHARE = 0.05
# Closer than this in RGB, two clusters look like one colour.
SAME_DISTANCE = 40


def dominant(picture: Image.Image) -> list[str]:
    """Up to five colours as `#rrggbb`, the commonest first, by median cut."""
    small = picture.copy()
    small.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX)
    indexed = small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
    palette = indexed.getpalette() or []
    counts = sorted(indexed.getcolors() or [], reverse=True)
    clusters = [(count, tuple(palette[3 * index : 3 * index + 3])) for count, index in counts if isinstance(index, int)]
    total = small.width * small.height
    kept: list[tuple[int, ...]] = []
    for count, colour in merged(clusters):
        if not kept or (len(kept) < KEPT and count >= LEAST_SHARE * total):
            kept.append(colour)
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in kept]


def merged(clusters: list[tuple[int, tuple[int, ...]]]) -> list[tuple[int, tuple[int, ...]]]:
    """Clusters that look alike counted under the commonest of them."""
    kept: list[tuple[int, tuple[int, ...]]] = []
    for count, colour in clusters:
        for place, (other_count, other) in enumerate(kept):
            if sum((a - b) ** 2 for a, b in zip(colour, other, strict=True)) < SAME_DISTANCE**2:
                kept[place] = (other_count + count, other)
                break
        else:
            kept.append((count, colour))
    return sorted(kept, reverse=True)
