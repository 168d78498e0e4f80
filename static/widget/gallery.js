// @ts-check
/**
 * <ugc-gallery brand gallery product layout consent …>: a shop's customers' photos. Children are shown until there is something
 * better to show, and stay when there is not. Attributes are the whole interface; docs/embed.md describes them.
 */
import { BASE, configure, own, quietly, track, watch } from "./track.js";

export { BASE, own, quietly, track };

/** @typedef {{width: number, height: number, type: string, url: string, role?: string, language?: string}} Rendition */
/** @typedef {{type?: string, duration?: number, width: number, height: number, alt: string, colour: string|null, renditions: Rendition[]}} Medium */
/** @typedef {{amount: string, currency: string}} Price */
/** @typedef {{sku: string, title: string, url: string|null, image: string|null, price: Price|null, availability: string, hotspot: {x: number, y: number}|null}} Product */
/**
 * @typedef {object} Item
 * @property {number} id
 * @property {string} kind
 * @property {string} title
 * @property {string} caption
 * @property {string} alt
 * @property {number|null} rating
 * @property {{name: string, url: string|null}|null} creator
 * @property {{network: string, url: string|null}} source
 * @property {string|null} published_at
 * @property {Medium[]} media
 * @property {Product[]} products
 * @property {string[]} badges
 */
/** @typedef {{gallery: string, name: string, layout: string, key: string, items: Item[], next: string|null}} Answer */

const NEAR = "600px";
const PATIENCE = 8_000;
/** The element's attributes; each is a property too. */
const ATTRIBUTES = ["brand", "gallery", "product", "layout", "consent", "cart", "label", "labels", "api"];
const LAYOUTS = ["grid", "masonry", "carousel", "story", "single"];

/** Every text; a page replaces any of them by the attribute `labels` (JSON). @type {Record<string, string>} */
export const LABELS = {
  gallery: "Photos of our customers",
  more: "Show more",
  open: "Open",
  stars: "{count} of 5 stars",
  incentivised: "Received an incentive",
  place: "{number} of {count}",
};

