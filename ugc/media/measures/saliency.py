"""What the eye goes to first: where, how large, and how near to a third of the picture."""

from __future__ import annotations

import numpy
from numpy import fft
from PIL import Image

from ugc.media.measures.base import Pixels, Sample, smoothed

NAMES = ("subject_x", "subject_y", "subject_share", "subject_focus")
SIDE = 64
# Of the picture's mean, as the paper has it; what lies above is the subject.
ABOVE = 3.0
MEAN_OF_THREE = (1 / 3, 1 / 3)
# A bell of deviation 2.5 pixels of 64.
BELL = (0.1617, 0.1493, 0.1174, 0.0787, 0.0450, 0.0219, 0.0091)


def measure(sample: Sample) -> dict[str, float]:
    """Centre of the salient region (0–1 from the left and the top), its share of the picture, and the share of all
    saliency that lies in it (how much one thing stands out). Without detail the middle, 0 and 0.
    """
    map = saliency(sample.luma)
    mean = float(map.mean())
    region = map > ABOVE * mean
    if mean <= 0 or not region.any():
        return dict(zip(NAMES, (0.5, 0.5, 0.0, 0.0), strict=True))
    weights = numpy.where(region, map, 0)
    whole = float(weights.sum())
    x = float((weights.sum(axis=0) * (numpy.arange(SIDE) + 0.5)).sum() / whole / SIDE)
    y = float((weights.sum(axis=1) * (numpy.arange(SIDE) + 0.5)).sum() / whole / SIDE)
    return dict(zip(NAMES, (x, y, float(region.mean()), whole / float(map.sum())), strict=True))


def saliency(luma: Pixels) -> Pixels:
    """Spectral residual (Hou and Zhang 2007) at 64 × 64: what the spectrum has beyond its own smooth course, as a picture."""
    small = numpy.asarray(Image.fromarray(luma).resize((SIDE, SIDE), Image.Resampling.BOX))
    if float(small.std()) < 1:
        return numpy.zeros((SIDE, SIDE), dtype=numpy.float32)
    spectrum = fft.fft2(small)
    strength = numpy.log(numpy.abs(spectrum) + 1e-6).astype(numpy.float32)
    residual = strength - smoothed(strength, MEAN_OF_THREE)
    back = fft.ifft2(numpy.exp(residual + 1j * numpy.angle(spectrum)))
    return smoothed((numpy.abs(back) ** 2).astype(numpy.float32), BELL)
