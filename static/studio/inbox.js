// Triage: one key decides, the next item is there at once, the server hears of it meanwhile; one key takes it back.
"use strict";

(() => {
  const inbox = document.getElementById("inbox");
  if (!inbox) return;
  const loupe = document.getElementById("loupe");
  const content = document.getElementById("loupe-content");
  const mayChange = inbox.dataset.mayChange === "yes";
  const phone = matchMedia("(max-width: 640px)");
  const past = { approve: "approved", reject: "rejected" };
  // A person needs about three seconds a picture until we know better; their own pace then counts.
  const SECONDS_AT_FIRST = 3;
  const PAUSE_MS = 20000;

  const waiting = Number(inbox.dataset.waiting);
  // Where the server stopped counting, it says so.
  const plus = inbox.dataset.more ? "+" : "";
  const RAIL_COUNTS = 1000;
  const done = [];
  let decided = 0;
  let spent = 0;
  let lastAt = 0;
  let focused = null;

  const tiles = () => [...document.querySelectorAll("#tiles .tile")];
  const tileOf = (id) => document.querySelector(`#tiles .tile[data-id="${CSS.escape(id)}"]`);

  function focus(tile, { scroll = true, keyboard = true } = {}) {
    if (!tile) return;
    focused?.classList.remove("focused");
    if (focused) focused.querySelector(".tile-link").tabIndex = -1;
    focused = tile;
    tile.classList.add("focused");
    const link = tile.querySelector(".tile-link");
    link.tabIndex = 0;
    if (keyboard && !phone.matches) link.focus({ preventScroll: true });
    if (scroll) tile.scrollIntoView({ block: "nearest" });
    content.replaceChildren(tile.querySelector("template").content.cloneNode(true));
    loupe.scrollTop = 0;
    showLarge();
    fetchAhead(tile);
  }

  /** Until the large picture has come, the grid's own copy stands in its place: nothing flashes, nothing jumps. */
  function showLarge() {
    const large = content.querySelector(".loupe-picture img");
    const small = focused.querySelector(".holder img");
    if (!large || !small?.currentSrc || large.complete) return;
    const address = large.src;
    large.src = small.currentSrc;
    const full = new Image();
    full.src = address;
    full.decode().then(() => { if (large.isConnected) large.src = address; }, () => {});
  }

  function fetchAhead(tile) {
    const all = tiles();
    const at = all.indexOf(tile);
    for (const near of all.slice(at + 1, at + 3)) {
      const address = near.querySelector("template").content.querySelector(".loupe-picture img")?.getAttribute("src");
      if (address) new Image().src = address;
    }
    if (at > all.length - 12) document.getElementById("more-tiles")?.click();
  }

  function step(by) {
    const all = tiles();
    const at = all.indexOf(focused);
    focus(all[Math.max(0, Math.min(all.length - 1, at + by))]);
  }

  function toNextOpen() {
    const all = tiles();
    const at = all.indexOf(focused);
    const open = (tile) => !tile.dataset.decided;
    const next = all.slice(at + 1).find(open) ?? all.slice(0, at).reverse().find(open);
    if (next) focus(next);
    else finished();
  }

  function finished() {
    loupe.classList.remove("open");
    document.body.classList.remove("loupe-open");
    if (!document.getElementById("more-tiles")) {
      studio.toast("All decided", { action: "Look for new ones", run: () => location.reload(), seconds: 20 });
    }
  }

  function showProgress() {
    const left = Math.max(0, waiting - decided);
    const pace = spent > 0 && decided > 2 ? spent / decided : SECONDS_AT_FIRST;
    const minutes = Math.round((left * pace) / 60);
    const time = left === 0 ? "done" : minutes < 1 ? "less than a minute" : `about ${minutes} min`;
    inbox.querySelector("[data-progress]").textContent = `${decided} of ${waiting.toLocaleString("en").replaceAll(",", "\u202f")}${plus}, ${time}`;
    inbox.querySelector("progress").value = decided;
    for (const count of document.querySelectorAll('.rail a[href="/studio/inbox"] .count, .bottom a[href="/studio/inbox"] .count')) {
      if (left < RAIL_COUNTS) count.textContent = left > 99 && count.closest(".bottom") ? "99+" : String(left);
      count.hidden = left === 0;
    }
  }

  function keepPace(count) {
    const at = performance.now();
    if (lastAt && at - lastAt < PAUSE_MS) spent += (at - lastAt) / 1000;
    else spent += SECONDS_AT_FIRST * count;
    lastAt = at;
    decided += count;
    showProgress();
  }

  function mark(ids, state) {
    for (const id of ids) {
      const tile = tileOf(id);
      if (!tile) continue;
      if (state) tile.dataset.decided = state; else delete tile.dataset.decided;
    }
  }

  /** Decide now on the screen, then at the server; should that fail, everything is as before and says so. */
  function decide(action, ids, more = {}) {
    if (!ids.length) return;
    mark(ids, past[action]);
    keepPace(ids.length);
    selection.clear();
    const entry = { ids, action, at: performance.now() };
    entry.sent = studio.post("/studio/decide", { action, ids: ids.join(","), ...more });
    done.push(entry);
    const words = ids.length === 1 ? `${past[action] === "approved" ? "Approved" : "Rejected"}` : `${ids.length} ${past[action]}`;
    studio.toast(words, { action: "Undo", run: () => takeBack(entry) });
    entry.sent.catch((error) => { restore(entry); studio.failed(error); });
    if (ids.includes(focused?.dataset.id)) toNextOpen();
  }

  function restore(entry) {
    const at = done.indexOf(entry);
    if (at < 0) return false;
    done.splice(at, 1);
    mark(entry.ids, "");
    decided = Math.max(0, decided - entry.ids.length);
    showProgress();
    focus(tileOf(entry.ids[0]));
    return true;
  }

  async function takeBack(entry) {
    if (!entry) { studio.toast("Nothing to undo"); return; }
    if (!restore(entry)) return;
    try {
      const { batch } = await entry.sent;
      await studio.post("/studio/undo", { batch });
      studio.toast("Undone");
    } catch (error) {
      mark(entry.ids, past[entry.action]);
      studio.failed(error);
    }
  }

  const targets = () => {
    const chosen = selection.chosen();
    if (chosen.length) return chosen;
    return focused && !focused.dataset.decided ? [focused.dataset.id] : [];
  };

  async function act(what) {
    const ids = targets();
    if (!mayChange) return;
    if (what === "undo") { undoLast(); return; }
    if (!ids.length) return;
    if (what === "approve") decide("approve", ids);
    if (what === "likely") await suggestions.acceptLikely(ids);
    if (what === "reject") {
      const answer = await selection.askReason();
      if (answer) decide("reject", ids, answer);
    }
    if (what === "tag") {
      const tags = await selection.askTags();
      if (tags) addTags(ids, tags);
    }
    if (!phone.matches) focused?.querySelector(".tile-link").focus({ preventScroll: true });
  }

  /** One key takes back whatever was done last: a decision, or a suggestion that was accepted or refused. */
  function undoLast() {
    const entry = done.at(-1);
    if ((suggestions.last()?.at ?? -1) > (entry?.at ?? -1)) suggestions.undo(); else takeBack(entry);
  }

  function addTags(ids, tags) {
    studio.post("/studio/tag", { ids: ids.join(","), tags }).then((answer) => {
      for (const id of ids) {
        const list = tileOf(id)?.querySelector("template").content.querySelector("[data-tags]");
        for (const name of answer.tags) addChip(list, name);
      }
      if (ids.includes(focused?.dataset.id)) focus(focused, { scroll: false });
      studio.toast(ids.length === 1 ? "Tagged" : `${ids.length} tagged`);
    }).catch(studio.failed);
  }

  function addChip(list, name) {
    if (!list || [...list.children].some((chip) => chip.textContent === name)) return;
    const chip = document.createElement("span");
    chip.className = "chip";
    chip.textContent = name;
    list.append(chip);
  }

  document.addEventListener("keydown", (event) => {
    if (studio.typing(event)) return;
    const toggle = () => {
      const box = focused?.querySelector("input[name=ids]");
      if (box && mayChange) { box.checked = !box.checked; selection.show(); }
    };
    const arrows = { ArrowRight: () => step(1), ArrowLeft: () => step(-1), ArrowDown: () => row(1), ArrowUp: () => row(-1), Escape: selection.clear };
    const letters = {
      j: () => step(1), k: () => step(-1), a: () => act("approve"), r: () => act("reject"), t: () => act("tag"),
      u: () => act("undo"), x: toggle, "?": () => studio.open("keys"),
    };
    const run = arrows[event.key] ?? (studio.keysOn() ? letters[event.key] : undefined);
    if (!run || (event.key in arrows && event.target.closest?.(".keys, .loupe"))) return;
    event.preventDefault();
    run();
  });

  /** Up and down go to the tile above or below, as the eye does. */
  function row(by) {
    const from = focused.getBoundingClientRect();
    const middle = from.left + from.width / 2;
    const beyond = tiles().filter((tile) => by * (tile.getBoundingClientRect().top - from.top) > 4);
    if (!beyond.length) return;
    const edge = beyond.reduce((best, tile) => { const { top } = tile.getBoundingClientRect(); return by * top < by * best ? top : best; }, by * Infinity);
    const line = beyond.filter((tile) => Math.abs(tile.getBoundingClientRect().top - edge) < 4);
    const away = (tile) => { const box = tile.getBoundingClientRect(); return Math.abs(box.left + box.width / 2 - middle); };
    focus(line.sort((a, b) => away(a) - away(b))[0]);
  }

  document.getElementById("tiles").addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile || event.target.closest(".tile-check") || event.ctrlKey || event.metaKey) return;
    // The keyboard's Enter arrives as a click without a pointer: it follows the link to the item's page.
    if (event.detail === 0) return;
    event.preventDefault();
    focus(tile, { scroll: false });
    if (phone.matches) { loupe.classList.add("open"); document.body.classList.add("loupe-open"); loupe.focus(); }
  });
  document.getElementById("tiles").addEventListener("dblclick", (event) => {
    const link = event.target.closest(".tile")?.querySelector(".tile-link");
    if (link) location.assign(link.href);
  });
  document.getElementById("loupe-close").addEventListener("click", () => {
    loupe.classList.remove("open");
    document.body.classList.remove("loupe-open");
    focused?.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) act(button.dataset.do);
  });

  // On a phone, a swipe goes through the items.
  let startX = null;
  loupe.addEventListener("touchstart", (event) => { startX = event.touches.length === 1 ? event.touches[0].clientX : null; }, { passive: true });
  loupe.addEventListener("touchend", (event) => {
    const moved = startX === null ? 0 : event.changedTouches[0].clientX - startX;
    if (Math.abs(moved) > 70) step(moved < 0 ? 1 : -1);
  }, { passive: true });

  const switchBox = document.getElementById("keys-on");
  switchBox.checked = studio.keysOn();
  switchBox.addEventListener("change", () => {
    try { localStorage.setItem("studio-keys", switchBox.checked ? "on" : "off"); } catch { /* then they stay on */ }
  });

  const prepare = () => {
    for (const tile of tiles()) if (tile !== focused) tile.querySelector(".tile-link").tabIndex = -1;
  };
  document.addEventListener("htmx:after:swap", prepare);
  prepare();
  focus(tiles()[0], { scroll: false, keyboard: false });
  showProgress();
})();
