// @ts-check
/** One item large, with its products: a modal dialog in the gallery's shadow root. Loaded when the first item is opened. */
import { LABELS, list, make, makeSheet, own, picture, quietly, ratingOf, safe, stars, text } from "./gallery.js";

/** @typedef {import("./gallery.js").UgcGallery} Gallery */
/** @typedef {import("./gallery.js").Item} Item */
/** @typedef {import("./gallery.js").Product} Product */

const SWIPE = 50;

Object.assign(LABELS, {
  verified: "Verified buyer",
  gifted: "Got the product free or cheaper",
  paid: "Is paid",
  employee: "Works for the shop",
  relative: "Has family working for the shop",
  previous: "Previous",
  next: "Next",
  close: "Close",
  products: "In this picture",
  show: "Show {title}",
  cart: "Add to cart",
  in_stock: "In stock",
  out_of_stock: "Out of stock",
  preorder: "Pre-order",
  backorder: "Available later",
  post: "See the post on {name}",
});

const CSS = `
dialog{position:fixed;inset:0;width:100%;height:100%;max-width:none;max-height:none;margin:0;padding:0;border:0;overflow:hidden;
background:var(--surface);color:inherit;overscroll-behavior:contain}
dialog::backdrop{background:#000c}
.box{display:grid;height:100%;grid-template-rows:minmax(0,58%) minmax(0,1fr)}
.frame{min-height:0}
.stage{position:absolute;inset:0;display:flex;align-items:center;justify-content:center;background:#0e0e10;container-type:size;overflow:hidden;
touch-action:pan-y}
.fit{position:relative;aspect-ratio:var(--ratio);width:min(100cqw,100cqh*var(--wide))}
.fit img{object-fit:contain;border-radius:0}
.stage .words{max-width:32em;max-height:100%;overflow:auto;padding:24px;border:0;border-radius:var(--radius);font-size:17px}
.side{overflow:auto;padding:16px 16px 24px;display:flex;flex-direction:column;gap:12px;container-type:inline-size}
.side>*{flex:none}
.head{display:flex;gap:8px;align-items:center;flex-wrap:wrap;padding-inline-end:48px;min-height:44px}
.name{font-weight:600;overflow-wrap:anywhere}
a{color:inherit}
.soft{color:var(--quiet);font-size:13px}
.badge{border:1px solid var(--line);border-radius:12px;padding:1px 9px;font-size:12px}
.caption{margin:0;white-space:pre-line;overflow-wrap:anywhere}
.title{font-size:13px;font-weight:600;margin:8px 0 0;color:var(--quiet)}
.cards{display:grid;gap:8px}
.card{display:grid;grid-template-columns:64px minmax(0,1fr) auto;gap:12px;align-items:center;padding:8px;border:1px solid var(--line);
border-radius:var(--radius)}
.card.lit{border-color:var(--accent);box-shadow:0 0 0 1px var(--accent)}
.thumb{width:64px;height:64px;border-radius:6px;overflow:hidden;background:var(--line)}
.card a{font-weight:600;text-decoration:none;overflow-wrap:anywhere}
.card a:hover{text-decoration:underline}
.price{font-variant-numeric:tabular-nums;white-space:nowrap}
.cart{min-height:44px;padding:0 14px;border-radius:var(--radius);background:var(--accent);color:var(--on);font-weight:600;text-align:center}
.card:not(:has(.thumb)){grid-template-columns:minmax(0,1fr) auto}
@container (max-width:480px){.cart{grid-column:1/-1}}
.round{position:absolute;z-index:2;width:44px;height:44px;border-radius:50%;background:#000a;color:#fff;font-size:22px;line-height:44px;
text-align:center}
.round:focus-visible{outline-color:#fff;box-shadow:0 0 0 6px #000}
.close{inset-block-start:8px;inset-inline-end:8px}
.back{inset-block-start:calc(50% - 22px);inset-inline-start:8px}
.on{inset-block-start:calc(50% - 22px);inset-inline-end:8px}
.round[disabled]{visibility:hidden}
.spot{position:absolute;width:44px;height:44px;margin:-22px 0 0 -22px;border-radius:50%}
.spot::before{content:"";position:absolute;inset:10px;border-radius:50%;background:#fff;border:6px solid #1c1c1e;box-shadow:0 0 0 2px #fff}
.spot[aria-expanded=true]::before{background:#1c1c1e;border-color:#fff;box-shadow:0 0 0 2px #1c1c1e}
@media (min-width:820px){
dialog{inset:0;margin:auto;width:min(1160px,calc(100vw - 64px));height:min(760px,calc(100vh - 64px));border-radius:calc(var(--radius)*1.5)}
.box{grid-template-rows:none;grid-template-columns:minmax(0,1fr) 380px}
.side{padding:16px 20px 24px}
}
`;

