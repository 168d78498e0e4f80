"""Spam, offence, personal data, mentions, topics: what each finds and, as important, what it leaves alone."""

from __future__ import annotations

import ast
import inspect
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ROOT
from ugc.modelling.artefacts import Artefact
from ugc.texts import folding, lexicon, links
from ugc.texts.base import PLAIN, Context, Finding, Text
from ugc.texts.readers import mentions, offence, personal_data, spam, taxonomy


def spam_of(body: str, context: Context = PLAIN, **facts: str) -> Finding:
    [found] = spam.read([Text(body=body, **facts)], context)
    return found


def offence_of(body: str, context: Context = PLAIN, language: str = "en") -> offence.Levels:
    [found] = offence.read_levels([Text(body=body, language=language)], context)
    return found


def personal(body: str, context: Context = PLAIN, **facts: str) -> list[tuple[str, str]]:
    """Kind and the piece of the text that was found."""
    text = Text(body=body, **facts)
    return [(place.kind, text.whole[place.start : place.end]) for place in personal_data.find(text, context)]


def topics_of(body: str, language: str = "", context: Context = PLAIN) -> list[str]:
    [found] = taxonomy.read([Text(body=body, language=language)], context)
    return [topic.label for topic in found]


@pytest.mark.parametrize("body", [
    "Check out my channel and subscribe!!",
    "Earn money from home, click here http://bit.ly/xyz",
    "Online casino with free spins, sign up now",
    "Want more followers? www.buy-them.example/now",
    "hey guys plz subscribe to me, i do covers",
    "Schaut mal vorbei auf meine Seite, schnell Geld verdienen",
    "Abonnez-vous à ma chaîne, merci",
    "Suscríbete a mi canal",
    "Inscreva-se no meu canal",
    "Iscrivetevi, il mio canale vi aspetta",
    "gifts gifts gifts gifts gifts gifts gifts gifts gifts",
    "cheap shoes at best-shoes . com, order now",
    "раypal саsino bonus for you",
    "sub\u00adscribe to my ch\u200bannel",
])  # fmt: skip
def test_spam_is_found_before_anything_was_learnt(body: str) -> None:
    found = spam_of(body)
    assert found.p >= 0.5, found
    assert found.words


@pytest.mark.parametrize("body", [
    "Lovely dress, fits true to size. I bought it in two colours!",
    "LOVE LOVE LOVE this!!!!! BEST JEANS EVER!!!!!",
    "I tried these on in my store and they run small. Very, very soft.",
    "Ich habe es zurückgeschickt, die Qualität ist schlecht.",
    "😍😍😍😍😍😍😍😍😍😍",
    "ha ha ha ha ha ha ha ha ha ha ha",
    "It is great.It fits.No complaints at all",
    "Use subscribe and save, it is cheaper",
    "",
])  # fmt: skip
def test_ordinary_words_are_no_spam(body: str) -> None:
    assert spam_of(body).p < 0.5


def test_a_link_to_the_shops_own_pages_says_nothing() -> None:
    own = Context(own=("shop.example",))
    assert spam_of("see https://www.shop.example/boots", own).p < spam_of("see https://other.example/boots", own).p


def test_a_brands_allowed_words_are_no_spam() -> None:
    allowed = Context(words={"allowed": ("casino*", "free spins")})
    assert spam_of("The Casino and Free Spins dresses").p >= 0.5
    assert spam_of("The Casino and Free Spins dresses", allowed).p < 0.5


@pytest.mark.parametrize(("body", "label"), [
    ("what the fuck is this", "profanity"), ("f u c k this", "profanity"), ("this is sh1t", "profanity"),
    ("f**k off", "profanity"), ("fuuuuck", "profanity"), ("b!tch", "profanity"), ("fսck fuсk", "profanity"),
    ("you are an idiot", "insult"), ("go to hell and kill yourself", "insult"),
])  # fmt: skip
def test_offence_is_found_however_it_is_disguised(body: str, label: str) -> None:
    found = offence_of(body)
    assert found.p >= 0.5, found
    assert found.label == label
    assert found.words


