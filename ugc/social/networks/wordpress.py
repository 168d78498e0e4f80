"""WordPress: a site's posts and its comments, by the interface that every WordPress has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from ugc.kit.http.fetching import Answer
from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import ask_answer, ask_json, body_of, option, site
from ugc.social.networks.base import Ask, Field, MediaData, Mode, Network, PostData, Pulled, SourceGone
from ugc.social.networks.feed import pictures_in
from ugc.social.networks.paging import Page, current, size, walk
from ugc.social.networks.reading import (
    MOST_MEDIA,
    Missing,
    Record,
    count_at,
    dicts,
    find,
    hashtags_of,
    id_at,
    moment,
    moment_at,
    plain,
    read_posts,
    records_at,
    same_tag,
    text_at,
    url_at,
)  # fmt: skip

MOST_A_PAGE = 100
EMBEDDED = "author,wp:featuredmedia,wp:term"


def read_post(record: Record) -> PostData:
    """A blog post with its author, picture and terms where they are embedded; raises Missing."""
    number, url = id_at(record, "id"), url_at(record, "link")
    if not isinstance(find(record, "content.rendered"), str):
        raise Missing("content.rendered")
    markup = find(record, "content.rendered")
    title, text = plain(find(record, "title.rendered")), plain(markup) or plain(find(record, "excerpt.rendered"))
    groups = find(record, "_embedded.wp:term")
    terms = [term for group in groups for term in dicts(group)] if isinstance(groups, list) else []
    tags = (same_tag(term.get("name")) for term in terms)
    return PostData(
        external_id=f"{urlsplit(url).netloc}/post/{number}" if url else number, kind=Kind.POST, title=title, text=text, url=url,
        creator=read_author(record), published_at=moment_at(record, "date_gmt") or moment_at(record, "date"),
        media=read_media(record, markup, url), hashtags=tuple(dict.fromkeys([*hashtags_of(title, text), *filter(None, tags)]))[:60],
        embed_url=f"{url.rstrip('/')}/embed/" if url and "?" not in url else "",
    )  # fmt: skip


def read_author(record: Record) -> CreatorData | None:
    """Who wrote it, where the site says."""
    name, url = plain(find(record, "_embedded.author.0.name")), url_at(record, "_embedded.author.0.link")
    return CreatorData(name, "", url, "") if name else None


def read_media(record: Record, markup: str, base: str) -> tuple[MediaData, ...]:
    """The post's own picture, then those inside its text; each address once."""
    own = find(record, "_embedded.wp:featuredmedia.0")
    found: dict[str, MediaData] = {}
    if (url := url_at(own, "source_url")) and text_at(own, "media_type") in {"", "image"}:
        width, height = count_at(own, "media_details.width"), count_at(own, "media_details.height")
        found[url] = MediaData(url, alt=text_at(own, "alt_text"), width=width, height=height)
    for one in pictures_in(markup, base):
        found.setdefault(one.url, one)
    return tuple(found.values())[:MOST_MEDIA]


def read_comment(record: Record) -> PostData:
    """A comment under a post; raises Missing."""
    number, url = id_at(record, "id"), url_at(record, "link")
    text, name = plain(find(record, "content.rendered")), plain(find(record, "author_name"))
    if not text:
        raise Missing("content.rendered")
    return PostData(
        external_id=f"{urlsplit(url).netloc}/comment/{number}" if url else f"comment/{number}", text=text, url=url, is_mention=True,
        creator=CreatorData(name, "", url_at(record, "author_url"), "") if name else None,
        published_at=moment_at(record, "date_gmt") or moment_at(record, "date"), hashtags=hashtags_of(text),
        parent_url=url.split("#")[0],
    )  # fmt: skip


def refusal(answer: Answer) -> Exception | None:
    """A site that closed its interface; a page after the last one is refused with status 400."""
    if answer.status in {401, 403} or text_at(body_of(answer), "code") == "rest_no_route":
        return SourceGone()
    return None


def pull_posts(ask: Ask) -> Pulled:
    """The site's posts, newest first."""
    return walk(ask, lambda page: read_page(ask, "posts", {"_embed": EMBEDDED, "orderby": "date"}, page, read_post))


def pull_comments(ask: Ask) -> Pulled:
    """The site's comments, newest first."""
    return walk(ask, lambda page: read_page(ask, "comments", {"orderby": "date_gmt"}, page, read_comment))


def read_page(ask: Ask, kind: str, params: Mapping[str, str], page: str, read: Any) -> Page:
    """One page of a list; its token is its number. After the first walk only what is newer is asked for."""
    number, words = int(page) if page.isdecimal() else 1, ask.options.get("query", "").strip()
    seen = moment(current(ask).get("until_at"))
    asked = {**({"search": words} if words else {}), **({"after": seen.isoformat()} if seen else {})}
    sent = {**params, **asked, "order": "desc", "per_page": size(ask, MOST_A_PAGE), "page": str(number)}
    answer = ask_answer(ask, f"{root(ask)}/{kind}", sent, refusal=refusal)
    posts, skipped = read_posts(records_at(answer.json(), ""), read)
    pages = answer.headers.get("x-wp-totalpages", "0")
    return Page(posts, skipped, str(number + 1) if pages.isascii() and pages.isdecimal() and number < int(pages[:9]) else "")


def root(ask: Ask) -> str:
    """The interface's address; a blog in a folder of its site keeps its path."""
    path = urlsplit(option(ask, "site") if "://" in option(ask, "site") else f"https://{option(ask, 'site')}").path.rstrip("/")
    return f"{site(ask, 'site')}{quote(path, safe='/%')}/wp-json/wp/v2"


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which of this site's posts and comments still exist."""
    found: dict[str, bool] = {}
    for kind, path in (("post", "posts"), ("comment", "comments")):
        named = {
            name.rsplit("/", 1)[-1]: name for name in external_ids if f"{kind}/" in name and name.rsplit("/", 1)[-1].isdecimal()
        }
        numbers = list(named)
        for start in range(0, len(numbers), MOST_A_PAGE):
            batch = numbers[start : start + MOST_A_PAGE]
            params = {"include": ",".join(batch), "per_page": str(MOST_A_PAGE), "_fields": "id"}
            entries = dicts(records_at(ask_json(ask, f"{root(ask)}/{path}", params, refusal=refusal), ""))
            there = {str(entry.get("id")) for entry in entries}
            found |= {named[number]: number in there for number in batch}
    return found


SITE = Field("site", "Site", "e.g. https://blog.example.com")
WORDS = Field("query", "Words", "Only what holds them", required=False)
NETWORK = Network(
    kind="wordpress",
    label="WordPress",
    modes=(
        Mode("posts", "Posts", (SITE, WORDS), pull_posts, SourcePolicy.API_CACHED),
        Mode("comments", "Comments", (SITE, WORDS), pull_comments, SourcePolicy.API_CACHED),
    ),
    knows_own_only=True,
    check=check,
)