/** @type {CSSStyleSheet|undefined} */
let sheet;

/** @param {Product} product @param {string|undefined} language */
function priceOf(product, language) {
  const price = own(product, "price");
  const amount = text(own(price, "amount"));
  const currency = text(own(price, "currency"));
  if (!amount) return "";
  // @ts-ignore null prototype: a polluted Object.prototype adds no option
  const format = quietly(() => new Intl.NumberFormat(language, { __proto__: null, style: "currency", currency }).format(Number(amount)));
  return format() || `${amount} ${currency}`;
}

/** @param {Item} item @param {string|undefined} language */
function dayOf(item, language) {
  const at = text(own(item, "published_at"));
  // @ts-ignore null prototype, as above
  return at ? quietly(() => new Intl.DateTimeFormat(language, { __proto__: null, dateStyle: "medium" }).format(new Date(at)))() || "" : "";
}

/** @param {Gallery} gallery @param {ShadowRoot} shadow @param {number} start */
export function show(gallery, shadow, start) {
  sheet ||= makeSheet(CSS);
  if (!shadow.adoptedStyleSheets.includes(sheet)) shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
  const words = gallery.words;
  const language = gallery.closest("[lang]")?.getAttribute("lang") || document.documentElement.lang || undefined;
  const opener = shadow.activeElement;
  let index = start;
  let openedAt = 0;

  const stage = make("div", { class: "stage", part: "stage" });
  const side = make("div", { class: "side", part: "side", tabindex: "-1" });
  const status = make("p", { class: "sr", role: "status" });
  const close = make("button", { class: "round close", part: "close", type: "button", "aria-label": words("close") }, "×");
  const back = make("button", { class: "round back", part: "previous", type: "button", "aria-label": words("previous") }, "‹");
  const on = make("button", { class: "round on", part: "next", type: "button", "aria-label": words("next") }, "›");
  const box = make("div", { class: "box" }, make("div", { class: "frame" }, stage, back, on), side);
  const dialog = make("dialog", { part: "lightbox", "aria-modal": "true" }, box, status, close);
  const root = shadow.querySelector(".root");
  (root || shadow).append(dialog);

  const item = () => gallery.items[index];
  const record = (/** @type {string} */ type, /** @type {Record<string, unknown>} */ fields = {}) =>
    gallery.record(type, { item: item().id, ...fields });

  /** @param {Product} product @param {Element} card */
  const cart = (product, card) => {
    const detail = { sku: product.sku, quantity: 1, item: item().id, product };
    const price = own(product, "price");
    if (!gallery.tell("add-to-cart", detail)) return;
    record("add_to_cart", { sku: product.sku, quantity: 1, price: text(own(price, "amount")), currency: text(own(price, "currency")) });
    card.classList.add("lit");
  };

  /** @param {Product} product */
  const cardOf = (product) => {
    const url = safe(own(product, "url"));
    const title = text(own(product, "title"));
    const name = url ? make("a", { href: url, part: "product" }, title) : make("span", { class: "name" }, title);
    const source = safe(own(product, "image"));
    const thumb = source && make("span", { class: "thumb" }, make("img", { src: source, alt: "", width: 64, height: 64, loading: "lazy" }));
    const facts = make(
      "span",
      {},
      name,
      make("br", {}),
      make("span", { class: "price", part: "price" }, priceOf(product, language)),
      " ",
      make("span", { class: "soft" }, words(text(own(product, "availability")))),
    );
    const card = make("li", { class: "card", part: "card" }, thumb, facts);
    name.addEventListener("click", (event) => {
      if (!gallery.tell("product-click", { sku: product.sku, item: item().id, product })) event.preventDefault();
      else record("product_click", { sku: product.sku });
    });
    if (gallery.hasAttribute("cart") && own(product, "availability") !== "out_of_stock") {
      const button = make("button", { class: "cart", part: "cart", type: "button", "aria-label": `${words("cart")}: ${title}` }, words("cart"));
      button.addEventListener("click", () => cart(product, card));
      card.append(button);
    }
    return card;
  };

  /** @param {Item} shown */
  const drawStage = (shown) => {
    const medium = list(own(shown, "media"))[0];
    const image = medium && picture(medium, text(own(shown, "alt")), "(min-width:820px) 780px, 100vw");
    if (!image) {
      const rating = ratingOf(shown);
      const quote = make("div", { class: "words" }, rating ? stars(rating, words("stars", { count: rating })) : "");
      if (text(own(shown, "title"))) quote.append(make("b", {}, text(shown.title)));
      quote.append(make("p", { class: "caption", dir: "auto" }, text(own(shown, "caption"))));
      stage.replaceChildren(quote);
      return null;
    }
    image.loading = "eager";
    const fit = make("div", { class: "fit" }, image);
    fit.style.setProperty("--ratio", `${image.width}/${image.height}`);
    fit.style.setProperty("--wide", String(image.width / image.height));
    stage.replaceChildren(fit);
    const loop = safe(own(medium, "loop"));
    if (loop && !matchMedia("(prefers-reduced-motion:reduce)").matches) {
      image.removeAttribute("srcset");
      image.src = loop;
    }
    // Without it the poster stays.
    if (own(medium, "duration")) import("./player.js").then(({ play }) => play(fit, medium, image, shadow, words), () => {});
    return fit;
  };

  /** @param {Item} shown @param {boolean} hasPicture */
  const drawSide = (shown, hasPicture) => {
    const creator = own(shown, "creator");
    const name = text(own(creator, "name"));
    const link = safe(own(creator, "url"));
    const away = { target: "_blank", rel: "noopener noreferrer nofollow ugc" };
    const who = link ? make("a", { class: "name", href: link, part: "creator", ...away }, name) : make("span", { class: "name", part: "creator" }, name);
    who.addEventListener("click", () => link && record("creator_click"));
    const head = make("div", { class: "head" }, who, make("span", { class: "soft" }, dayOf(shown, language)));
    for (const badge of list(own(shown, "badges"))) {
      if (words(text(badge))) head.append(make("span", { class: "badge", part: "badge" }, words(badge)));
    }
    side.replaceChildren(head);
    const rating = ratingOf(shown);
    if (hasPicture && rating) side.append(stars(rating, words("stars", { count: rating })));
    if (hasPicture && text(own(shown, "title"))) side.append(make("b", {}, text(shown.title)));
    if (hasPicture) side.append(make("p", { class: "caption", part: "caption", dir: "auto" }, text(own(shown, "caption"))));
    const post = safe(own(own(shown, "source"), "url"));
    if (post) {
      const network = text(own(own(shown, "source"), "network"));
      side.append(make("a", { class: "soft", href: post, ...away }, words("post", { name: network.charAt(0).toUpperCase() + network.slice(1) })));
    }
  };

  /** @param {HTMLElement|null} fit @param {Product} product @param {HTMLElement} card @param {number} number */
  const addSpot = (fit, product, card, number) => {
    const spot = own(product, "hotspot");
    const [x, y] = [Number(own(spot, "x")), Number(own(spot, "y"))];
    if (!fit || !spot || !(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return;
    const id = "card-" + number;
    card.id = id;
    const button = make("button", {
      class: "spot", part: "hotspot", type: "button", "aria-expanded": "false", "aria-controls": id,
      "aria-label": words("show", { title: text(own(product, "title")) }),
    });
    button.style.left = `${x * 100}%`;
    button.style.top = `${y * 100}%`;
    button.addEventListener("click", () => {
      const lit = card.classList.toggle("lit");
      button.setAttribute("aria-expanded", String(lit));
      if (!lit) return;
      record("hotspot_open", { sku: product.sku });
      card.scrollIntoView({ block: "nearest" });
      const target = card.querySelector("a,button");
      if (target instanceof HTMLElement) target.focus();
    });
    fit.append(button);
  };

  const draw = () => {
    const shown = item();
    const fit = drawStage(shown);
    drawSide(shown, fit !== null);
    const products = list(own(shown, "products"));
    if (products.length) {
      const cards = make("ul", { class: "cards", role: "list" });
      products.forEach((product, number) => {
        const card = cardOf(product);
        cards.append(card);
        addSpot(fit, product, card, number);
      });
      side.append(make("p", { class: "title" }, words("products")), cards);
    }
    dialog.setAttribute("aria-label", text(own(shown, "alt")) || words("gallery"));
    status.textContent = words("place", { number: index + 1, count: gallery.items.length });
    back.toggleAttribute("disabled", index === 0);
    on.toggleAttribute("disabled", index === gallery.items.length - 1);
    side.scrollTop = 0;
    openedAt = Date.now();
    record("item_open");
  };

  /** @param {number} way */
  const move = (way) => {
    const next = index + way;
    if (next < 0 || next >= gallery.items.length) return;
    record("item_close", { seconds: Math.round((Date.now() - openedAt) / 1000) });
    index = next;
    draw();
    const focused = shadow.activeElement;
    if (!focused || !dialog.contains(focused) || focused.hasAttribute("disabled")) close.focus();
  };

  const forwards = () => (getComputedStyle(dialog).direction === "rtl" ? -1 : 1);
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowRight: () => move(forwards()),
    ArrowLeft: () => move(-forwards()),
    Home: () => move(-index),
    End: () => move(gallery.items.length - 1 - index),
  };

  /** The keyboard stays inside the dialog. @param {KeyboardEvent} event */
  const trap = (event) => {
    const all = [...dialog.querySelectorAll("a[href],button:not([disabled]),video,audio")].filter((each) => each instanceof HTMLElement);
    const first = all[0];
    const last = all[all.length - 1];
    const target = event.shiftKey ? (shadow.activeElement === first ? last : null) : shadow.activeElement === last ? first : null;
    if (!(target instanceof HTMLElement)) return;
    event.preventDefault();
    target.focus();
  };

  dialog.addEventListener("keydown", quietly((event) => {
    if (event.key === "Tab") trap(event);
    const run = own(keys, event.key);
    if (!run || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    // A page's own shortcuts must not act behind the dialog.
    event.stopPropagation();
    run();
  }));
  let from = NaN;
  stage.addEventListener("pointerdown", (event) => (from = event.clientX));
  stage.addEventListener("pointerup", quietly((event) => {
    const way = event.clientX - from;
    if (event.pointerType !== "mouse" && Math.abs(way) > SWIPE) move(way < 0 ? forwards() : -forwards());
  }));
  close.addEventListener("click", () => dialog.close());
  back.addEventListener("click", quietly(() => move(-1)));
  on.addEventListener("click", quietly(() => move(1)));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", quietly(() => {
    record("item_close", { seconds: Math.round((Date.now() - openedAt) / 1000) });
    dialog.remove();
    if (opener instanceof HTMLElement) opener.focus();
    gallery.tell("close", { item: item().id });
  }));
  draw();
  dialog.showModal();
  close.focus();
}
