"""Pixel measures, one pure function a file: they say what is there; scoring says what it is worth."""
