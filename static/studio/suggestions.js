// Suggestions on items: a key or a click accepts or refuses, at once on the screen; a toast takes it back.
"use strict";

const suggestions = (() => {
  const states = { accept: "accepted", refuse: "refused", undo: "" };
  const past = { accept: "Accepted", refuse: "Refused" };
  const inbox = document.getElementById("inbox");
  // What was decided here, the newest last, so that the key that undoes finds it.
  const done = [];

  /** Every copy of a chip: the one that shows, and the one in its tile's template, so that coming back shows the same. */
  function copies(id) {
    const places = [document, ...[...document.querySelectorAll("#tiles template")].map((one) => one.content)];
    return places.flatMap((place) => [...place.querySelectorAll(`[data-suggestion="${CSS.escape(id)}"]`)]);
  }

  function mark(ids, state) {
    for (const id of ids) {
      for (const chip of copies(id)) {
        if (state) chip.dataset.state = state; else delete chip.dataset.state;
        chip.querySelector(".offer-yes").setAttribute("aria-pressed", String(state === "accepted"));
      }
    }
  }

  const wordsOf = (id) => copies(id)[0]?.dataset.words ?? "";

  /** Decide on the screen, then at the server; should that fail, all is as before and says so. */
  function decide(verb, ids) {
    if (!ids.length) return;
    const entry = { ids, at: performance.now() };
    mark(ids, states[verb]);
    entry.sent = studio.post("/studio/suggestions", { action: verb, ids: ids.join(",") });
    done.push(entry);
    const words = ids.length === 1 ? `${past[verb]}: ${wordsOf(ids[0])}` : `${past[verb]}: ${ids.length} suggestions`;
    studio.toast(words, { action: "Undo", run: () => takeBack(entry) });
    entry.sent.catch((error) => { drop(entry); mark(ids, ""); studio.failed(error); });
  }

  function drop(entry) {
    const at = done.indexOf(entry);
    if (at >= 0) done.splice(at, 1);
    return at >= 0;
  }

  async function takeBack(entry) {
    if (!entry || !drop(entry)) return;
    mark(entry.ids, "");
    try {
      await entry.sent;
      await studio.post("/studio/suggestions", { action: "undo", ids: entry.ids.join(",") });
      studio.toast("Undone");
    } catch (error) {
      studio.failed(error);
    }
  }

  /** Accept what is likelier than 95 % on many items at once. */
  async function acceptLikely(items) {
    try {
      const { ids } = await studio.post("/studio/suggestions/likely", { ids: items.join(",") });
      const chosen = ids.map(String);
      mark(chosen, "accepted");
      if (!chosen.length) { studio.toast("Nothing above 95 % there"); return; }
      const entry = { ids: chosen, at: performance.now(), sent: Promise.resolve() };
      done.push(entry);
      studio.toast(`Accepted: ${chosen.length} suggestions`, { action: "Undo", run: () => takeBack(entry) });
    } catch (error) {
      studio.failed(error);
    }
  }

  const shown = () => document.querySelector(inbox ? "#loupe-content [data-suggestions]" : "[data-suggestions]");

  /** On a chip that was decided, the same key takes that back. */
  function press(chip, verb) {
    const id = chip.dataset.suggestion;
    if (chip.dataset.state === states[verb]) takeBack(done.findLast((entry) => entry.ids.includes(id)));
    else decide(verb, [id]);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".offer-yes, .offer-no");
    if (!button || button.disabled) return;
    event.preventDefault();
    press(button.closest("[data-suggestion]"), button.matches(".offer-yes") ? "accept" : "refuse");
  });

  document.addEventListener("keydown", (event) => {
    // The digit's place on the keyboard: with Shift the sign is another one, and which depends on the layout.
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    // A digit that chose a reason has been used: its dialog is closed by the time that the key arrives here.
    if (!digit || event.defaultPrevented || event.repeat || studio.typing(event) || !studio.keysOn()) return;
    const chip = shown()?.querySelector(`[data-key="${digit}"]`);
    if (!chip || chip.querySelector(".offer-yes").disabled) return;
    event.preventDefault();
    press(chip, event.shiftKey ? "refuse" : "accept");
  });

  // Outside the inbox nobody else listens for the key that undoes.
  if (!inbox) {
    document.addEventListener("keydown", (event) => {
      if (event.key === "u" && done.length && !studio.typing(event) && studio.keysOn()) { event.preventDefault(); takeBack(done.at(-1)); }
    });
  }

  /** Each chip says why under the row while the pointer or the focus is on it. */
  function explain(event) {
    const chip = event.target.closest?.("[data-suggestion]");
    const line = chip?.closest("[data-suggestions]").querySelector("[data-why-line]");
    if (line) line.textContent = `${chip.dataset.words}: ${chip.dataset.why}.`;
  }
  document.addEventListener("pointerover", explain);
  document.addEventListener("focusin", explain);

  return { acceptLikely, last: () => done.at(-1), undo: () => takeBack(done.at(-1)) };
})();
