"""Reading a URL in one way only, and where it may lead: tables without a network (T-30, T-32, T-33, CVE-2026-33393)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from ugc.kit.http.errors import BadAddress, BlockedAddress
from ugc.kit.http.targets import Target, check_answers, check_unresolved, read_permits, read_target, redirected

CLOSED = read_permits([])


@pytest.mark.parametrize(
    "url",
    [
        "http://1.1.1.1 &@127.0.0.1/", "http://127.0.0.1:80\\@evil/", "http://evil#@127.0.0.1/", "http://①②⑦.⓪.⓪.①/",
        "http://0x7f.1/", "http://2130706433/", "http://0177.0.0.1/", "http://127.1/", "http://127。0。0。1/",
        "http://user@example.com/", "http://user:word@example.com/", "http://@example.com/", "http://example.com@/",
        "https://exa mple.com/", "https://example.com/ ", " https://example.com/", "https://example.com/\r\nHost: evil",
        "https://example.com\t/", "https://exam\0ple.com/", "https://exam%70le.com/", "https://%31%32%37.0.0.1/",
        "https://localhost./", "https://example.com./", "https://example..com/", "https://.example.com/",
        "https:///example.com/", "https:/example.com/", "https:example.com", "http:127.0.0.1", "//127.0.0.1/",
        "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.com/", "javascript:alert(1)", "data:text/plain,x", "",
        "example.com", "https://example.com:0/", "https://example.com:99999/", "https://example.com:8o/", "https://[::1/",
        "https://[fe80::1%25eth0]/", "https://[::1]evil.example/", "https://[v1.x]/", "https://-a.example/",
        "https://a-.example/", "https://" + "a" * 64 + ".example/", "https://" + "a." * 130 + "example/",
        "https://example.com/" + "x" * 9000, "https://exa\u200bmple.com/", "https://exa\u202emple.com/",
        "https://*.example.com/", "https://exa$mple.com/", "https://１２７.0.0.1/",
    ],
)  # fmt: skip
def test_t33_what_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises((BadAddress, BlockedAddress)):
        check_unresolved(read_target(url), CLOSED)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target("https", "example.com", 443, "/")),
        ("HTTPS://Example.COM:443/A?b=c#d", Target("https", "example.com", 443, "/A?b=c")),
        ("http://example.com/ä", Target("http", "example.com", 80, "/%C3%A4")),
        ("https://bücher.example/", Target("https", "xn--bcher-kva.example", 443, "/")),
        ("https://[2606:4700::1111]:8443/", Target("https", "2606:4700::1111", 8443, "/")),
        ("https://a_b.example/@user/1", Target("https", "a_b.example", 443, "/@user/1")),
        ("https://example.com?u=a@b", Target("https", "example.com", 443, "/?u=a@b")),
    ],
)
def test_t33_an_ordinary_address_is_read_as_the_library_reads_it(url: str, target: Target) -> None:
    assert read_target(url) == target


@given(st.text(max_size=60), st.sampled_from(["https://", "http://", "https://a.example", "https://[", ""]))
def test_t33_no_text_is_read_otherwise_than_the_library_that_connects_reads_it(text: str, start: str) -> None:
    try:
        target = read_target(start + text)
    except BadAddress:
        return
    parts = parse_url(start + text)
    assert (parts.host or "").strip("[]").lower() == target.host
    assert parts.auth is None


@pytest.mark.parametrize(
    ("allow", "host", "named"),
    [
        (["media.intern"], "media.intern", True),
        (["media.intern"], "evil-media.intern", False),
        (["media.intern"], "x.media.intern", False),
        (["media.intern"], "media.intern.evil.example", False),
        ([".corp.example"], "a.corp.example", True),
        ([".corp.example"], "a.b.corp.example", True),
        ([".corp.example"], "attackercorp.example", False),
        ([".corp.example"], "corp.example", False),
        (["MEDIA.intern"], "media.intern", True),
        ([], "media.intern", False),
    ],
)
def test_a_host_is_named_label_by_label(allow: list[str], host: str, named: bool) -> None:
    assert read_permits(allow).has_name(host) is named


@pytest.mark.parametrize(
    ("allow", "http", "url", "answers", "may"),
    [
        ([], False, "https://a.example/", ["8.8.8.8"], True),
        ([], False, "https://a.example/", ["8.8.8.8", "2606:4700::1111"], True),
        ([], False, "https://a.example/", ["8.8.8.8", "127.0.0.1"], False),
        ([], False, "https://a.example/", ["not an address"], False),
        ([], False, "http://a.example/", ["8.8.8.8"], False),
        ([], True, "http://a.example/", ["8.8.8.8"], True),
        ([], True, "http://a.example:8080/", ["8.8.8.8"], False),
        ([], False, "https://a.example:8443/", ["8.8.8.8"], False),
        ([], False, "https://a.example:22/", ["8.8.8.8"], False),
        (["10.0.0.0/8"], False, "http://a.example:8080/", ["10.1.2.3"], True),
        (["10.0.0.0/8"], False, "http://a.example:8080/", ["10.1.2.3", "8.8.8.8"], False),
        (["10.0.0.0/8"], False, "https://a.example/", ["10.1.2.3", "8.8.8.8"], True),
        (["10.0.0.0/8"], False, "https://a.example/", ["192.168.0.1"], False),
        (["fd00::/8"], False, "http://a.example:9/", ["fd00::1"], True),
        (["a.example"], False, "http://a.example:8080/", ["127.0.0.1"], True),
        (["a.example"], False, "http://b.example:8080/", ["127.0.0.1"], False),
        (["127.0.0.1"], False, "http://127.0.0.1:8080/", ["127.0.0.1"], True),
        (["127.0.0.1"], False, "http://127.0.0.2:8080/", ["127.0.0.2"], False),
        (["127.0.0.1"], False, "http://[::ffff:127.0.0.1]:8080/", ["::ffff:127.0.0.1"], True),
    ],
)
def test_t30_what_may_be_reached(allow: list[str], http: bool, url: str, answers: list[str], may: bool) -> None:
    permits, target = read_permits(allow, http=http), read_target(url)
    if may:
        check_unresolved(target, permits)
        check_answers(target, answers, permits)
    else:
        with pytest.raises(BlockedAddress):
            check_answers(target, answers, permits)


def test_what_no_answer_could_allow_is_refused_before_anybody_is_asked() -> None:
    for url in ("http://a.example/", "https://a.example:22/", "https://127.0.0.1/"):
        with pytest.raises(BlockedAddress):
            check_unresolved(read_target(url), CLOSED)


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        ("/b", "https://a.example/b"),
        ("b?c", "https://a.example/x/b?c"),
        ("//b.example/", "https://b.example/"),
        ("https://b.example/", "https://b.example/"),
        ("/Ã¤", "https://a.example/ä"),
        ("http:127.0.0.1", None),
        ("javascript:alert(1)", None),
        ("/a\tb", None),
        ("\\\\evil.example/", None),
        ("http://[", None),
        ("//[::1", None),
        ("https://a\u2100b/", None),
    ],
)
def test_t32_a_redirect_is_read_in_one_way(location: str, leads: str | None) -> None:
    if leads is None:
        with pytest.raises(BadAddress):
            redirected("https://a.example/x/y", location)
    else:
        assert redirected("https://a.example/x/y", location) == leads