const CSS = `
:host{display:block!important;position:relative!important;container-type:inline-size!important;text-align:start;
--gap:var(--ugc-gap,8px);--radius:var(--ugc-radius,8px);
--surface:var(--ugc-surface,light-dark(#fff,#161618));--text:var(--ugc-text,light-dark(#1c1c1e,#f2f2f4));
--quiet:var(--ugc-quiet,light-dark(#5c5c62,#a6a6ad));--line:var(--ugc-line,light-dark(#e3e3e6,#333338));
--accent:var(--ugc-accent,light-dark(#1c1c1e,#f2f2f4));--on:var(--ugc-on-accent,light-dark(#fff,#161618))}
:host([hidden]){display:none!important}
.root{all:initial;direction:inherit;color-scheme:inherit;display:block;color:var(--text);
font:15px/1.45 var(--ugc-font,system-ui,sans-serif);
--c:var(--ugc-columns,2);--rows:var(--ugc-rows,4);--lines:4}
.root *{box-sizing:border-box}
ul{list-style:none;margin:0;padding:0}
button{font:inherit;color:inherit;background:none;border:0;margin:0;padding:0;cursor:pointer;text-align:inherit}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.hold{display:flow-root}
.hold::before{content:"";float:left;height:calc((var(--rows)*(100cqw - (var(--c) - 1)*var(--gap))/var(--c))/(var(--ugc-ratio,1)) + (var(--rows) - 1)*var(--gap) + 60px)}
:host([layout=carousel]) .hold::before{height:calc((100cqw - (var(--c) - .5)*var(--gap))/(var(--c) + .3)/(var(--ugc-ratio,1)))}
:host([layout=story]) .hold::before{height:calc((100cqw - (var(--c) - .5)*var(--gap))/(var(--c) + .3)*16/9)}
:host([layout=single]) .hold::before{height:calc(100cqw/(var(--ugc-ratio,4/3)))}
.grid{display:grid;gap:var(--gap);grid-template-columns:repeat(var(--c),minmax(0,1fr))}
@container (min-width:520px){.root{--c:var(--ugc-columns,3);--rows:var(--ugc-rows,3);--lines:6}}
@container (min-width:760px){.root{--c:var(--ugc-columns,4);--rows:var(--ugc-rows,2)}}
@container (min-width:1180px){.root{--c:var(--ugc-columns,6)}}
.tile{position:relative;overflow:hidden;border-radius:var(--radius);aspect-ratio:var(--ugc-ratio,1);background:var(--line)}
.open{display:block;position:relative;width:100%;height:100%;overflow:hidden;border-radius:inherit}
.open:focus-visible{outline-offset:-3px;box-shadow:inset 0 0 0 5px var(--on)}
img{display:block;width:100%;height:100%;object-fit:cover}
.by{position:absolute;inset:auto 0 0;padding:12px;color:#fff;font-size:13px;
background:linear-gradient(#0000,#000a);opacity:0;transition:opacity .15s;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.open:focus-visible .by,.open:hover .by{opacity:1}
.mark,.chip{position:absolute;inset-block-start:8px;inset-inline-end:8px;padding:0 8px;border-radius:12px;
background:#000a;color:#fff;font-size:12px;line-height:24px}
.chip{inset-inline:8px auto;max-width:calc(100% - 60px);overflow:hidden;white-space:nowrap}
.words{display:flex;flex-direction:column;gap:4px;padding:12px;background:var(--surface);border:1px solid var(--line);overflow:hidden}
.words b{font-weight:600;overflow-wrap:anywhere}
.quote{overflow:hidden;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:var(--lines);overflow-wrap:anywhere;font-size:14px}
.words>*{flex:none}
.who{margin-top:auto;color:var(--quiet);font-size:13px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.stars{letter-spacing:1px;color:var(--ugc-star,light-dark(#9a6200,#f5b342))}
.foot{display:grid;place-items:end center;height:60px}
.foot:empty{display:none}
.more{min-height:44px;padding:0 20px;border:1px solid var(--line);border-radius:var(--radius);background:var(--surface);font-weight:600}
[aria-busy=true]{opacity:.6}
.masonry{display:block;columns:var(--c);column-gap:var(--gap)}
.masonry .tile{aspect-ratio:var(--ratio,1);break-inside:avoid;margin-bottom:var(--gap)}
.carousel,.story{display:flex;overflow-x:auto}
.carousel .tile,.story .tile{flex:0 0 calc((100% - (var(--c) - .5)*var(--gap))/(var(--c) + .3));scroll-snap-align:start}
.story .tile{aspect-ratio:9/16}
.single{--c:1;--rows:1}
.single .tile{aspect-ratio:var(--ugc-ratio,4/3)}
.frame{position:relative}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (prefers-reduced-motion:reduce){.root *{transition:none!important;scroll-behavior:auto!important;animation:none!important}}
`;

/** @type {CSSStyleSheet|undefined} */
let sheet;

/**
 * An element; texts become text nodes, so that nothing a visitor wrote is ever read as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Record<string, string|number|null|undefined|false>} attributes @param {(Node|string|null|undefined|false)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const name of Object.keys(attributes)) {
    const value = attributes[name] ?? false;
    if (value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** The address if it is http or https, else nothing. @param {unknown} value */
export function safe(value) {
  try {
    const url = new URL(String(value));
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : "";
  } catch {
    return "";
  }
}

/** @param {unknown} value @returns {string} */
export const text = (value) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");

/** @param {unknown} value @returns {any[]} */
export const list = (value) => (Array.isArray(value) ? value : []);

