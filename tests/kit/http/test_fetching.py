"""Asking and answering over real sockets: pinned, redirected, dripping, endless, packed, cut off (T-31, T-32, T-34, F-36)."""

from __future__ import annotations

import gzip
import json
import os
import socket
import ssl
import time
import zlib
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.kit.http.servers import Say, Server, answer, serving
from ugc.kit import clock
from ugc.kit.errors import Outside, StorageFull
from ugc.kit.http import dialling, fetching
from ugc.kit.http.errors import (
    BadAddress,
    BlockedAddress,
    BodyTooLarge,
    NotJson,
    TooManyRedirects,
    TooSlow,
    Unreachable,
)
from ugc.kit.http.fetching import Answer, Fetcher
from ugc.kit.http.targets import Permits, read_permits

LOOPBACK = Permits(networks=(IPv4Network("127.0.0.1/32"),))
FETCHER = Fetcher(LOOPBACK)
HASTY = Fetcher(LOOPBACK, first_byte=0.5, total=1.0)


def at(server: Server, path: str = "/") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def pieces(*parts: bytes | float) -> Say:
    """Send the bytes, pause for the numbers."""

    def say(connection: socket.socket, request: bytes) -> None:
        for part in parts:
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                time.sleep(part)

    return say


def dripping(part: bytes, pause: float, count: int) -> list[bytes | float]:
    return [part, pause] * count


def test_an_answer_is_taken_whole_whatever_its_status() -> None:
    with serving(answer(b"gone", "X-Two: a", "X-Two: b", status="404 Not Found")) as server:
        found = FETCHER.fetch(at(server, "/a?b=c"), params={"d": "é"}, headers={"X-Own": "1"}, etag='"v"', modified="then")
    assert (found.status, found.body, found.headers["x-two"], found.url) == (404, b"gone", "a, b", at(server, "/a?b=c&d=%C3%A9"))
    [asked] = server.requests
    assert asked.startswith(b"GET /a?b=c&d=%C3%A9 HTTP/1.1\r\n")
    for header in (
        b"X-Own: 1",
        b'If-None-Match: "v"',
        b"If-Modified-Since: then",
        b"Accept-Encoding: gzip, deflate",
        b"User-Agent: ugc",
    ):
        assert header in asked


def test_forms_json_and_bytes_are_sent() -> None:
    with serving(answer(b"{}")) as server:
        FETCHER.fetch(at(server), method="POST", form={"a": "b c"})
        FETCHER.fetch(at(server), method="POST", json={"a": [1]})
        FETCHER.fetch(at(server), method="PUT", body=b"\x00\x01")
    form, made, raw = server.requests
    assert form.endswith(b"a=b+c")
    assert json.loads(made.split(b"\r\n\r\n")[1]) == {"a": [1]}
    assert raw.endswith(b"\r\n\r\n\x00\x01")


def test_json_that_is_none_is_said_so() -> None:
    assert Answer(200, "https://a.example/", {}, b'{"a": 1}').json() == {"a": 1}
    for body in (b"<html>", b"", b"\xff", b"[" * 100_000):
        with pytest.raises(NotJson):
            Answer(200, "https://a.example/?token=secret", {}, body).json()


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/html; charset=iso-8859-1", b"\xe9", "é"),
        ("text/html", "é".encode(), "é"),
        ("text/html; charset=no-such", b"a\xff", "a\ufffd"),
        ("text/html; charset=utf-16le; x=y", "é".encode("utf-16le"), "é"),
        ("text/html; charset=euc-kr", "한".encode("euc-kr"), "한"),
        *[
            (f"text/html; charset={name}", b"a-b", "a-b")
            for name in ("idna", "undefined", "a\0b", "zlib", "unicode_escape", "utf-7")
        ],
    ],
)
def test_text_is_read_in_the_character_set_that_is_named(kind: str, body: bytes, text: str) -> None:
    assert Answer(200, "https://a.example/", {"content-type": kind}, body).text() == text