@pytest.mark.parametrize(("language", "body"), [
    ("de", "Du Arschloch, so eine Scheiße"), ("fr", "espèce de connard"), ("es", "eres un gilipollas, hijo de puta"),
    ("pt", "vai tomar no cu, caralho"), ("it", "vaffanculo, che cazzo di servizio"),
])  # fmt: skip
def test_offence_is_found_in_each_language(language: str, body: str) -> None:
    assert offence_of(body, language=language).p >= 0.5


@pytest.mark.parametrize("body", [
    "We drove from Scunthorpe to Penistone", "I assess the cockpit of the classic", "Dickens and Moby Dick on the shelf",
    "What a sexy dress, damn good!", "It makes my ass look great, hell yes", "a garden hoe and a cocktail", "Shiitake mushrooms",
    "pussy bow blouse", "flame retardant curtain", "What a stupid zipper", "I'm such an idiot, I ordered the wrong size",
    "black dress, white lace, tight fit", "This vacuum sucks, and that is what it should do", "My Maine Coon loves it",
])  # fmt: skip
def test_innocent_words_do_not_offend(body: str) -> None:
    found = offence_of(body)
    assert found.p < 0.5, found
    assert found.label == "none"


@pytest.mark.parametrize(("language", "body"), [
    ("de", "Dick gefüttert, die Farbe ist schwarz"), ("fr", "en retard de deux jours"), ("es", "vestido negro precioso"),
    ("it", "il bimbo dorme bene"), ("pt", "o vestido preto é lindo"), ("nl", "het hoesje past, hoe mooi"), ("es", "este año"),
])  # fmt: skip
def test_words_that_only_offend_next_door_do_not_offend(language: str, body: str) -> None:
    assert offence_of(body, language=language).p < 0.5


def test_hate_is_graver_than_profanity() -> None:
    hate, profane, mild = offence_of("fucking faggots should die"), offence_of("this is bullshit"), offence_of("damn, it shrank")
    assert (hate.label, hate.severity) == ("hate", 3)
    assert profane.severity == 2
    assert mild.severity == 1


def test_a_brands_own_words_block_and_allow() -> None:
    own = Context(words={"blocked": ("knock-off*",), "allowed": ("bitch",)})
    assert offence_of("cheap knock-offs", own).label == "blocked"
    assert offence_of("Bitch is the name of this lipstick", own).p < 0.5


def test_the_shipped_model_alone_never_calls_anything_an_offence() -> None:
    """T-… its tweets are no reviews: without a word of the lists it may only say how sure it would be."""
    text = "ghetto trash redneck monkeys hoes"
    assert offence_of(text.replace("hoes", "birds")).p < 0.5


@pytest.mark.parametrize(("body", "expected"), [
    ("write to anna.b@mail.example.de please", [("email", "anna.b@mail.example.de")]),
    ("anna (at) mail (dot) com", [("email", "anna (at) mail (dot) com")]),
    ("call +49 170 1234567 now", [("phone", "+49 170 1234567")]),
    ("Tel. 030 1234 5678", [("phone", "030 1234 5678")]),
    ("06 12 34 56 78", [("phone", "06 12 34 56 78")]),
    ("(555) 234-5678", [("phone", "(555) 234-5678")]),
    ("I live at 12 Mill Lane, SW1A 1AA", [("address", "12 Mill Lane, SW1A 1AA")]),
    ("Lindenstraße 12, 12345 Berlin", [("address", "Lindenstraße 12, 12345")]),
    ("5 rue de la Paix, 75002 Paris", [("address", "5 rue de la Paix, 75002")]),
    ("Calle Mayor 5", [("address", "Calle Mayor 5")]),
    ("Via Roma 12", [("address", "Via Roma 12")]),
    ("order number 304-1234567 never came", [("order_number", "304-1234567")]),
    ("Bestellnummer: AB123456", [("order_number", "AB123456")]),
    ("IBAN DE89 3704 0044 0532 0130 00", [("iban", "DE89 3704 0044 0532 0130 00")]),
    ("de89370400440532013000", [("iban", "de89370400440532013000")]),
    ("card 4111 1111 1111 1111", [("card", "4111 1111 1111 1111")]),
    ("My name is Anna Schmidt", [("name", "Anna Schmidt")]),
    ("Mit freundlichen Grüßen\nKlaus Weber", [("name", "Klaus Weber")]),
])  # fmt: skip
def test_personal_data_is_found_with_its_place(body: str, expected: list[tuple[str, str]]) -> None:
    assert personal(body) == expected


