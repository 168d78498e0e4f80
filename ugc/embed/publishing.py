"""Write the element's published files from their sources: `python -m ugc.embed.publishing` (`make widget`)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import rjsmin

from ugc.galleries import published
from ugc.kit import shipped

SOURCES = ("gallery.js", "lightbox.js", "carousel.js", "player.js", "track.js", "upload.js", "gallery.css")
# The version that is still being made; a released one is never written again.
CURRENT = "v1"


def publish(version: str = CURRENT) -> dict[str, str]:
    """Minify each source into the version's folder and write the hashes; returns them."""
    manifest = {}
    published.folder(version).mkdir(exist_ok=True)
    for name in SOURCES:
        data = minify(source_of(name))
        (published.folder(version) / name).write_bytes(data)
        manifest[name] = published.integrity(data)
    (published.folder(version) / published.MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
    published.read_manifest.cache_clear()
    return manifest


def source_of(name: str) -> Path:
    """Where a published file is written: the upload element lies beside the gallery's files, since it shares nothing with them."""
    return shipped.folder("static") / ("upload" if name == "upload.js" else "widget") / name


def minify(path: Path) -> bytes:
    """A source without comments and idle spaces."""
    text = path.read_text()
    if path.suffix == ".js":
        # Line breaks inside a style sheet's text mean nothing; rjsmin leaves texts alone.
        text = re.sub(r"const CSS = `(.*?)`", lambda found: "const CSS=`" + found[1].replace("\n", "") + "`", text, flags=re.DOTALL)
        small = rjsmin.jsmin(text)
        return (small if isinstance(small, str) else small.decode()).encode()
    return " ".join(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).split()).encode()


if __name__ == "__main__":
    for name, digest in publish().items():
        print(f"{name}\t{digest}")  # noqa: T201  # the command's answer