def test_t34_no_character_set_makes_reading_slow() -> None:
    """As punycode, this would take minutes."""
    began = time.monotonic()
    hostile = Answer(200, "https://a.example/", {"content-type": "text/html; charset=punycode"}, b"a-" + b"a" * 500_000)
    assert len(hostile.text()) == 500_002
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "value", ["Bearer tok\r\nX-Evil: 1", "Bearer tok\nX", "Bearer to\0k", "Bearer \u2013tok", "Bearer tok\x7f"]
)
def test_t32_no_value_of_a_header_becomes_two(value: str) -> None:
    with serving(answer(b"")) as server:
        with pytest.raises(BadAddress) as refused:
            FETCHER.fetch(at(server), headers={"Authorization": value})
        assert "tok" not in refused.value.detail.replace("token", "")
        assert server.hits == 0
        FETCHER.fetch(at(server), etag='"\u2013"', modified="\0")  # what a server gave and can't be given back is left out
        assert b"if-none-match" not in server.requests[0].lower()


def test_t34_connections_are_closed_also_where_an_error_is_kept() -> None:
    kept, before = [], len(os.listdir("/proc/self/fd"))
    with serving(answer(bytes(2_000_000))) as server:
        for _ in range(10):
            with pytest.raises(BodyTooLarge) as refused:
                FETCHER.fetch(at(server), max_bytes=1_000)
            kept.append(refused.value)
    assert len(os.listdir("/proc/self/fd")) - before < 10
    assert len(kept) == 10


