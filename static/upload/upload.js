// @ts-check
/**
 * <ugc-upload brand product …>: customers send photos, videos, recordings, words and stars. The same module drives the form of the
 * page /submit/{brand}, which works without it for one photo. Attributes are the whole interface; docs/upload.md describes them.
 *
 * Files go in pieces by the tus protocol: a cut line or a reload costs at most one piece.
 */

/** @typedef {{kind: string, name: string, label: string, hint: string, options: [string, string][], is_required: boolean, autocomplete: string, most: number}} Field */
/** @typedef {{brand: string, product: {sku: string, title: string}|null, fields: Field[], months: string[], style: string, trap: string, stamp: string, terms: {name: string, text: string}, accept: string, most: number, uploads: string, submit: string}} Config */
/** @typedef {{uploads: string, accept: string, most: number, words: Words, resume: boolean, tell: (name: string, detail: Record<string, unknown>) => boolean, done: (link: string|null, isNew: boolean) => void, refused: (words: string) => void}} Options */
/** @typedef {(name: string, facts?: Record<string, string|number>) => string} Words */

const TUS = "1.0.0";
const LEAST_PIECE = 256 * 1024;
const MOST_PIECE = 8 * 1024 * 1024;
// A piece should take about this long: short enough to lose little, long enough that asking costs little (milliseconds).
const PACE = 1_500;
const PATIENCE = 60_000;
const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
// Who must wait longer than this is told so, and sends the file another time (seconds).
const LONG = 120;
const AT_ONCE = 2;
const STORE = "ugc.upload.";
const CLOSED = "ugc.upload.closed";
const ATTRIBUTES = ["brand", "product", "label", "labels", "api", "resume"];

/** Every text of the script's own; a page replaces any of them by the attribute `labels` (JSON). @type {Record<string, string>} */
const LABELS = {
  open: "Show us yours",
  close: "Close",
  choose: "Choose files",
  camera: "Take a photo",
  remove: "Remove {name}",
  waiting: "Waiting",
  sending: "{percent} % sent",
  paused: "No connection. It goes on by itself.",
  ready: "Ready",
  refused: "Not accepted",
  strange: "Only photos, videos and recordings are taken.",
  settling: "Waiting for the files …",
  almost: "One moment …",
  retry: "No connection. Trying again …",
  failed: "It could not be sent. Check the connection and press Send again.",
  many: "At most {count} files.",
  send: "Send",
  month: "Month",
  year: "Year",
  choice: "Please choose",
  none: "None",
  star: "{count} of 5 stars",
  terms: "Terms",
  thanks: "Thank you",
  got: "We have got it. Somebody will look at it before it is shown.",
  again: "We have this already; nothing was added.",
  link: "Keep this link: with it you can take back what you sent.",
};

/** The address of the service: the part of this module's own before `/widget/`. */
const BASE = import.meta.url.replace(/\/widget\/[^/]*\/[^/]*$/, "");

/** The object's own value: what a page's scripts put on Object.prototype is never read. @param {any} object @param {string} name @returns {any} */
const own = (object, name) =>
  object !== null && typeof object === "object" && Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;

/**
 * The function, with every error kept from the page.
 * @template {any[]} A @template R
 * @param {(...values: A) => R} run @returns {(...values: A) => R|undefined}
 */
const quietly = (run) => (...values) => {
  try {
    return run(...values);
  } catch {
    return undefined;
  }
};

/** @param {unknown} value @returns {string} */
const text = (value) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");

/** @param {unknown} value @returns {any[]} */
const list = (value) => (Array.isArray(value) ? value : []);

/** @param {number} time */
const sleep = (time) => new Promise((resume) => setTimeout(resume, time));

/**
 * An element; texts become text nodes.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Record<string, string|number|boolean|null|undefined>} attributes @param {(Node|string|null|undefined|false)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * A request without cookies that ends in time.
 * @param {string} url @param {string} method @param {Record<string, string>} headers @param {BodyInit|null} [body] @param {AbortController} [stop]
 */