@pytest.mark.parametrize("body", [
    "bought on 12/05/2024 for 129.99", "I am 5'8\" and 135 lbs, size 34-36-38", "since 2019-2021", "1,000,000 thanks",
    "IBAN DE89 3704 0044 0532 0130 01", "4111 1111 1111 1112", "ordered 3 in 2 colours", "model XR-2200 with 5000 mAh",
    "True To Size Dress", "Love This Jacket", "on the street 5 people asked me", "12 washes later it is fine", "",
    "for reference i'm 34e-30-40",
])  # fmt: skip
def test_numbers_and_titles_are_nobodys(body: str) -> None:
    assert personal(body) == []


def test_names_that_everybody_may_see_are_left_out() -> None:
    known = Context(products=("Emma Peel Boot",), own=("Mary Jane Shoes",))
    assert personal("I love my Emma Peel boots from Mary Jane", known) == []
    assert personal("yours sincerely, Anna Schmidt", author="anna schmidt") == []


def test_a_finding_never_holds_the_value_itself() -> None:
    """T-38: what is stored of personal data is where it stands and a masked form."""
    body = "anna.schmidt@mail.example.de, +49 170 1234567, 4111 1111 1111 1111, DE89 3704 0044 0532 0130 00, 12 Mill Lane"
    [found] = personal_data.read([Text(body=body)], PLAIN)
    kept = " ".join(word for finding in found for word in finding.words)
    assert len(found) == 5
    assert not any(secret in kept for secret in ("anna.schmidt", "1234567", "0044", "1111 1111", "Mill"))


def test_mentions_name_competitors_first() -> None:
    context = Context(competitors=("Other Shop", "rival.example"), own=("us",))
    [found] = mentions.read([Text(body="@us and @anna: see www.rival.example and Other Shop, or http://blog.example/x")], context)
    assert {(each.label, each.words[0]) for each in found} == {
        ("competitor", "Other Shop"), ("competitor", "rival.example"), ("link", "blog.example"), ("handle", "@anna"),
    }  # fmt: skip
    assert [each.label for each in found][:2] == ["competitor", "competitor"]


@pytest.mark.parametrize(("language", "body", "expected"), [
    ("en", "the fabric is soft but shipping was late", {"material", "comfort", "delivery"}),
    ("de", "Lieferung schnell, Größe passt, Farbe schön", {"delivery", "size", "fit", "colour", "looks"}),
    ("fr", "livraison rapide mais le tissu est trop serré", {"delivery", "material", "fit"}),
    ("es", "la talla es pequeña y el precio caro", {"size", "price"}),
    ("pt", "a entrega atrasou e o tecido é ruim", {"delivery", "material"}),
    ("it", "la taglia è giusta e il prezzo buono", {"size", "price"}),
    ("", "Qualität gut, livraison rapide", {"quality", "delivery"}),
])  # fmt: skip
def test_topics_are_found_in_each_language(language: str, body: str, expected: set[str]) -> None:
    assert set(topics_of(body, language)) >= expected


def test_a_brands_topics_join_those_that_ship() -> None:
    own = Context(topics={"arch_support": ("arch", "insole*"), "fit": ("toe box",)})
    assert topics_of("wide toe box, great insoles", "en", own) == ["arch_support", "fit"]


