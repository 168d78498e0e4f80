"""Every pixel measure of one picture, by name."""

from __future__ import annotations

import numpy
from PIL import Image

from ugc.media.measures import brightness, clipped_dark, clipped_light, colourfulness, contrast, sharpness
from ugc.media.measures.base import sample_of

MEASURES = (sharpness, brightness, clipped_dark, clipped_light, contrast, colourfulness)


def measures_of(picture: Image.Image) -> dict[str, float]:
    """The measures of a normalised RGB picture."""
    sample = sample_of(numpy.asarray(picture))
    return {each.NAME: round(each.measure(sample), 4) for each in MEASURES}
