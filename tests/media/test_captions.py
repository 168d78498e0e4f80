"""Captions are read cue by cue and written anew; what a given file hides in them does not come out (T-14)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.media import captions
from ugc.media.captions import Cue

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> &amp; {\\an8}welcome
second line

2
00:00:03,000 --> 00:00:04,000
Bye
""".replace("\n", "\r\n")
VTT = """WEBVTT - a title
X-Secret: 48.8577

NOTE somebody's remark

STYLE
::cue { background: url(https://evil.test/x) }

intro
00:01.000 --> 00:02.500 line:0 position:20%
<v Ada>Hello <b>there</b></v>

01:00:00.000 --> 01:00:01.000
<script>alert(1)</script>
"""


def test_subrip_becomes_webvtt() -> None:
    assert captions.write_captions(captions.read_captions(SRT.encode())).decode() == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello &amp; welcome\nsecond line\n\n00:00:03.000 --> 00:00:04.000\nBye\n"
    )


def test_of_webvtt_times_and_words_stay() -> None:
    assert captions.read_captions(b"\xef\xbb\xbf" + VTT.encode()) == [
        Cue(1000, 2500, "Hello there"), Cue(3_600_000, 3_601_000, "alert(1)"),
    ]  # fmt: skip
    written = captions.write_captions(captions.read_captions(VTT.encode()))
    for hidden in (b"Secret", b"evil", b"remark", b"script", b"position", b"Ada"):
        assert hidden not in written


@pytest.mark.parametrize(
    "data",
    [
        b"", b"WEBVTT\n", b"no captions", b"\xff\xfe\0", b"x" * 500_001, b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"00:02.000 --> 00:01.000\nbackwards", "\n\n".join(["00:01.000 --> 00:02.000\nx"] * 5_001).encode(),
    ],
)  # fmt: skip
def test_what_is_no_captions_is_refused(data: bytes) -> None:
    with pytest.raises(captions.BadCaptions):
        captions.read_captions(data)


@pytest.mark.parametrize("language", ["", "EN", "english", "../x", "en\n", "e", "de-"])
def test_a_language_is_a_code(language: str) -> None:
    with pytest.raises(captions.BadLanguage):
        captions.check_language(language)
    assert captions.check_language("pt-BR") == "pt-BR"


TEXTS = st.text(max_size=80)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), TEXTS), min_size=1, max_size=6))
def test_what_was_written_reads_the_same(cues: list[tuple[int, int, str]]) -> None:
    given_text = "WEBVTT\n\n" + "\n\n".join(
        f"{captions.clock(start)} --> {captions.clock(start + length)}\n{text}" for start, length, text in cues
    )
    try:
        read = captions.read_captions(given_text.encode("utf-8", "replace"))
    except captions.BadCaptions:
        return
    written = captions.write_captions(read)
    assert written.count(b"-->") == len(read)
    assert [(cue.start, cue.end) for cue in captions.read_captions(written)] == [(cue.start, cue.end) for cue in read]
