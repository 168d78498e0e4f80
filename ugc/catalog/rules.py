"""How a product is read from the attributes of a feed: prices, stock, families, which column is the SKU. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from ugc.catalog.models import Availability

MAX_SKU = 200
MAX_TITLE = 500
MAX_DESCRIPTION = 10_000
MAX_URL = 2_000
MAX_NAME = 300
# Numeric(14, 2) holds twelve digits before the point.
MAX_PRICE = Decimal(10) ** 12

SYMBOLS = {
    "€": "EUR", "£": "GBP", "R$": "BRL", "US$": "USD", "US $": "USD", "C$": "CAD", "A$": "AUD", "$": "USD", "¥": "JPY",
    "₹": "INR", "zł": "PLN", "Kč": "CZK", "₺": "TRY", "₩": "KRW",
}  # fmt: skip
# ISO 4217, so that a word of three letters beside a price is not taken for one.
CURRENCIES = frozenset(
    re.findall(
        "[A-Z]{3}",
        """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
""",
    )
)
# The longest first: `R$` is not a `$`.
SYMBOL = re.compile("|".join(re.escape(mark) for mark in sorted(SYMBOLS, key=len, reverse=True)))
CODE = re.compile(r"(?<![A-Za-z])[A-Za-z]{3}(?![A-Za-z])")
# Thousands in groups of three; above them India has groups of two.
GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{2,3})*[.,]\d{3}")
NUMBER = re.compile(r"\d(?:[\d.,'\u2019\s]*\d)?")

AVAILABILITY = {
    "instock": Availability.IN_STOCK, "available": Availability.IN_STOCK, "true": Availability.IN_STOCK,
    "yes": Availability.IN_STOCK, "limitedavailability": Availability.IN_STOCK, "instoreonly": Availability.IN_STOCK,
    "onlineonly": Availability.IN_STOCK,
    "1": Availability.IN_STOCK, "outofstock": Availability.OUT_OF_STOCK, "soldout": Availability.OUT_OF_STOCK,
    "y": Availability.IN_STOCK, "n": Availability.OUT_OF_STOCK,
    "false": Availability.OUT_OF_STOCK, "no": Availability.OUT_OF_STOCK, "0": Availability.OUT_OF_STOCK,
    "discontinued": Availability.OUT_OF_STOCK, "unavailable": Availability.OUT_OF_STOCK, "preorder": Availability.PREORDER,
    "presale": Availability.PREORDER, "backorder": Availability.BACKORDER, "availablefororder": Availability.BACKORDER,
}  # fmt: skip
# What shops write into item_group_id, GTIN or MPN for "none"; taken literally it would make one family of strangers.
NOTHING = {"0", "-", "n/a", "na", "none", "null", "does not apply"}

ALIASES = {
    "id": ("id", "product id", "offer id"),
    "sku": ("sku", "product sku", "variant sku", "article number", "item number", "style id", "asin"),
    "title": ("title", "product title", "name", "product name", "productdisplayname"),
    "description": ("description", "product description", "body", "body html", "long description"),
    "link": ("link", "url", "product url", "product link", "itemurl", "item url", "deeplink"),
    "image_link": ("image link", "image url", "imageurl", "image", "product image", "image src", "product image url", "img"),
    "price": ("price", "product price", "regular price", "variant price", "list price"),
    "sale_price": ("sale price", "special price"),
    "sale_price_effective_date": ("sale price effective date",),
    "currency": ("currency", "price currency", "currency code"),
    "availability": ("availability", "stock status", "in stock", "availability status"),
    "item_group_id": ("item group id", "group id", "parent id", "parent sku", "family", "product group"),
    "line": ("line", "product line", "collection", "productline"),
    "brand": ("brand", "vendor", "manufacturer", "store name"),
    "product_type": ("product type", "type", "category", "product category", "categories"),
    "google_product_category": ("google product category",),
    "gtin": ("gtin", "ean", "upc", "barcode", "isbn", "gtin13", "variant barcode"),
    "mpn": ("mpn", "manufacturer part number"),
}
"""Attribute → headers that mean it, in the order of preference."""

IDENTIFIERS = ("id", "sku", "mpn", "gtin")
"""Where the SKU is looked for while the brand has not chosen a column, i.e. its choice is `id`."""


@dataclass(frozen=True, slots=True)
class ProductData:
    """A product as the outside gives it; an empty field says nothing and keeps what is stored."""

    sku: str
    title: str = ""
    description: str = ""
    url: str = ""
    image_url: str = ""
    price: Decimal | None = None
    currency: str = ""
    availability: Availability | None = None
    family: str = ""
    line: str = ""
    type: str = ""
    gtin: str = ""
    mpn: str = ""


@dataclass(frozen=True, slots=True)
class ProductChange:
    """What was written over a product: the facts as they were (None = it is new) and as they are now."""

    sku: str
    before: Mapping[str, str | None] | None
    after: Mapping[str, str | None]


class Refused(ValueError):
    """A row that can't become a product: a stable code and the reason for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def read_price(text: str, currency: str = "") -> tuple[Decimal, str]:
    """An amount and its currency from `12.34 EUR`, `EUR 12,34`, `1.234,56 €` or `£3.12`; raises Refused."""
    marked = SYMBOL.search(text)
    coded = next((code for word in CODE.findall(text) if (code := word.upper()) in CURRENCIES), "")
    found = coded or (SYMBOLS[marked.group()] if marked else currency.strip().upper())
    numbers = NUMBER.findall(text)
    if len(numbers) != 1 or "-" in text.split(numbers[0])[0]:
        raise Refused("bad_price", f"{text!r} is not a price")
    amount = read_amount(numbers[0])
    if found not in CURRENCIES:
        raise Refused("no_currency", f"{text!r} names no currency")
    return amount, found