async function ask(url, method, headers, body = null, stop = new AbortController()) {
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    // The null prototypes keep a polluted Object.prototype out.
    const plain = Object.assign(Object.create(null), headers);
    // @ts-ignore
    return await fetch(url, { __proto__: null, method, headers: plain, body, credentials: "same-origin", mode: "cors", signal: stop.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** What a file is known by after a reload. @param {string} base @param {File} file */
const fingerprint = (base, file) => STORE + [base, file.name, file.size, file.type, file.lastModified].join("|");

/** The kind of failure that no repetition mends. */
class Final extends Error {}

/** One file on its way. */
class Sending {
  offset = 0;
  /** @type {"waiting"|"sending"|"paused"|"ready"|"refused"|"gone"} */
  state = "waiting";
  reason = "";
  token = "";
  #piece = LEAST_PIECE;
  #tries = 0;
  #unsure = false;
  #stop = new AbortController();
  #wake = () => {};

  /** @param {File} file @param {Options} options @param {() => void} changed */
  constructor(file, options, changed) {
    this.file = file;
    this.options = options;
    this.changed = quietly(changed);
    this.key = fingerprint(options.uploads, file);
    if (options.resume) this.token = text(quietly(() => localStorage.getItem(this.key))());
    this.#unsure = this.token !== "";
  }

  get isOver() {
    return this.state === "ready" || this.state === "refused" || this.state === "gone";
  }

  get url() {
    return this.options.uploads + "/" + this.token;
  }

  /** Send until all is there, through cuts of any length; ends in `ready`, `refused` or `gone`. */
  async run() {
    this.#say("sending");
    while (!this.isOver) {
      try {
        await this.#step();
        if (this.token && !this.#unsure && this.offset >= this.file.size) this.#say("ready");
      } catch (error) {
        if (this.isOver) return;
        if (error instanceof Final) return this.refuse(error.message);
        this.#unsure = this.token !== "";
        this.#say("paused");
        await this.#pause(error instanceof Error ? Number(error.message) || 0 : 0);
      }
    }
  }

  /** One request: the place for a new file, how much of it came, or its next piece. */
  async #step() {
    if (!this.token) await this.#begin();
    else if (this.#unsure) await this.#look();
    else await this.#send();
  }

  async #begin() {
    const encode = (/** @type {string} */ value) => btoa(String.fromCharCode(...new TextEncoder().encode(value.slice(0, 255))));
    const facts = [["filename", this.file.name], ["filetype", this.file.type]].filter(([, value]) => value);
    const metadata = facts.map(([name, value]) => `${name} ${encode(value)}`).join(",");
    const answer = await ask(this.options.uploads, "POST", { "Tus-Resumable": TUS, "Upload-Length": String(this.file.size), "Upload-Metadata": metadata });
    await this.#check(answer, 201);
    this.token = (answer.headers.get("Location") || "").split("/").pop() || "";
    this.offset = 0;
    if (this.options.resume) quietly(() => localStorage.setItem(this.key, this.token))();
  }

  async #look() {
    const answer = await ask(this.url, "HEAD", { "Tus-Resumable": TUS });
    if (answer.status === 404 || answer.status === 410 || Number(answer.headers.get("Upload-Length")) !== this.file.size) {
      if (answer.status >= 500 || answer.status === 429) throw new Error(answer.headers.get("Retry-After") || "");
      this.forget();
      return;
    }
    await this.#check(answer, 200);
    this.offset = Number(answer.headers.get("Upload-Offset")) || 0;
    this.#unsure = false;
    this.#say("sending");
  }

  async #send() {
    const piece = this.file.slice(this.offset, this.offset + this.#piece);
    const headers = { "Tus-Resumable": TUS, "Upload-Offset": String(this.offset), "Content-Type": "application/offset+octet-stream" };
    const began = performance.now();
    const answer = await ask(this.url, "PATCH", headers, piece, this.#stop);
    await this.#check(answer, 204);
    const took = performance.now() - began;
    this.#piece = Math.max(LEAST_PIECE, Math.min(MOST_PIECE, took < PACE / 2 ? this.#piece * 2 : took > PACE * 2 ? this.#piece / 2 : this.#piece));
    this.offset = Number(answer.headers.get("Upload-Offset"));
    this.#tries = 0;
    this.#say("sending");
  }

  /** @param {Response} answer @param {number} wanted */
  async #check(answer, wanted) {
    if (answer.status === wanted) return;
    if (answer.status === 404 || answer.status === 410) {
      if (this.token) this.forget();
      else throw new Final(text(own(await answer.json().catch(() => null), "error")));
    }
    const pause = answer.headers.get("Retry-After") || "";
    const again = [404, 408, 409, 410, 423, 425, 429].includes(answer.status) || (answer.status >= 500 && answer.status !== 507);
    if (again && !(Number(pause) > LONG)) throw new Error(pause);
    throw new Final(text(own(await answer.json().catch(() => null), "detail")));
  }

  /** Wait longer each time, but not once the line is back. @param {number} seconds */
  async #pause(seconds) {
    const pause = Math.max(seconds * 1000, PAUSES[Math.min(this.#tries++, PAUSES.length - 1)] * (0.75 + Math.random() / 2));
    const back = new Promise((resume) => {
      this.#wake = () => resume(undefined);
    });
    const online = () => this.#wake();
    addEventListener("online", online);
    await Promise.race([sleep(Math.min(pause, 60_000)), back]);
    removeEventListener("online", online);
  }

  /** Nothing of it is known in this browser any more. */
  forget() {
    quietly(() => localStorage.removeItem(this.key))();
    this.token = "";
    this.offset = 0;
    this.#unsure = false;
  }

  /** It can't be taken. @param {string} reason */
  refuse(reason) {
    this.reason = reason;
    this.forget();
    this.#say("refused");
  }

  /** The sender does not want to send it after all. */
  cancel() {
    const { token, url } = this;
    this.forget();
    this.#say("gone");
    this.#stop.abort();
    this.#wake();
    if (token) ask(url, "DELETE", { "Tus-Resumable": TUS }).catch(() => {});
  }

  /** @param {Sending["state"]} state */
  #say(state) {
    if (this.state !== "gone") this.state = state;
    this.changed();
  }
}

let numbered = 0;

/** A form with its files: what the page's own form and the element's have in common. */
class Sender {
  /** @type {{sending: Sending, row: HTMLLIElement}[]} */
  files = [];
  #busy = false;

  /** @param {HTMLFormElement} form @param {HTMLElement} problem @param {Options} options */
  constructor(form, problem, options) {
    this.form = form;
    this.problem = problem;
    this.options = options;
    this.words = options.words;
    this.status = /** @type {HTMLElement} */ (form.querySelector("[data-status]"));
    this.button = /** @type {HTMLButtonElement} */ (form.querySelector("[data-send]"));
    this.rows = make("ul", { class: "files", role: "list", hidden: true });
    this.#offer();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#busy) this.send().catch(() => this.#fail(this.words("failed")));
    });
  }

  /** Two ways to add files in place of the one that works without scripts. */
  #offer() {
    const place = /** @type {HTMLElement} */ (this.form.querySelector("[data-pick]"));
    const button = (/** @type {string} */ label, /** @type {Record<string, string|boolean>} */ facts) => {
      const described = { "aria-describedby": "file-hint file-error" };
      const input = make("input", { type: "file", class: "pickfile", ...described, ...facts });
      input.addEventListener("change", () => {
        this.add([...(input.files || [])]);
        input.value = "";
      });
      return make("label", { class: "button plain" }, label, input);
    };
    const choices = [button(this.words("choose"), { id: "file", multiple: true, accept: this.options.accept })];
    if (matchMedia("(pointer: coarse)").matches) {
      choices.push(button(this.words("camera"), { accept: "image/*", capture: "environment" }));
    }
    place.classList.add("pick");
    place.replaceChildren(...choices);
    place.after(this.rows);
  }

  /** @param {File[]} files */
  add(files) {
    const room = this.options.most - this.files.length - this.form.querySelectorAll("[name=upload]:checked").length;
    this.#mark("file", files.length > room ? this.words("many", { count: this.options.most }) : "");
    for (const file of files.slice(0, Math.max(0, room))) {
      const known = this.files.some((each) => each.sending.key === fingerprint(this.options.uploads, file));
      if (!known) this.#row(file);
    }
    this.#next();
  }

  /** @param {File} file */
  #row(file) {
    const name = file.name || "file";
    const bar = make("progress", { max: 1, value: 0, "aria-label": name });
    const how = make("span", {}, this.words("waiting"));
    const id = `file-${++numbered}`;
    const remove = make("button", { type: "button", "aria-label": this.words("remove", { name }), "aria-describedby": id }, "×");
    const line = make("div", { class: "how", id }, how, bar);
    const row = make("li", {}, this.#picture(file), make("span", { class: "what" }, name), line, remove);
    const sending = new Sending(file, this.options, () => {
      const { state, offset, reason } = sending;
      bar.value = file.size ? offset / file.size : 0;
      bar.hidden = state === "ready" || state === "refused";
      line.classList.toggle("bad", state === "refused");
      const percent = Math.floor((100 * offset) / file.size);
      const said = state === "refused" && reason ? reason : this.words(state, { percent });
      if (how.textContent !== said) how.textContent = said;
      if (state === "ready" || state === "refused" || state === "paused") this.#tell(`${name}: ${said}`);
      this.options.tell("upload-progress", { name, state, offset, size: file.size });
    });
    this.files.push({ sending, row });
    this.rows.append(row);
    this.rows.hidden = false;
    remove.addEventListener("click", () => this.remove(sending));
    // What its own browser calls a document is not worth the way; anything in doubt is looked at by the service.
    if (/^(text\/|application\/(pdf|zip|json|msword|vnd\.))/.test(file.type)) sending.refuse(this.words("strange"));
  }

  /** A small preview where the browser can draw the file. @param {File} file */
  #picture(file) {
    const kind = file.type.split("/")[0] || "?";
    const blank = make("span", { class: "pic", "aria-hidden": "true" }, kind === "video" ? "▶" : kind === "audio" ? "♪" : "");
    if (kind !== "image") return blank;
    const image = make("img", { class: "pic", alt: "" });
    image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    image.addEventListener("error", () => image.replaceWith(blank));
    image.src = URL.createObjectURL(file);
    return image;
  }

  /** @param {Sending} sending */
  remove(sending) {
    const place = this.files.findIndex((each) => each.sending === sending);
    if (place < 0) return;
    const [{ row }] = this.files.splice(place, 1);
    const next = this.files[Math.min(place, this.files.length - 1)];
    row.remove();
    sending.cancel();
    this.rows.hidden = !this.files.length;
    this.#tell("");
    const target = next ? next.row.querySelector("button") : this.form.querySelector("[data-pick] input");
    if (target instanceof HTMLElement) target.focus();
    this.#next();
  }

  /** Start what waits, a few at a time. */
  #next() {
    const going = this.files.filter(({ sending }) => sending.state === "sending" || sending.state === "paused").length;
    for (const { sending } of this.files.filter((each) => each.sending.state === "waiting").slice(0, Math.max(0, AT_ONCE - going))) {
      sending.run().then(() => this.#next());
    }
  }

  /** Until no file is on its way. */
  async #settle() {
    while (this.files.some(({ sending }) => !sending.isOver)) {
      this.#tell(this.words("settling"));
      await sleep(150);
    }
  }

  /** Send the form once its files are there; the same form twice is one submission, so a lost answer is simply asked for again. */
  async send() {
    this.#busy = true;
    this.button.setAttribute("aria-disabled", "true");
    try {
      await this.#settle();
      for (let tries = 0; tries < 8; tries += 1) {
        const answer = await this.#post().catch(() => null);
        if (!answer || answer.status >= 500) {
          this.#tell(this.words("retry"));
          await sleep(PAUSES[Math.min(tries, PAUSES.length - 1)]);
        } else if (!(await this.#take(answer))) return;
      }
      this.#fail(this.words("failed"));
    } finally {
      this.#busy = false;
      this.button.removeAttribute("aria-disabled");
    }
  }

  #post() {
    const body = new FormData(this.form);
    body.delete("file");
    for (const { sending } of this.files) if (sending.state === "ready") body.append("upload", sending.token);
    this.#tell(this.words("almost"));
    return ask(this.form.action, "POST", { Accept: "application/json" }, body);
  }

  /** What the service said; true = send again. @param {Response} answer */
  async #take(answer) {
    const said = await answer.json().catch(() => null);
    const error = text(own(said, "error"));
    if (answer.ok) {
      for (const { sending } of this.files) sending.forget();
      this.#tell("");
      this.options.done(text(own(said, "link")) || null, own(said, "new") === true);
      return false;
    }
    if (error === "too_young") {
      quietly(() => sessionStorage.setItem(CLOSED, "1"))();
      for (const { sending } of this.files) sending.forget();
      this.options.refused(text(own(said, "detail")));
      return false;
    }
    this.#renew(said);
    if (error === "form_too_old" || error === "too_quick") {
      await sleep(3_500);
      return true;
    }
    this.#show(said);
    return false;
  }

  /** A new mark, and the terms where they changed. @param {any} said */
  #renew(said) {
    const stamp = text(own(said, "stamp"));
    const terms = own(said, "terms");
    if (stamp) this.#field("stamp").value = stamp;
    if (terms) {
      this.#field("terms").value = text(own(terms, "name"));
      const shown = /** @type {HTMLElement} */ (this.form.querySelector("[data-terms]"));
      shown.textContent = text(own(terms, "text"));
      shown.closest("details")?.setAttribute("open", "");
    }
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLInputElement} */ (this.form.querySelector(`input[name=${name}]`));
  }

  /** Every fault at its place, the first one focused. @param {any} said */
  #show(said) {
    const fields = own(said, "fields") || {};
    for (const place of this.form.querySelectorAll("[data-field]")) {
      const name = place.getAttribute("data-field") || "";
      this.#mark(name, text(own(fields, name)));
    }
    const refused = list(own(said, "files"));
    const lost = refused.filter((each) => !this.#refuse(text(own(each, "upload")), text(own(each, "reason"))));
    if (lost.length && !own(fields, "file")) this.#mark("file", lost.map((each) => `${text(own(each, "name"))}: ${text(own(each, "reason"))}`).join(" "));
    this.#fail(text(own(said, "detail")) || this.words("failed"));
    const first = this.form.querySelector("[aria-invalid=true]:not([type=hidden]), .how.bad + button");
    if (first instanceof HTMLElement) first.focus();
    else this.problem.focus();
  }

  /** Say it at the file's own line; false = it has none. @param {string} token @param {string} reason */
  #refuse(token, reason) {
    const found = this.files.find(({ sending }) => sending.token === token);
    if (!found) return false;
    found.sending.refuse(reason);
    return true;
  }

  /** @param {string} name @param {string} words */
  #mark(name, words) {
    const error = this.form.querySelector(`#${name}-error`);
    if (!(error instanceof HTMLElement)) return;
    error.textContent = words;
    error.hidden = !words;
    for (const input of this.form.querySelectorAll(`[aria-describedby~="${name}-error"]`)) {
      if (words && input.tagName !== "FIELDSET") input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  /** @param {string} words */
  #fail(words) {
    this.problem.hidden = false;
    this.problem.tabIndex = -1;
    this.problem.replaceChildren(make("p", {}, make("strong", {}, words)));
    this.#tell("");
  }

  /** Said aloud by screen readers. @param {string} words */
  #tell(words) {
    if (this.status.textContent !== words) this.status.textContent = words;
  }
}

