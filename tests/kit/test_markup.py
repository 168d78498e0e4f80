from __future__ import annotations

from pathlib import Path

import pytest

from ugc.kit import markup
from ugc.kit.markup import BadXml, BrokenOff


def written(folder: Path, text: str) -> Path:
    """A file of XML."""
    path = folder / "x.xml"
    path.write_text(text)
    return path


def test_records_come_with_their_lines_and_without_prefixes(tmp_path: Path) -> None:
    path = written(
        tmp_path, "<f:feed xmlns:f='x'>\n<f:r><f:a> 1 </f:a></f:r>\n<other><f:a>2</f:a></other>\n<r><r>3</r></r></f:feed>"
    )
    found = list(markup.read_records(path, {"r"}))
    assert [(line, record.tag, markup.text_of(record, "a"), markup.text_of(record, "r")) for line, record in found] == [
        (2, "r", "1", ""),
        (4, "r", "", "3"),
    ]
    assert [record[0].tag for _, record in markup.read_records(path, {"r"}, prefixes=True)] == ["f:a", "r"]
    assert markup.root_of(path) == ("feed", {"xmlns:f": "x"})


def test_what_came_before_a_break_is_handed_out(tmp_path: Path) -> None:
    records = markup.read_records(written(tmp_path, "<feed><r>1</r>\n<r>2"), {"r"})
    assert next(records)[1].text == "1"
    with pytest.raises(BrokenOff) as broken:
        next(records)
    assert broken.value.line == 2


@pytest.mark.parametrize(
    "text", ["", "<", "no markup", "<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"]
)
def test_what_is_no_xml_or_declares_entities_is_refused(tmp_path: Path, text: str) -> None:
    """T-36."""
    with pytest.raises(BadXml):
        markup.root_of(written(tmp_path, text))


def test_a_text_is_cut_and_a_record_of_endless_parts_refused(tmp_path: Path) -> None:
    """T-39."""
    [(_, record)] = markup.read_records(written(tmp_path, f"<feed><r>{'x' * 100_000}</r></feed>"), {"r"})
    assert len(record.text or "") == markup.MAX_TEXT
    with pytest.raises(BadXml, match="parts"):
        list(markup.read_records(written(tmp_path, f"<feed><r>{'<a/>' * markup.MAX_PARTS}</r></feed>"), {"r"}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<feed>" + "<a>" * 1_000, "nested"),
        ("<feed><r a='" + "x" * (markup.MAX_TOKEN + 200_000), "tag or comment"),
        ("<feed><!--" + "x" * (markup.MAX_TOKEN + 200_000), "tag or comment"),
        ("<feed><r>" + f"<a b='{'x' * 50_000}'/>" * 40 + "</r></feed>", "endless"),
    ],
)
def test_what_the_parser_would_have_to_hold_has_bounds(tmp_path: Path, text: str, reason: str) -> None:
    """T-39."""
    with pytest.raises(BadXml, match=reason):
        list(markup.read_records(written(tmp_path, text), {"r"}))


def test_a_record_of_many_long_texts_is_cut(tmp_path: Path) -> None:
    """T-39."""
    text = "<feed><r>" + f"<a>{'x' * 19_000}</a>" * 200 + "</r><r><a>next</a></r></feed>"
    first, second = (record for _, record in markup.read_records(written(tmp_path, text), {"r"}))
    assert sum(len(part.text or "") for part in first) == markup.MAX_RECORD
    assert markup.text_of(second, "a") == "next"
