"""Tells programs from people by what their requests say; a small rule set of our own (T-73)."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Browsers inside Instagram, Facebook, TikTok, Pinterest, Snapchat, LINE, WeChat: crawler lists hold some of them, but here
# they are the very shoppers that come from customers' posts (peers §2.2). They may name an app that sounds like a robot.
IN_APP = re.compile(
    r"Instagram \d|\[FB|FBAN/|FBAV/|FB_IAB|MetaIAB|\bIABMV/|musical_ly|BytedanceWebview|TikTok[ /_]|Snapchat/|MicroMessenger|"
    r"\bLine/|\[Pinterest|GSA/\d|LinkedInApp|Twitter for i|NAVER\(inapp|KAKAOTALK",
)
# Words that no shopper's browser holds. `cubot` is a maker of phones.
PROGRAM = re.compile(
    r"(?<!cu)bot(?:s?\b|[\d_])|crawl|spider|spyder|slurp|scrap|archiver|fetch|"
    r"monitor|pingdom|uptime|validator|checker|"
    r"preview|prerender|headless|phantom|selenium|puppeteer|playwright|lighthouse|pagespeed|gtmetrix|inspection|scanner|"
    r"compatible;(?! MSIE)|synthetic|agent\b|sitemap|linkcheck|audit|watcher|resolver|optimizer|electron/|google favicon|"
    r"imageproxy|"
    r"\b(?!BUILD\b)[a-z0-9-]{3,}\.(?:com|net|org|io|co|dev)\b|scan\b|verif|securityheaders|"
    r"https?://|www\.|@[a-z0-9.-]+\.[a-z]{2,}|\+?mailto:|facebookexternalhit|facebookcatalog|meta-external|"
    r"\b(?:curl|wget|python|java|okhttp|go-http-client|libwww|lwp|perl|ruby|php|node|axios|got|aiohttp|httpx|guzzle|postman|insomnia|"
    r"apache-httpclient|httpclient|winhttp|httpunit|nutch|embedly|quora link|mediapartners|adsbot|bingpreview|google-|googleother|"
    r"feed|rss|reader|news|search|seo|analy[sz]er|whatsapp|telegram|slack|discord|skypeuripreview|vkshare|bitlybot|flipboard|"
    r"tumblr|nuzzel|outbrain|pinterest/|ia_archiver|biglotron|teoma|convera|daum|yeti|ask jeeves)\b",
    re.IGNORECASE,
)
# Said by robots that carry a social app's name.
SURELY = re.compile(r"(?<!cu)bot\b|spider|crawl", re.IGNORECASE)
AUTOMATION = re.compile(r"headless|phantom|selenium|puppeteer|playwright", re.IGNORECASE)
BROWSER = re.compile(r"^(?:Mozilla/5\.0 \(|Opera/\d)")
# Headers by which a browser says that nobody looks yet.
PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")


def program_reason(user_agent: str) -> str:
    """`bot` or `automation` for a program, empty for a person's browser."""
    if AUTOMATION.search(user_agent):
        return "automation"
    if IN_APP.search(user_agent) and not SURELY.search(user_agent):
        return ""
    return "" if BROWSER.match(user_agent) and not PROGRAM.search(user_agent) else "bot"


def is_prefetch(headers: Mapping[str, str]) -> bool:
    """Whether the browser loads ahead of a visit that may never come."""
    return any(re.search("prefetch|prerender|preview", headers.get(name, ""), re.IGNORECASE) for name in PREFETCH_HEADERS)