/** The same questions as the page asks, from the service's list. @param {Config} config @param {Words} words */
function draw(config, words) {
  /** @type {Record<string, (field: Field) => HTMLElement>} */
  const kinds = {
    files: (field) => block(field, make("div", { "data-pick": true })),
    stars: (field) => {
      const label = (/** @type {number} */ count) =>
        make("label", {}, make("input", { type: "radio", name: "stars", value: count, "aria-label": words("star", { count }) }), make("span", { class: "on", "aria-hidden": "true" }, "★"), make("span", { class: "off", "aria-hidden": "true" }, "☆"));
      const none = make("label", { class: "none" }, make("input", { type: "radio", name: "stars", value: "", checked: true }), words("none"));
      return group(field, make("div", { class: "stars" }, ...[1, 2, 3, 4, 5].map(label), none));
    },
    long: (field) => block(field, make("textarea", { ...facts(field), rows: 4 })),
    line: (field) => block(field, make("input", { ...facts(field), type: "text" })),
    email: (field) => block(field, make("input", { ...facts(field), type: "email" })),
    birth: (field) => {
      const months = config.months.map((month, place) => make("option", { value: place + 1 }, month));
      const described = { "aria-describedby": "birth_year-hint birth_year-error", required: true };
      const month = make("select", { id: "birth_month", name: "birth_month", autocomplete: "bday-month", ...described }, make("option", { value: "" }, "–"), ...months);
      const year = make("input", { id: "birth_year", name: "birth_year", inputmode: "numeric", maxlength: 4, autocomplete: "bday-year", ...described });
      const pair = [[words("month"), month], [words("year"), year]].map(([label, input]) =>
        make("div", {}, make("label", { for: /** @type {HTMLElement} */ (input).id }, label), input));
      return group(field, make("div", { class: "pair" }, ...pair));
    },
    choice: (field) => {
      const options = list(field.options).map(([code, label]) => make("option", { value: code }, label));
      return block(field, make("select", facts(field), make("option", { value: "" }, words("choice")), ...options));
    },
    terms: () => make("details", { class: "terms" }, make("summary", {}, words("terms")), make("div", { "data-terms": true, dir: "auto" }, config.terms.text)),
    box: ({ name, label }) =>
      make("div", { class: "box", "data-field": name }, make("input", { type: "checkbox", id: name, name, value: "yes", "aria-describedby": `${name}-error` }), make("label", { for: name }, label), error(name)),
  };
  const error = (/** @type {string} */ name) => make("p", { class: "error", id: `${name}-error`, hidden: true });
  const hint = (/** @type {Field} */ field) => make("span", { class: "hint", id: `${field.name}-hint` }, field.hint);
  const facts = (/** @type {Field} */ { name, is_required, autocomplete, most }) => ({
    id: name, name, required: is_required, autocomplete: autocomplete || null, maxlength: most || null, dir: "auto", "aria-describedby": `${name}-hint ${name}-error`,
  });
  const block = (/** @type {Field} */ field, /** @type {HTMLElement} */ inner) =>
    make("div", { "data-field": field.name }, make("label", { for: field.name }, field.label), hint(field), inner, error(field.name));
  const group = (/** @type {Field} */ field, /** @type {HTMLElement} */ inner) =>
    make("fieldset", { "data-field": field.name, "aria-describedby": `${field.name}-hint` }, make("legend", {}, field.label), hint(field), inner, error(field.name));
  const hidden = (/** @type {string} */ name, /** @type {string} */ value) => make("input", { type: "hidden", name, value });
  const trap = make("div", { class: "hide", "aria-hidden": "true" }, make("input", { name: config.trap, tabindex: -1, autocomplete: "off", "data-1p-ignore": true, "data-lpignore": "true", "data-bwignore": true, "data-form-type": "other" }));
  return make(
    "form", { class: "form", action: config.submit, method: "post", enctype: "multipart/form-data", novalidate: true },
    hidden("stamp", config.stamp), hidden("terms", config.terms.name), hidden("product", config.product ? config.product.sku : ""), trap,
    ...config.fields.map((field) => kinds[field.kind]?.(field)),
    make("div", { class: "end" }, make("button", { class: "button wide", "data-send": true }, words("send"))),
    make("p", { class: "quiet small", role: "status", "aria-live": "polite", "data-status": true }),
  );
}

