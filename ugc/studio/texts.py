"""Settings of texts: the brand's own topics, words and competitors, and a box to try what is found in a text."""

from __future__ import annotations

import re

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.kit.errors import Invalid
from ugc.studio import answers, shapes
from ugc.studio.render import bare, page
from ugc.texts import queries, reading, vocabulary
from ugc.texts.base import Text
from ugc.texts.models import Use
from ugc.texts.readers import offence, taxonomy

pages = Blueprint("texts", __name__)

TRIED = 20_000
"""Characters of a text that the box takes."""
LISTS = {
    Use.BLOCKED: ("Blocked words", "A text that holds one of them offends."),
    Use.ALLOWED: ("Allowed words", "They never count as spam or offence: your own product names, your customers’ slang."),
    Use.COMPETITOR: ("Competitors", "Names and hosts; texts that mention one of them say so."),
}
SEVERITIES = ("", "mild", "strong", "grave")


@pages.get("/settings/texts")
@web.needs(Role.VIEWER)
def show() -> Response:
    """The words, and the box."""
    terms = vocabulary.find_terms(web.session(), web.principal().brand_id)
    topics: dict[str, list[object]] = {}
    for term in terms:
        if term.use is Use.TOPIC:
            topics.setdefault(term.topic, []).append(term)
    return page(
        "settings/texts.html", topics=topics, built_in=taxonomy.BUILT_IN, most=TRIED,
        lists=[(use, *words, [term for term in terms if term.use is use]) for use, words in LISTS.items()],
        toast=shapes.toast(request.args),
    )  # fmt: skip


@pages.post("/settings/texts")
@web.needs(Role.COORDINATOR)
def add() -> Response:
    """Take words in, a line or a comma each; the brand's texts are read again in the background."""
    principal, form = web.principal(), request.form
    if form.get("use", "") not in set(Use):
        raise Invalid("choose what the words are for")
    terms = re.split(r"[\n,;]", form.get("terms", ""))
    vocabulary.add_terms(
        web.session(), principal.brand_id, Use(form["use"]), terms, topic=form.get("topic", ""),
        actor=principal.actor, now=web.now(),
    )  # fmt: skip
    return answers.done("words", to="/studio/settings/texts")


@pages.post("/settings/texts/<int:term_id>/remove")
@web.needs(Role.COORDINATOR)
def remove(term_id: int) -> Response:
    """Look for a word no more."""
    principal = web.principal()
    vocabulary.remove_term(web.session(), principal.brand_id, term_id, actor=principal.actor, now=web.now())
    return answers.done("words", to="/studio/settings/texts")


@pages.post("/settings/texts/try")
@web.needs(Role.VIEWER)
def try_out() -> Response:
    """What is found in a text; nothing of it is kept."""
    text = Text(body=request.form.get("text", "")[:TRIED])
    context = queries.get_context(web.session(), web.principal().brand_id)
    [found] = reading.read([text], context)
    [levels] = offence.read_levels([text], context)
    return bare("settings/texts_found.html", found=found, text=text.body, levels=levels, severities=SEVERITIES)
