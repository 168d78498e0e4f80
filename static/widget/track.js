// @ts-check
/**
 * What happens on a shop's page: views, opens, carts, purchases. Usable alone, on a page without a gallery:
 *
 *   <script type="module" src="…/widget/v1/track.js" data-key="pk_…" data-consent="granted"></script>
 *
 * Sets no cookie, stores nothing without consent, never throws into the page.
 */

/** @typedef {"off"|"denied"|"granted"} Consent */
/** @typedef {Record<string, unknown>} Fields */
/** @typedef {{key: string, visitor: string, session: string, consent: Consent, webdriver: boolean, page: {url: string, referrer: string, title: string}}} Envelope */
/** @typedef {{envelope: Envelope, event: Fields & {id: string, type: string, at: string}, alone?: boolean}} Waiting */
/** @typedef {{timer: number, image: HTMLImageElement|null, seen: (() => void)|null, viewed: () => void}} Watched */
/** @typedef {{url?: string, key?: string, consent?: string|null}} Options */
/**
 * @typedef {object} Tracker
 * @property {(type: string, fields?: Fields) => void} track
 * @property {(consent?: string) => Consent} consent
 * @property {() => string} visitor
 * @property {(options: Options) => void} configure
 * @property {(target: Element, image: HTMLImageElement|null, seen: () => void, viewed: () => void) => void} watch
 */

const BRAND = Symbol.for("ugc.v1");
const STORE = "ugc.";
const IDLE = 30 * 60_000;
const SOON = 2_000;
// Pauses after failed deliveries; after the last one the next event or page tries again.
const PAUSES = [2_000, 10_000, 60_000];
const BATCH = 20;
const MOST_WAITING = 500;
// A view: half of the picture in sight for one second, in a tab that is looked at, once per item and page view.
const HALF = 0.495;
const VIEW = 1_000;
const AT_ONCE = ["purchase", "add_to_cart", "product_click"];

/** The address of the service: the part of this module's own before `/widget/`. */
export const BASE = import.meta.url.replace(/\/widget\/[^/]*\/[^/]*$/, "");

/**
 * The object's own value: what a page's scripts put on Object.prototype is never read.
 * @param {any} object @param {string} name @returns {any}
 */
export const own = (object, name) =>
  object !== null && typeof object === "object" && Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;

/**
 * The function, with every error kept from the page.
 * @template {any[]} A @template R
 * @param {(...values: A) => R} run @returns {(...values: A) => R|undefined}
 */
export const quietly = (run) => (...values) => {
  try {
    return run(...values);
  } catch {
    return undefined;
  }
};

/** A random UUID, also on pages without TLS. */
const uuid = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};