/** The texts, some of them replaced. @param {any} given @returns {Words} */
const wording = (given) => (name, facts = {}) =>
  Object.keys(facts).reduce((line, key) => line.replace(`{${key}}`, String(facts[key])), text(own(given, name)) || own(LABELS, name) || "");

const CSS = `
:host{display:block!important;text-align:start;
--surface:var(--ugc-surface,light-dark(#fff,#161618));--soft:var(--ugc-soft,light-dark(#f5f5f3,#202124));
--text:var(--ugc-text,light-dark(#1c1c1e,#f2f2f4));--quiet:var(--ugc-quiet,light-dark(#5a5a60,#aeaeb5));
--line:var(--ugc-line,light-dark(#8b8b90,#6f6f77));--hair:var(--ugc-hair,light-dark(#e0e0de,#34343a));
--bad:light-dark(#b0231b,#ff958b);--accent:var(--ugc-accent,light-dark(#1c1c1e,#f2f2f4));
--on:var(--ugc-on-accent,light-dark(#fff,#161618));--star:var(--ugc-star,light-dark(#9a6200,#f5b342))}
:host([hidden]){display:none!important}
.root{all:initial;direction:inherit;color-scheme:inherit;display:block;color:var(--text);max-width:560px;
font:16px/1.5 var(--ugc-font,system-ui,sans-serif);overflow-wrap:anywhere}
.open{font:inherit;font-weight:600;min-height:48px;padding:0 24px;border:1px solid var(--accent);border-radius:8px;
background:var(--accent);color:var(--on);cursor:pointer}
:focus-visible{outline:3px solid var(--text);outline-offset:2px}
`;