HOSTILE = {
    "one letter": "a" * 1_000_000, "letters": "a " * 500_000, "stars": "*" * 1_000_000, "masked": "a*" * 500_000,
    "zalgo": "e\u0301\u0302\u0303\u0304" * 200_000, "shouts": "! " * 500_000, "dots": "a." * 500_000, "digits": "1" * 1_000_000,
    "spaced digits": "1 " * 500_000, "dashed digits": "1-" * 500_000, "ats": "a@" * 500_000, "addresses": "a@a." * 250_000,
    "links": "http://" * 150_000, "codes": "A1" * 500_000, "names": "Aa " * 300_000, "houses": "12 Aa " * 160_000,
    "right to left": "\u202e" * 1_000_000, "arabic": "مرحبا " * 160_000, "homoglyphs": "раура" * 200_000, "emoji": "😀" * 300_000,
    "brackets": "(at) " * 200_000, "accounts": "DE89 " * 200_000, "caption": "Love this dress, so soft! " * 2_000,
}  # fmt: skip
# Seconds on a busy machine; what backtracks takes minutes.
FAST = 4.0


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("read", [spam.read, offence.read, personal_data.read, mentions.read, taxonomy.read])
def test_hostile_texts_are_read_in_linear_time(read: Callable[..., Any], body: str) -> None:
    """T-39 and the like: a megabyte of anything is a defined answer, soon."""
    started = time.process_time()
    assert len(read([Text(body=body)], PLAIN)) == 1
    assert time.process_time() - started < FAST


@pytest.mark.parametrize("body", ["", " ", "😀😀😀", "\u200b\u200d", "?!…", "שלום", "ก", "\ud800"])
def test_texts_without_words_are_nothing(body: str) -> None:
    assert spam_of(body).p < 0.5
    assert offence_of(body, language="").p < 0.5
    assert personal(body) == []
    assert topics_of(body) == []


def test_a_model_that_lacks_what_prediction_needs_is_left_alone() -> None:
    broken = Context(models={"spam": Artefact("spam", 1, {}, {}), "offence": Artefact("offence", 1, {}, {})})
    assert spam_of("subscribe to my channel", broken) == spam_of("subscribe to my channel")
    assert offence_of("bullshit", broken) == offence_of("bullshit")


def test_no_reader_looks_at_stars_or_sentiment() -> None:
    """L-01: reviews are told apart by neutral criteria only."""
    for reader in (spam, offence, personal_data, mentions, taxonomy):
        names = {node.attr for node in ast.walk(ast.parse(inspect.getsource(reader))) if isinstance(node, ast.Attribute)}
        assert not names & {"rating", "stars", "sentiment"}, reader.__name__


def test_every_list_is_well_formed() -> None:
    for language in lexicon.LANGUAGES:
        for row in lexicon.rows(language):
            assert row.scope in {lexicon.OF_ANY, lexicon.OF_ITS_OWN}, (language, row.list)
            for word in row.words:
                assert lexicon.parse(row.list, word, row.weight).words, (language, row.list, word)
                assert word == word.strip(), (language, row.list, word)


def test_every_topic_has_words_in_every_language() -> None:
    for language in lexicon.LANGUAGES:
        listed = {row.list.partition(".")[2] for row in lexicon.rows(language) if row.list.startswith("topic.")}
        assert listed == set(taxonomy.BUILT_IN), language


@pytest.mark.parametrize(("written", "shown"), [
    ("Größe", "grosse"), ("año", "año"), ("E\u0301COLE", "ecole"), ("\u200bhi", "hi"), ("\uff26\uff35", "fu"),
])  # fmt: skip
def test_folding_keeps_what_tells_words_apart(written: str, shown: str) -> None:
    assert folding.fold(written) == shown


@pytest.mark.parametrize(("body", "hosts"), [
    ("see https://user@www.Shop.example:8080/a?b and again", ["shop.example"]), ("at shop.com.", ["shop.com"]),
    ("great.It fits 500.ml", []), ("shop . com", ["shop.com"]), ("done. Net result", []), ("a@shop.com", []),
    ("bit.ly/abc", ["bit.ly"]), ("my.shop/page", ["my.shop"]),
])  # fmt: skip
def test_links_are_found_where_they_are_links(body: str, hosts: list[str]) -> None:
    assert [link.host for link in links.find(body)] == hosts


def test_what_ships_is_small_and_has_a_card() -> None:
    shipped = ROOT / "ugc" / "texts" / "shipped"
    assert (shipped / "offence.npz").stat().st_size < 400_000
    card = (shipped / "offence.md").read_text()
    assert "MIT" in card
    assert "training/offence.py" in card