/** @returns {Tracker} */
function create() {
  const tab = uuid();
  let url = BASE + "/events";
  let key = "";
  /** @type {Consent} */
  let consent = "off";
  let visitor = uuid();
  let session = uuid();
  /** @type {Waiting[]} */
  let waiting = [];
  let timer = 0;
  let failures = 0;
  let busy = false;
  let begun = false;
  let lookedSince = performance.now();
  /** @type {WeakMap<Element, Watched>} */
  const watched = new WeakMap();
  /** @type {Set<Watched>} */
  const inSight = new Set();
  /** @type {IntersectionObserver|undefined} */
  let observer;

  const stored = quietly((/** @type {string} */ name) => localStorage.getItem(STORE + name));
  const store = quietly((/** @type {string} */ name, /** @type {string} */ value) => {
    if (value) localStorage.setItem(STORE + name, value);
    else localStorage.removeItem(STORE + name);
  });
  const keep = () => consent === "granted" && store("waiting." + tab, waiting.length ? JSON.stringify(waiting) : "");

  /** With consent: the visitor and session of earlier pages, and what they could not deliver. */
  const remember = quietly(() => {
    visitor = stored("visitor") || visitor;
    store("visitor", visitor);
    const last = JSON.parse(stored("session") || "{}");
    if (own(last, "at") > Date.now() - IDLE) session = String(own(last, "id"));
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(STORE + "waiting.") || name.endsWith(tab)) continue;
      const left = JSON.parse(localStorage.getItem(name) || "[]");
      localStorage.removeItem(name);
      if (Array.isArray(left)) waiting.push(...left.slice(0, MOST_WAITING));
    }
    keep();
  });

  /** Without it: nothing of ours stays. */
  const forget = quietly(() => {
    waiting = [];
    for (const name of Object.keys(localStorage)) if (name.startsWith(STORE)) localStorage.removeItem(name);
  });

  /** @param {string|null|undefined} given */
  const allow = (given) => {
    if ((given !== "off" && given !== "denied" && given !== "granted") || given === consent) return;
    const before = consent;
    consent = given;
    if (consent === "granted") remember();
    else if (consent === "denied" || before === "granted") forget();
    if (before === "granted") {
      visitor = uuid();
      session = uuid();
    }
  };

  const later = (/** @type {number} */ pause) => {
    if (!timer) timer = setTimeout(flush, pause);
  };

  /** @param {string} type @param {Fields} [fields] */
  const track = (type, fields) => {
    if (consent === "denied") return;
    const page = { url: location.href.split("#")[0], referrer: document.referrer, title: document.title };
    const event = { ...fields, id: uuid(), type, at: new Date().toISOString() };
    if (consent === "granted") store("session", JSON.stringify({ id: session, at: Date.now() }));
    waiting.push({ envelope: { key, visitor, session, consent, webdriver: navigator.webdriver === true, page }, event });
    waiting = waiting.slice(-MOST_WAITING);
    keep();
    failures = 0;
    if (AT_ONCE.includes(type)) flush();
    else later(SOON);
  };

  /** What can be sent now, in groups that share an envelope. @returns {Waiting[][]} */
  const groups = () => {
    /** @type {Map<string, Waiting[]>} */
    const found = new Map();
    for (const each of waiting) {
      each.envelope.key ||= key;
      if (!each.envelope.key) continue;
      const name = JSON.stringify(each.envelope) + (each.alone ? each.event.id : "");
      const group = found.get(name) || [];
      if (group.length < BATCH) group.push(each);
      found.set(name, group);
    }
    return [...found.values()];
  };

  /** @param {Waiting[]} group */
  const body = (group) => JSON.stringify({ ...group[0].envelope, events: group.map((each) => each.event) });

  /** A text body needs no preflight; keepalive lets it outlive the page. @param {Waiting[]} group */
  const send = (group) =>
    // @ts-ignore the null prototype keeps a polluted Object.prototype out of the options
    fetch(url, { __proto__: null, method: "POST", body: body(group), keepalive: true, credentials: "omit", mode: "cors" });

  /** Deliver; what was not acknowledged stays, with its ids and times, for another try. */
  async function flush() {
    clearTimeout(timer);
    timer = 0;
    if (busy || consent === "denied") return;
    busy = true;
    let failed = false;
    for (const group of groups()) {
      try {
        const { ok, status } = await send(group);
        const refused = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
        // What the service refuses today it refuses tomorrow; one bad event of many is found by sending each alone.
        if (refused && group.length > 1) for (const each of group) each.alone = true;
        else if (ok || refused) waiting = waiting.filter((each) => !group.includes(each));
        else failed = true;
      } catch {
        failed = true;
      }
    }
    busy = false;
    keep();
    if (failed) {
      if (failures < PAUSES.length) later(PAUSES[failures++]);
    } else if (groups().length) later(SOON);
  }

  /** The page goes away or into the background: hand everything over now, without waiting for the answer. */
  const leave = quietly(() => {
    if (document.visibilityState === "visible") {
      lookedSince = performance.now();
      inSight.forEach(start);
      return;
    }
    inSight.forEach(stop);
    const seconds = Math.round((performance.now() - lookedSince) / 1000);
    if (begun && seconds > 0) track("page_time", { seconds });
    lookedSince = performance.now();
    if (consent === "denied") return;
    for (const group of groups()) {
      const hand = quietly(() => navigator.sendBeacon(url, body(group)));
      // Acknowledged or not is unknown here. With consent it stays stored and is sent again; the service knows the ids.
      if (hand() && consent !== "granted") waiting = waiting.filter((each) => !group.includes(each));
    }
  });

  /** @param {Watched} each */
  const start = (each) => {
    const drawn = !each.image || (each.image.complete && each.image.naturalWidth > 0);
    if (each.timer || !inSight.has(each) || !drawn || document.visibilityState !== "visible") return;
    each.timer = setTimeout(() => {
      inSight.delete(each);
      quietly(each.viewed)();
    }, VIEW);
  };

  /** @param {Watched} each */
  const stop = (each) => {
    clearTimeout(each.timer);
    each.timer = 0;
  };

  const look = quietly((/** @type {IntersectionObserverEntry[]} */ entries) => {
    for (const entry of entries) {
      const each = watched.get(entry.target);
      if (!each) continue;
      if (entry.isIntersecting && each.seen) {
        quietly(each.seen)();
        each.seen = null;
      }
      if (entry.isIntersecting && entry.intersectionRatio >= HALF) {
        inSight.add(each);
        start(each);
      } else {
        inSight.delete(each);
        stop(each);
      }
    }
  });

  /** @type {Tracker["watch"]} */
  const watch = (target, image, seen, viewed) => {
    // @ts-ignore null prototype, as above
    observer ||= new IntersectionObserver(look, { __proto__: null, threshold: [0, HALF] });
    /** @type {Watched} */
    const each = {
      timer: 0,
      image,
      seen,
      viewed: () => {
        observer?.unobserve(target);
        watched.delete(target);
        viewed();
      },
    };
    watched.set(target, each);
    image?.addEventListener("load", () => start(each));
    observer.observe(target);
  };

  /** @type {Tracker["configure"]} */
  const configure = (options) => {
    url = own(options, "url") || url;
    allow(own(options, "consent"));
    key = own(options, "key") || key;
    if (!key || consent === "denied") return;
    if (!begun) {
      begun = true;
      track("page_view");
    }
    later(SOON);
  };

  document.addEventListener("visibilitychange", leave);
  addEventListener("pagehide", leave);
  return {
    track,
    consent: (given) => {
      allow(given);
      if (given) configure({});
      return consent;
    },
    visitor: () => visitor,
    configure,
    watch,
  };
}

/** @returns {Tracker} one per page, also where two copies of this module are loaded. */
function shared() {
  const there = own(Object.getOwnPropertyDescriptor(window, "ugc"), "value");
  const known = there && there[BRAND];
  if (known) return known;
  const made = create();
  // Object.freeze and an own property: nothing on the page can get in between, an element with the id "ugc" neither.
  const space = Object.freeze({
    track: quietly(made.track),
    consent: quietly(made.consent),
    visitor: quietly(made.visitor),
    [BRAND]: made,
  });
  // @ts-ignore null prototype, as above
  quietly(() => Object.defineProperty(window, "ugc", { __proto__: null, value: space }))();
  return made;
}

const tracker = shared();

export const track = quietly(tracker.track);
export const configure = quietly(tracker.configure);
export const watch = quietly(tracker.watch);

quietly(() => {
  for (const script of document.querySelectorAll("script[data-key]")) {
    const source = script.getAttribute("src");
    if (source && new URL(source, document.baseURI).pathname === new URL(import.meta.url).pathname) {
      configure({ key: script.getAttribute("data-key") || "", consent: script.getAttribute("data-consent") });
    }
  }
})();