/** A picture in all its sizes, its box known before it comes. @param {Medium} medium @param {string} alt @param {string} sizes */
export function picture(medium, alt, sizes) {
  const all = list(own(medium, "renditions")).filter((each) => safe(own(each, "url")));
  const modern = all.filter((each) => own(each, "type") === "image/webp");
  const chosen = modern.length ? modern : all;
  if (!chosen.length) return null;
  const image = make("img", {
    part: "image",
    loading: "lazy",
    decoding: "async",
    width: Number(own(medium, "width")) || 1,
    height: Number(own(medium, "height")) || 1,
    alt,
    sizes,
    srcset: chosen.map((each) => `${safe(each.url)} ${Number(own(each, "width")) || 1}w`).join(", "),
  });
  const colour = text(own(medium, "colour"));
  if (/^#[0-9a-f]{6}$/i.test(colour)) image.style.backgroundColor = colour;
  // Set last: a browser starts to load at this moment and must know the sizes by then.
  image.src = safe(chosen[chosen.length - 1].url);
  return image;
}

/** @param {number} rating @param {string} label */
export const stars = (rating, label) =>
  make("span", { class: "stars", role: "img", "aria-label": label }, "★".repeat(rating) + "☆".repeat(5 - rating));

/** @param {Item} item */
export const ratingOf = (item) => Math.max(0, Math.min(5, Math.round(Number(own(item, "rating")) || 0)));

export class UgcGallery extends HTMLElement {
  static observedAttributes = ATTRIBUTES;

  /** @type {Item[]} */
  items = [];
  /** @type {ShadowRoot|undefined} */
  #shadow;
  /** @type {IntersectionObserver|undefined} */
  #near;
  /** @type {HTMLElement|undefined} */
  #grid;
  #status = make("p", { class: "sr", role: "status" });
  #shown = 0;
  #next = "";
  #round = 0;
  #asked = false;
  /** @type {Promise<void>|undefined} */
  #coming;

  connectedCallback() {
    quietly(() => {
      sheet ||= makeSheet(CSS);
      // @ts-ignore null prototype: a polluted Object.prototype adds no option
      this.#shadow ||= this.attachShadow({ __proto__: null, mode: "open" });
      this.#shadow.adoptedStyleSheets = [sheet];
      this.#reset();
    })();
  }

  disconnectedCallback() {
    this.#near?.disconnect();
    this.#round += 1;
  }

  /** @param {string} name @param {string|null} before @param {string|null} after */
  attributeChangedCallback(name, before, after) {
    if (before === after || !this.isConnected || !this.#shadow) return;
    if (name === "consent") configure({ consent: after });
    else queueMicrotask(quietly(() => this.#reset()));
  }

  /** The texts with the page's own in place. */
  get words() {
    const given = quietly(() => JSON.parse(this.getAttribute("labels") || "{}"))();
    return (/** @type {string} */ name, /** @type {Record<string, string|number>} */ facts = {}) =>
      Object.keys(facts).reduce((line, key) => line.replace(`{${key}}`, String(facts[key])), text(own(given, name)) || own(LABELS, name) || "");
  }

  get service() {
    return safe(this.getAttribute("api")) ? /** @type {string} */ (this.getAttribute("api")).replace(/\/$/, "") : BASE;
  }

  /**
   * Tell the page; false = it vetoed.
   * @param {string} name @param {Record<string, unknown>} detail
   */
  tell(name, detail) {
    // @ts-ignore null prototype, as above
    return this.dispatchEvent(new CustomEvent("ugc:" + name, { __proto__: null, detail, bubbles: true, composed: true, cancelable: true }));
  }

  /** What every event of this element carries. @param {string} type @param {Record<string, unknown>} [fields] */
  record(type, fields) {
    track(type, { gallery: this.getAttribute("gallery") || "", ...fields });
  }

  /** Show the children and wait until the element comes near the window. */
  #reset() {
    this.#round += 1;
    this.#asked = false;
    this.items = [];
    this.#shown = 0;
    this.#next = "";
    this.#near?.disconnect();
    this.#grid = undefined;
    const hold = make("div", { class: "hold" }, make("slot", {}));
    /** @type {ShadowRoot} */ (this.#shadow).replaceChildren(make("div", { class: "root" }, hold));
    configure({ consent: this.getAttribute("consent"), url: this.service + "/events" });
    // @ts-ignore null prototype, as above
    this.#near = new IntersectionObserver(quietly((entries) => entries.some((each) => each.isIntersecting) && this.#begin()), { __proto__: null, rootMargin: NEAR });
    this.#near.observe(this);
  }

  async #begin() {
    if (this.#asked) return;
    this.#asked = true;
    this.#near?.disconnect();
    const round = this.#round;
    const answer = await this.#ask("");
    if (round !== this.#round || !answer) return;
    quietly(() => this.#show(answer))();
  }

  /** @param {string} cursor @returns {Promise<Answer|undefined>} */
  async #ask(cursor) {
    const part = (/** @type {string} */ name) => encodeURIComponent(this.getAttribute(name) || "");
    if (!part("brand") || !part("gallery")) return undefined;
    const product = part("product") && "/" + part("product");
    const url = `${this.service}/galleries/${part("brand")}/${part("gallery")}${product}.json${cursor && "?cursor=" + encodeURIComponent(cursor)}`;
    for (let tries = 0; tries < 2; tries += 1) {
      try {
        const stop = new AbortController();
        const timer = setTimeout(() => stop.abort(), PATIENCE);
        // @ts-ignore null prototype, as above
        const response = await fetch(url, { __proto__: null, method: "GET", credentials: "omit", mode: "cors", signal: stop.signal });
        const answer = response.ok ? await response.json() : undefined;
        clearTimeout(timer);
        if (answer && Array.isArray(own(answer, "items"))) return answer;
        if (response.status < 500) return undefined;
      } catch {
        // Silence: the children stay.
      }
      await new Promise((resume) => setTimeout(resume, 1_000));
    }
    return undefined;
  }

  /** @param {Answer} answer */
  #show(answer) {
    this.items = answer.items;
    this.#next = text(own(answer, "next"));
    configure({ key: text(own(answer, "key")) });
    this.record("gallery_load");
    if (!this.tell("load", { items: this.items.length }) || !this.items.length) return;
    const layout = [this.getAttribute("layout"), own(answer, "layout")].find((each) => LAYOUTS.includes(each)) || "grid";
    const rolls = layout === "carousel" || layout === "story";
    const grid = make("ul", { class: `grid ${layout}`, part: "grid", role: "list" });
    const foot = make("div", { class: "foot" });
    const label = this.getAttribute("label") || this.words("gallery");
    const root = make("div", { class: "root", role: "region", "aria-label": label, part: "gallery" }, grid, this.#status, foot);
    // What is in sight must not move: there the reserved height stays even where less came.
    if (this.getBoundingClientRect().top < innerHeight) root.style.minHeight = `${this.offsetHeight}px`;
    this.#grid = grid;
    /** @type {ShadowRoot} */ (this.#shadow).replaceChildren(root);
    if (rolls) import("./carousel.js").then(({ roll }) => roll(this, grid), () => {});
    const first = rolls ? this.items.length : this.#count("--rows") * this.#count("--c");
    this.#add(first);
    const more = make("button", { class: "more", part: "more", type: "button" }, this.words("more"));
    const settle = () => foot.replaceChildren(...(this.#shown < this.items.length || this.#next ? [more] : []));
    more.addEventListener("click", quietly(() => this.#more(more, first).then(settle)));
    if (layout !== "single" && !rolls) settle();
    watch(this, null, () => {}, () => this.record("gallery_view"));
  }

  /** How many rows or columns there are, by the style sheet. @param {string} name */
  #count(name) {
    return Number(getComputedStyle(/** @type {HTMLElement} */ (this.#grid)).getPropertyValue(name)) || 2;
  }

  /** @param {HTMLElement} button @param {number} count */
  async #more(button, count) {
    const from = this.#shown;
    this.record("load_more");
    if (this.items.length - this.#shown < count && this.#next) {
      button.setAttribute("aria-busy", "true");
      await (this.#coming ||= this.#fetchMore());
      button.removeAttribute("aria-busy");
    }
    this.#add(count);
    const first = this.#grid?.children[from]?.querySelector("button");
    if (first instanceof HTMLElement) first.focus();
    this.#status.textContent = this.words("place", { number: this.#shown, count: this.items.length + (this.#next ? "+" : "") });
  }

  /** The next page of the answer. */
  async #fetchMore() {
    const answer = await this.#ask(this.#next);
    this.#coming = undefined;
    this.#next = answer ? text(own(answer, "next")) : "";
    this.items = [...this.items, ...(answer ? answer.items : [])];
  }

  /** @param {number} count */
  #add(count) {
    const grid = /** @type {HTMLElement} */ (this.#grid);
    const width = Math.ceil((this.clientWidth || 320) / this.#count("--c"));
    for (const item of this.items.slice(this.#shown, this.#shown + count)) grid.append(this.#tile(item, this.#shown++, `${width}px`));
  }

  /** @param {Item} item @param {number} index @param {string} sizes */
  #tile(item, index, sizes) {
    const words = this.words;
    const who = text(own(own(item, "creator"), "name"));
    const medium = list(own(item, "media"))[0];
    const image = medium && picture(medium, "", sizes);
    const rating = ratingOf(item);
    const products = list(own(item, "products"));
    const label = `${words("open")}: ${text(own(item, "alt")) || who}`;
    const button = make("button", { class: "open", part: "open", type: "button", "aria-haspopup": "dialog", "aria-label": label });
    if (image) {
      button.append(image, who ? make("span", { class: "by", part: "by", "aria-hidden": "true" }, who) : "");
      const mark = (own(medium, "duration") ? "▶" : "") + (products.length || "");
      if (mark) button.append(make("span", { class: "mark", part: "mark", "aria-hidden": "true" }, mark));
    } else {
      button.classList.add("words");
      if (rating) button.append(stars(rating, words("stars", { count: rating })));
      if (text(own(item, "title"))) button.append(make("b", {}, text(item.title)));
      button.append(make("span", { class: "quote" }, text(own(item, "caption"))), make("span", { class: "who" }, who));
    }
    if (list(own(item, "badges")).includes("incentivised")) button.append(make("span", { class: "chip", part: "chip" }, words("incentivised")));
    const tile = make("li", { class: "tile", part: "tile" }, button);
    if (medium) tile.style.setProperty("--ratio", `${Number(own(medium, "width")) || 1}/${Number(own(medium, "height")) || 1}`);
    button.addEventListener("click", quietly(() => this.open(index)));
    button.addEventListener("pointerenter", quietly(() => void import("./lightbox.js")));
    const fields = { item: item.id, position: index + 1 };
    watch(tile, image || null, () => this.record("item_impression", fields), () => this.record("item_view", fields));
    return tile;
  }

  /** Show an item large. @param {number} index */
  async open(index) {
    const item = this.items[index];
    if (!item || !this.tell("open", { item })) return;
    try {
      const { show } = await import("./lightbox.js");
      show(this, /** @type {ShadowRoot} */ (this.#shadow), index);
    } catch {
      const [product] = list(own(item, "products"));
      if (product && safe(own(product, "url"))) location.assign(safe(product.url));
    }
  }
}

/** @param {string} css */
export function makeSheet(css) {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}

for (const name of ATTRIBUTES) {
  Object.defineProperty(UgcGallery.prototype, name, {
    // @ts-ignore null prototype, as above
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() {
      return this.getAttribute(name);
    },
    set(value) {
      if ((value ?? null) === null) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
  });
}

// Known before the page's next script counts anything.
quietly(() => configure({ consent: document.querySelector("ugc-gallery")?.getAttribute("consent") }))();
// In a task of its own, so that a slow processor is not held up by reading the module and drawing in one go.
setTimeout(quietly(() => customElements.get("ugc-gallery") || customElements.define("ugc-gallery", UgcGallery)));