def test_t30_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer(b"proxy")) as proxy, serving(answer(b"itself")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert FETCHER.fetch(at(server)).body == b"itself"
        assert proxy.hits == 0


def test_t31_the_name_is_resolved_once_and_the_checked_address_is_the_one_that_is_reached() -> None:
    """DNS rebinding: the second answer would lead elsewhere; nobody asks for it."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    with serving(answer(b"the checked one")) as server:
        found = Fetcher(LOOPBACK, resolve=rebinding).fetch(f"http://photos.example:{server.port}/")
    assert found.body == b"the checked one"
    assert asked == ["photos.example"]
    assert f"Host: photos.example:{server.port}".encode() in server.requests[0]


def test_t31_one_bad_answer_among_good_ones_is_enough_to_refuse() -> None:
    with serving(answer(b"")) as server, pytest.raises(BlockedAddress):
        Fetcher(LOOPBACK, resolve=lambda host, port: ["127.0.0.1", "127.0.0.2"]).fetch(f"http://photos.example:{server.port}/")
    assert server.hits == 0


def redirect(location: str, status: str = "302 Found") -> Say:
    return answer(b"see there", f"Location: {location}", status=status)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/", "http://[::ffff:7f00:1]/", "file:///etc/passwd", "gopher://127.0.0.2/", "//127.0.0.2/",
        "http:127.0.0.2", "http://127.0.0.2/", "http://[", "//[x", "http://a\u2100b/",
        "http://2130706434/", "http://a@127.0.0.1/", "javascript:alert(1)", "http://127.0.0.2:{}/",
    ],
)  # fmt: skip
def test_t32_a_redirect_is_checked_like_the_first_address(location: str) -> None:
    with serving(answer(b"canary"), host="127.0.0.2") as canary, serving(redirect(location.format(canary.port))) as server:
        opened = Fetcher(read_permits(["start.example"]), resolve=lambda host, port: ["127.0.0.1" if "start" in host else host])
        with pytest.raises(Outside) as refused:
            opened.fetch(f"http://start.example:{server.port}/", redirects=3)
        assert refused.value.code in {"blocked_address", "bad_address"}
        assert canary.hits == 0


def test_t32_redirects_are_not_followed_unless_asked() -> None:
    with serving(answer(b"canary")) as canary, serving(redirect(at(canary))) as server:
        assert (FETCHER.fetch(at(server)).status, canary.hits) == (302, 0)
        assert FETCHER.fetch(at(server), redirects=1).body == b"canary"


def test_t32_a_loop_ends() -> None:
    with serving(redirect("/", "307 Temporary Redirect")) as server:
        with pytest.raises(TooManyRedirects):
            FETCHER.fetch(at(server), redirects=3)
        assert server.hits == 4


def test_t32_credentials_stay_with_their_host() -> None:
    secrets = {"Authorization": "Bearer tok_SECRET", "Cookie": "a=tok_SECRET", "X-Api-Key": "tok_SECRET"}
    with serving(answer(b"")) as other, serving(redirect(at(other))) as server:
        FETCHER.fetch(at(server), headers=secrets | {"Accept-Language": "de"}, redirects=1)
        assert b"tok_SECRET" not in other.requests[0]
        assert b"Accept-Language: de" in other.requests[0]


def test_t32_credentials_go_on_within_a_host() -> None:
    def say(connection: socket.socket, request: bytes) -> None:
        (answer(b"") if b"GET /b " in request else redirect("/b"))(connection, request)

    with serving(say) as server:
        FETCHER.fetch(at(server, "/a"), headers={"Authorization": "Bearer tok"}, redirects=1)
        assert b"Authorization: Bearer tok" in server.requests[1]


def test_t32_a_body_is_not_sent_on_to_another_host() -> None:
    with serving(answer(b"")) as other, serving(redirect(at(other), "307 Temporary Redirect")) as server:
        with pytest.raises(BlockedAddress):
            FETCHER.fetch(at(server), method="POST", form={"client_secret": "tok"}, redirects=1)
        assert other.hits == 0


def test_t32_after_a_303_it_is_asked_for_without_a_body() -> None:
    with serving(answer(b"made")) as other, serving(redirect(at(other), "303 See Other")) as server:
        assert FETCHER.fetch(at(server), method="POST", form={"a": "b"}, redirects=1).body == b"made"
        assert other.requests[0].startswith(b"GET / ")
        assert b"Content-" not in other.requests[0]


def test_t34_the_limits_are_those_that_are_promised() -> None:
    assert (dialling.CONNECT, fetching.FIRST_BYTE, fetching.TOTAL) == (3.0, 5.0, 15.0)
    assert (Fetcher().first_byte, Fetcher().total) == (5.0, 15.0)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize(
    "say",
    [
        pieces(HEAD + b"Content-Length: 100\r\n\r\n", *dripping(b"x", 0.1, 80)),
        pieces(HEAD + b"\r\n", *dripping(b"x", 0.1, 80)),
        pieces(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *dripping(b"0", 0.1, 80)),
        pieces(*[HEAD[at : at + 1] for at in range(5)], *dripping(b"a", 0.1, 80)),
        pieces(b"HTTP/1.1 100 Continue\r\n\r\n", *dripping(b"HTTP/1.1 100 Continue\r\n\r\n", 0.1, 80)),
        pieces(4.0),
    ],
    ids=["length", "until closed", "chunk sizes", "header", "continue", "silence"],
)  # fmt: skip
def test_t34_whatever_drips_is_ended_at_the_deadline(say: Say) -> None:
    """Each byte comes in time; all of them never would (CVE-2023-36461)."""
    began = time.monotonic()
    with serving(say) as server, pytest.raises(TooSlow) as refused:
        HASTY.fetch(at(server))
    assert time.monotonic() - began < 2.5
    assert not refused.value.permanent


def test_t34_a_server_that_never_takes_the_connection_is_given_up() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]  # the queue of the deaf one is full
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        with pytest.raises(TooSlow):
            HASTY.fetch(f"http://127.0.0.1:{port}/")
        for each in waiting:
            each.close()


def test_t34_a_resolver_that_hangs_is_left_behind() -> None:
    def hang(host: str, port: int) -> list[str]:
        time.sleep(2)
        return []

    with pytest.raises(TooSlow):
        Fetcher(LOOPBACK, total=0.3, resolve=hang).fetch("https://photos.example/")


def endless(connection: socket.socket, request: bytes) -> None:
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(bytes(65536))


def lying(connection: socket.socket, request: bytes) -> None:
    connection.sendall(HEAD + b"Content-Length: 10000000000\r\n\r\n")


def bomb(connection: socket.socket, request: bytes) -> None:
    """1 MB on the way that would be 1 GB in memory."""
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\n\r\n")
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    for _ in range(1000):
        connection.sendall(packer.compress(bytes(1_000_000)))


def empty_members(connection: socket.socket, request: bytes) -> None:
    """Packed, without end, and nothing in it."""
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\n\r\n")
    while True:
        connection.sendall(gzip.compress(b"") * 1_000)


@pytest.mark.parametrize("say", [endless, lying, bomb, empty_members])
@pytest.mark.parametrize("max_bytes", [2_000_000, 1_000_000_000])
def test_t34_a_body_without_end_is_refused_in_little_memory(say: Say, max_bytes: int, tmp_path: Path) -> None:
    if say in (endless, empty_members) and max_bytes > 2_000_000:
        pytest.skip("a billion bytes would be allowed to come")
    before = resident()
    with serving(say) as server, pytest.raises(BodyTooLarge):
        FETCHER.download(at(server), tmp_path / "x", max_bytes=max_bytes)
    assert resident() - before < 20_000_000
    assert not (tmp_path / "x").exists()


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("gzip", lambda data: gzip.compress(data[:10]) + gzip.compress(data[10:])),
        ("identity", bytes),
    ],
)
@pytest.mark.parametrize("size", [0, 1, 65_536, 200_000])
def test_a_packed_body_is_unpacked(encoding: str, pack: Callable[[bytes], bytes], size: int) -> None:
    body = os.urandom(size)
    with serving(answer(pack(body), f"Content-Encoding: {encoding}")) as server:
        assert FETCHER.fetch(at(server)).body == body


@pytest.mark.parametrize(
    "say",
    [
        answer(b"xyz", "Content-Encoding: br"),
        answer(b"not gzip at all", "Content-Encoding: gzip"),
        answer(gzip.compress(b"x" * 500)[:-6], "Content-Encoding: gzip"),
        pieces(HEAD + b"Content-Length: 100\r\n\r\nonly this"),
        pieces(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        pieces(b"no http at all\r\n\r\n"),
        pieces(b""),
    ],
)
def test_an_answer_that_is_cut_off_or_unreadable_is_none(say: Say, tmp_path: Path) -> None:
    with serving(say) as server:
        with pytest.raises(Unreachable):
            FETCHER.fetch(at(server))
        with pytest.raises(Unreachable):
            FETCHER.download(at(server), tmp_path / "x", max_bytes=1000)
    assert not (tmp_path / "x").exists()


def test_a_download_lies_in_its_file_and_an_error_page_does_not(tmp_path: Path) -> None:
    body = os.urandom(300_000)
    with serving(answer(body)) as server:
        assert FETCHER.download(at(server), tmp_path / "a", max_bytes=300_000).body == b""
    assert (tmp_path / "a").read_bytes() == body
    with serving(answer(b"no", status="404 Not Found")) as server:
        assert FETCHER.download(at(server), tmp_path / "b", max_bytes=300_000).status == 404
    assert not (tmp_path / "b").exists()
    with serving(answer(body)) as server, pytest.raises(FileExistsError):
        FETCHER.download(at(server), tmp_path / "a", max_bytes=300_000)
    assert (tmp_path / "a").read_bytes() == body


def test_t34_a_connection_that_opens_behind_the_deadline_is_closed() -> None:
    deadline = dialling.Deadline(9)
    deadline.end()
    with socket.socket() as late:
        with pytest.raises(TooSlow):
            deadline.watch(late)
        assert late.fileno() == -1


def test_f08_a_disk_that_is_full_is_not_the_servers_fault(tmp_path: Path) -> None:
    with serving(answer(b"x" * 100_000)) as server, open("/dev/full", "wb", buffering=0) as full, pytest.raises(StorageFull):
        FETCHER.follow(FETCHER.request(at(server), "GET", {}), 0, lambda status: fetching.write_to(full), 1_000_000, 5)


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        FETCHER.fetch("http://127.0.0.1:9/")
    with pytest.raises(Unreachable):
        Fetcher(resolve=lambda host, port: []).fetch("https://photos.example/")


def test_no_error_repeats_what_the_address_may_hide() -> None:
    for url in ("http://127.0.0.1:9/?token=tok_SECRET", "https://user:tok_SECRET@a.example/", "http://127.0.0.2/?t=tok_SECRET"):
        with pytest.raises((Unreachable, BadAddress, BlockedAddress)) as refused:
            FETCHER.fetch(url)
        assert "tok_SECRET" not in str(refused.value)


def certificate(folder: Path, name: str, days: int) -> tuple[ssl.SSLContext, str]:
    """A server's certificate for one name and the file of those who trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = clock.now()
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    trusted, chain = folder / "ca.pem", folder / "chain.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(plain + trusted.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context, str(trusted)


def test_t30_tls_speaks_to_the_pinned_address_by_its_name(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path, "photos.example", 9)
    names: list[str | None] = []
    context.sni_callback = lambda connection, name, _: names.append(name)
    fetcher = Fetcher(LOOPBACK, ca_certs=trusted, resolve=lambda host, port: ["127.0.0.1"])
    with serving(answer(b"safe"), tls=context) as server:
        assert fetcher.fetch(f"https://photos.example:{server.port}/").body == b"safe"
        assert names == ["photos.example"]


@pytest.mark.parametrize(
    ("name", "days", "knows"), [("other.example", 9, True), ("photos.example", -1, True), ("photos.example", 9, False)]
)
def test_f36_a_certificate_that_does_not_fit_is_never_accepted(tmp_path: Path, name: str, days: int, knows: bool) -> None:
    context, trusted = certificate(tmp_path, name, days)
    fetcher = Fetcher(LOOPBACK, ca_certs=trusted if knows else "", resolve=lambda host, port: ["127.0.0.1"])
    with serving(answer(b""), tls=context) as server:
        with pytest.raises(Unreachable) as refused:
            fetcher.fetch(f"https://photos.example:{server.port}/")
        assert not refused.value.permanent
        assert server.hits == 0


def test_t32_from_tls_no_redirect_leads_to_plain_http(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path, "photos.example", 9)
    with serving(answer(b"canary")) as canary, serving(redirect(at(canary)), tls=context) as server:
        fetcher = Fetcher(LOOPBACK, ca_certs=trusted, resolve=lambda host, port: ["127.0.0.1"])
        with pytest.raises(BlockedAddress):
            fetcher.fetch(f"https://photos.example:{server.port}/", redirects=3)
        assert canary.hits == 0


def test_t34_the_deadline_holds_within_tls(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path, "photos.example", 9)
    fetcher = Fetcher(LOOPBACK, ca_certs=trusted, resolve=lambda host, port: ["127.0.0.1"], total=1.0)
    with serving(pieces(HEAD + b"\r\n", *dripping(b"x", 0.1, 80)), tls=context) as server, pytest.raises(TooSlow):
        fetcher.fetch(f"https://photos.example:{server.port}/")


def test_a_host_that_is_named_may_be_private(tmp_path: Path) -> None:
    with serving(answer(b"inside")) as server:
        opened = Fetcher(read_permits(["media.intern"]), resolve=lambda host, port: ["127.0.0.1"])
        assert opened.fetch(f"http://media.intern:{server.port}/").body == b"inside"
        with pytest.raises(BlockedAddress):
            opened.fetch(f"http://evil-media.intern:{server.port}/")
    assert urlsplit(at(server)).hostname == "127.0.0.1"


@pytest.mark.long
def test_t34_a_byte_a_second_ends_after_fifteen_and_a_half_at_most() -> None:
    began = time.monotonic()
    with serving(pieces(HEAD + b"\r\n", *dripping(b"x", 1.0, 30))) as server, pytest.raises(TooSlow):
        FETCHER.fetch(at(server))
    assert 14.5 < time.monotonic() - began < 15.5


def test_t34_patience_is_for_one_request_and_ends_too() -> None:
    """A server that thinks before it answers may be given longer than others, not for ever."""
    with serving(pieces(0.8, HEAD + b"Content-Length: 2\r\n\r\nok")) as server:
        assert HASTY.fetch(at(server), patience=5.0).body == b"ok"
        with pytest.raises(TooSlow):
            HASTY.fetch(at(server))
    with serving(pieces(4.0)) as server, pytest.raises(TooSlow):
        HASTY.fetch(at(server), patience=1.2)