class UgcUpload extends HTMLElement {
  static observedAttributes = ["brand", "product", "api"];
  /** @type {ShadowRoot|undefined} */
  #shadow;
  #asking = false;

  connectedCallback() {
    quietly(() => {
      // @ts-ignore null prototype: a polluted Object.prototype adds no option
      this.#shadow ||= this.attachShadow({ __proto__: null, mode: "open" });
      this.#reset();
    })();
  }

  attributeChangedCallback() {
    if (this.isConnected && this.#shadow) quietly(() => this.#reset())();
  }

  get words() {
    return wording(quietly(() => JSON.parse(this.getAttribute("labels") || "{}"))());
  }

  get service() {
    return (this.getAttribute("api") || BASE).replace(/\/$/, "");
  }

  /** Tell the page; false = it vetoed. @param {string} name @param {Record<string, unknown>} detail */
  tell(name, detail) {
    // @ts-ignore null prototype, as above
    return this.dispatchEvent(new CustomEvent("ugc:" + name, { __proto__: null, detail, bubbles: true, composed: true, cancelable: true }));
  }

  /** A button; the form comes when somebody wants it. The children are behind it and stay if the service can't be reached. */
  #reset() {
    const button = make("button", { class: "open", part: "open", type: "button", "aria-expanded": "false" }, this.getAttribute("label") || this.words("open"));
    button.addEventListener("click", () => this.open().catch(() => this.#fall()));
    this.#put("", button);
  }

  /** @param {string} style @param {Node[]} content */
  #put(style, ...content) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style + CSS);
    const shadow = /** @type {ShadowRoot} */ (this.#shadow);
    shadow.adoptedStyleSheets = [sheet];
    shadow.replaceChildren(make("div", { class: "root", part: "upload" }, ...content));
  }

  /** Show the children: a link to the page that needs no script. */
  #fall() {
    /** @type {ShadowRoot} */ (this.#shadow).replaceChildren(make("slot", {}));
  }

  /** Draw the form. */
  async open() {
    if (this.#asking || !this.tell("upload-open", {})) return;
    this.#asking = true;
    try {
      const part = (/** @type {string} */ name) => encodeURIComponent(this.getAttribute(name) || "");
      const answer = await ask(`${this.service}/submit/${part("brand")}.json?product=${part("product")}`, "GET", { Accept: "application/json" });
      const config = answer.ok ? await answer.json() : null;
      if (!Array.isArray(own(config, "fields"))) throw new Error();
      this.#draw(config);
    } finally {
      this.#asking = false;
    }
  }

  /** @param {Config} config */
  #draw(config) {
    const words = this.words;
    if (quietly(() => sessionStorage.getItem(CLOSED))()) return this.#fall();
    const form = draw(config, words);
    const problem = make("div", { class: "notice bad", role: "alert", hidden: true });
    const close = make("button", { class: "button plain", type: "button" }, words("close"));
    close.addEventListener("click", () => this.#reset());
    form.lastElementChild?.previousElementSibling?.append(close);
    this.#put(config.style, problem, form);
    new Sender(form, problem, {
      uploads: config.uploads, accept: config.accept, most: config.most, words, resume: this.getAttribute("resume") !== "off",
      tell: (name, detail) => this.tell(name, detail),
      done: (link, isNew) => this.#done(config.style, link, isNew),
      refused: (reason) => this.#put(config.style, make("p", { role: "status" }, reason)),
    });
    const first = form.querySelector("[data-pick] input");
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
  }

  /** @param {string} style @param {string|null} link @param {boolean} isNew */
  #done(style, link, isNew) {
    if (!this.tell("upload-done", { new: isNew })) return;
    const words = this.words;
    const safe = link && /^https?:/.test(link) ? link : "";
    const title = make("h2", { tabindex: -1 }, words("thanks"));
    const kept = safe && [make("p", {}, words("link")), make("p", {}, make("a", { href: safe, rel: "noreferrer" }, safe))];
    this.#put(style, title, make("p", {}, words(isNew || safe ? "got" : "again")), ...(kept || []));
    title.focus();
  }
}

for (const name of ATTRIBUTES) {
  Object.defineProperty(UgcUpload.prototype, name, {
    // @ts-ignore null prototype, as above
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() {
      return this.getAttribute(name);
    },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
  });
}

/** Words of thanks in the place of the page's form, where there is no link to go to. @param {HTMLFormElement} form @param {boolean} isNew */
function show(form, isNew) {
  const words = wording({});
  const title = make("h1", { tabindex: -1 }, words("thanks"));
  form.parentElement?.replaceChildren(title, make("p", {}, words(isNew ? "got" : "again")));
  title.focus();
}

quietly(() => customElements.get("ugc-upload") || customElements.define("ugc-upload", UgcUpload))();

quietly(() => {
  const form = document.querySelector("form[data-ugc-form]");
  const problem = document.getElementById("problem");
  if (!(form instanceof HTMLFormElement) || !problem) return;
  new Sender(form, problem, {
    uploads: form.dataset.uploads || "",
    accept: form.dataset.accept || "",
    most: Number(form.dataset.most),
    words: wording({}),
    resume: true,
    tell: () => true,
    done: (link, isNew) => {
      if (link) location.assign(new URL(link).pathname + "?sent=1");
      else show(form, isNew);
    },
    refused: () => location.reload(),
  });
})();
