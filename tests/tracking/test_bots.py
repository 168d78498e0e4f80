"""Programs and people by their user agents (T-73)."""

from __future__ import annotations

import pytest

from tests.tracking.sent import CHROME
from ugc.tracking import bots

ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-S918B"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        f"{SAFARI} Version/18.6 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0",
        f"{ANDROID}) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
        f"{CHROME} Edg/142.0.0.0",
        "Mozilla/5.0 (Linux; Android 12; CUBOT_X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
        # Browsers inside social apps: the very people whom customers' posts bring.
        f"{SAFARI} Mobile/15E148 Instagram 406.0.0.33.77 (iPhone15,2; iOS 18_6; de_DE; de; scale=3.00; 1179x2556; 789; IABMV/1)",
        f"{SAFARI} Mobile/22G86 [FBAN/FBIOS;FBAV/532.0.0.41.110;FBBV/789;FBDV/iPhone15,2;FBSN/iOS;FBSV/18.6]",
        f"{ANDROID}; wv) {WEBKIT} Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36 MetaIAB Facebook",
        f"{SAFARI} Mobile/15E148 [Pinterest/iOS]",
        f"{SAFARI} Mobile/15E148 musical_ly_35.1.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/de BytedanceWebview/d8a21c6",
        f"{SAFARI} GSA/390.0.0 Mobile/15E148 Safari/604.1",
    ],
)  # fmt: skip
def test_people_are_people(agent: str) -> None:
    assert bots.program_reason(agent) == ""


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        ("", "bot"),
        ("-", "bot"),
        ("curl/8.5.0", "bot"),
        ("python-requests/2.32", "bot"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
        (f"{ANDROID}) {WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)", "bot"),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", "bot"),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "bot"),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "bot"),
        ("Mozilla/5.0 (compatible; YandexBot/3.0)", "bot"),
        ("Mozilla/5.0 (compatible; Yahoo! Slurp)", "bot"),
        ("Mozilla/5.0 (compatible; Pinterestbot/1.0; +https://www.pinterest.com/bot.html)", "bot"),
        ("WhatsApp/2.23.20.0", "bot"),
        ("Mozilla/5.0 (compatible; GPTBot/1.2)", "bot"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/142.0.0.0 Safari/537.36", "automation"),
        (f"{CHROME} Chrome-Lighthouse", "bot"),
    ],
)  # fmt: skip
def test_programs_are_programs(agent: str, reason: str) -> None:
    assert bots.program_reason(agent) == reason


@pytest.mark.parametrize(
    ("headers", "ahead"),
    [({}, False), ({"sec-purpose": "prefetch;prerender"}, True), ({"purpose": "prefetch"}, True), ({"x-moz": "Prefetch"}, True)],
)
def test_loading_ahead_is_told_by_its_headers(headers: dict[str, str], ahead: bool) -> None:
    assert bots.is_prefetch(headers) is ahead