def read_amount(text: str) -> Decimal:
    """A decimal number with either mark for decimals; one mark before exactly three digits could be both and is refused."""
    digits = re.sub(r"[\s'\u2019]", "", text)
    last = max(digits.rfind("."), digits.rfind(","))
    mark = digits[last] if last >= 0 else ""
    other = "," if mark == "." else "."
    if mark and digits.count(mark) > 1 and other not in digits:
        if not GROUPED.fullmatch(digits):
            raise Refused("bad_price", f"{text!r} is not a price")
        digits = digits.replace(mark, "")
    elif mark and other not in digits and len(digits) - last == 4 and last <= 3 and not digits.startswith("0"):
        raise Refused("ambiguous_price", f"{text!r} could be thousands or thousandths; write it with two decimals")
    elif mark:
        digits = digits.replace(other, "").replace(mark, ".")
    try:
        amount = Decimal(digits)
        exact = amount.quantize(Decimal("0.01"))
    except InvalidOperation as cause:
        raise Refused("bad_price", f"{text!r} is not a price") from cause
    if exact != amount or amount >= MAX_PRICE:
        raise Refused("bad_price", f"{text!r} has more digits than a price can have")
    return exact


def read_availability(text: str) -> Availability | None:
    """Google's word for any usual spelling (`in stock`, `http://schema.org/InStock`); None where nothing is said."""
    word = re.sub(r"[^a-z0-9]", "", text.rsplit("/", 1)[-1].lower())
    if not word:
        return None
    if word not in AVAILABILITY:
        raise Refused("bad_availability", f"{text!r} is not a known availability")
    return AVAILABILITY[word]


def read_url(text: str) -> str:
    """An http(s) address; anything else is refused, since it would be shown as a link."""
    text = text.strip()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError as cause:
        raise Refused("bad_url", f"{text[:80]!r} is not an address") from cause
    if parts.scheme not in {"http", "https"} or not parts.netloc or len(text) > MAX_URL or re.search(r"[\s\x00-\x1f\\]", text):
        raise Refused("bad_url", f"{text[:80]!r} is not an http(s) address")
    return text


def price_now(attributes: Mapping[str, str], now: datetime) -> tuple[Decimal | None, str]:
    """The price that holds at `now`: the sale price inside its window, else the regular one."""
    currency = attributes.get("currency", "")
    sale = attributes.get("sale_price", "")
    if sale and sale_holds(attributes.get("sale_price_effective_date", ""), now):
        return read_price(sale, currency)
    if not attributes.get("price"):
        return None, ""
    return read_price(attributes["price"], currency)


def sale_holds(window: str, now: datetime) -> bool:
    """Whether `now` lies in `start/end` (ISO 8601); a sale without a window holds, one with an unreadable window does not."""
    if not window:
        return True
    try:
        start, end = (datetime.fromisoformat(part.strip()) for part in window.split("/"))
        return start <= now < end
    except (ValueError, TypeError):
        return False


def product_of(attributes: Mapping[str, str], identifier: str, now: datetime) -> ProductData:
    """The product in one row of a feed; raises Refused with what is wrong."""
    sku = clean(identifier_of(attributes, identifier))
    if not sku:
        raise Refused("no_identifier", f"the row has no {identifier!r}, which names the product")
    if len(sku) > MAX_SKU:
        raise Refused("bad_identifier", f"an identifier has at most {MAX_SKU} characters")
    price, currency = price_now(attributes, now)
    return ProductData(
        sku=sku,
        title=clean(attributes.get("title", ""))[:MAX_TITLE],
        description=clean(attributes.get("description", ""))[:MAX_DESCRIPTION],
        url=read_url(attributes.get("link", "")),
        image_url=read_url(attributes.get("image_link", "")),
        price=price,
        currency=currency,
        availability=read_availability(attributes.get("availability", "")),
        family=family_of(attributes),
        line=clean(attributes.get("line") or attributes.get("brand", ""))[:MAX_NAME],
        type=clean(attributes.get("product_type") or attributes.get("google_product_category", ""))[:MAX_NAME],
        gtin=clean(attributes.get("gtin", ""))[:MAX_NAME],
        mpn=clean(attributes.get("mpn", ""))[:MAX_NAME],
    )


def identifier_of(attributes: Mapping[str, str], identifier: str) -> str:
    """The SKU: the brand's chosen column; while that is the default `id`, the first of the usual ones."""
    names = IDENTIFIERS if identifier == "id" else (identifier,)
    return next((attributes[name] for name in names if attributes.get(name)), "")


def family_of(attributes: Mapping[str, str]) -> str:
    """item_group_id, unless it is a shop's way of saying none."""
    family = clean(attributes.get("item_group_id", ""))[:MAX_NAME]
    return "" if family.lower() in NOTHING else family


def clean(text: str) -> str:
    """Text with single spaces and no control characters."""
    return " ".join("".join(" " if ord(character) < 32 else character for character in text).split())


def normal(header: str) -> str:
    """A header as the aliases are written: lower case, words parted by one space, no `g:`."""
    words = re.sub(r"[^a-z0-9]+", " ", header.strip().lower().removeprefix("g:"))
    return words.strip()


def guess_columns(header: list[str]) -> dict[str, int]:
    """Attribute → column, as far as the headers are known."""
    names = [normal(cell) for cell in header]
    found: dict[str, int] = {}
    for attribute, aliases in ALIASES.items():
        place = next((names.index(alias) for alias in aliases if alias in names), None)
        if place is not None and place not in found.values():
            found[attribute] = place
    return found
