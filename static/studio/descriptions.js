// Descriptions: a draft is taken, edited or dismissed with one key, the next is there at once, one key takes it back.
"use strict";

(() => {
  const page = document.getElementById("descriptions");
  const draft = document.querySelector("[data-draft]");
  const field = document.getElementById("alt");

  /** On an item's page: the draft beside the field. */
  function beside() {
    const edit = () => {
      field.value = draft.querySelector("[data-draft-words]").textContent;
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
    };
    draft.querySelector("[data-draft-edit]").addEventListener("click", edit);
    document.addEventListener("keydown", (event) => {
      if (studio.typing(event) || !studio.keysOn()) return;
      const run = { d: () => draft.querySelector("[value=use]").click(), e: edit }[event.key];
      if (!run) return;
      event.preventDefault();
      run();
    });
  }

  /** The list of what is published without one. */
  function list() {
    const words = { use: "Described", dismiss: "Dismissed" };
    const done = [];
    let left = Number(page.dataset.waiting);
    let focused = null;
    const rows = () => [...page.querySelectorAll(".undescribed-row")];
    const text = (row) => row.querySelector("textarea");

    function focus(row, { keyboard = true } = {}) {
      if (!row) return;
      focused?.classList.remove("focused");
      focused = row;
      row.classList.add("focused");
      if (keyboard) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
    }

    function step(by) {
      const all = rows();
      focus(all[Math.max(0, Math.min(all.length - 1, all.indexOf(focused) + by))]);
    }

    function toNextOpen() {
      const all = rows();
      const at = all.indexOf(focused);
      const next = [...all.slice(at + 1), ...all.slice(0, at)].find((row) => !row.dataset.decided);
      if (next) focus(next);
      else studio.toast("All looked at", { action: "Look for more", run: () => location.reload(), seconds: 20 });
    }

    function mark(entry, state) {
      if (state) entry.row.dataset.decided = state; else delete entry.row.dataset.decided;
      for (const control of entry.row.querySelectorAll("button, textarea")) control.disabled = Boolean(state);
      if (entry.what === "use") left += state ? -1 : 1;
      page.querySelector("[data-left]").textContent = left === 1 ? "1 published picture has no description"
        : left > 0 ? `${left.toLocaleString("en")} published pictures have no description` : "";
    }

    function restore(entry) {
      const at = done.indexOf(entry);
      if (at < 0) return false;
      done.splice(at, 1);
      mark(entry, "");
      return true;
    }

    /** Decide on the screen, then at the server; should that refuse, the row is as before and says why. */
    function decide(what, row) {
      if (!row || row.dataset.decided) return;
      const form = row.querySelector("form");
      const fields = Object.fromEntries(new FormData(form));
      if (what === "use" && !fields.alt.trim()) { text(row).focus(); return; }
      if (what === "dismiss" && !fields.draft) return;
      const entry = { row, what, fields, address: form.action };
      mark(entry, words[what]);
      done.push(entry);
      entry.sent = studio.post(entry.address, { ...fields, action: what });
      studio.toast(words[what], { action: "Undo", run: () => takeBack(entry) });
      entry.sent.catch((error) => { if (restore(entry)) focus(row); studio.failed(error); });
      toNextOpen();
    }

    async function takeBack(entry) {
      if (!entry) { studio.toast("Nothing to undo"); return; }
      if (!restore(entry)) return;
      focus(entry.row);
      try {
        const answer = await entry.sent;
        const taken = entry.what === "use" ? answer.draft ?? "" : entry.fields.draft;
        await studio.post(entry.address, { ...entry.fields, draft: taken, action: "undo" });
        studio.toast("Undone");
      } catch (error) {
        studio.failed(error);
      }
    }

    page.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (!button) return;
      event.preventDefault();
      const row = button.closest(".undescribed-row");
      focus(row);
      decide(button.dataset.do, row);
    });
    page.addEventListener("focusin", (event) => {
      const row = event.target.closest?.(".undescribed-row");
      if (row && row !== focused) focus(row, { keyboard: false });
    });
    page.addEventListener("keydown", (event) => {
      if (event.target.tagName !== "TEXTAREA") return;
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); decide("use", focused); }
      if (event.key === "Escape") { event.preventDefault(); focus(focused); }
    });
    document.addEventListener("keydown", (event) => {
      if (studio.typing(event) || !studio.keysOn()) return;
      const run = {
        d: () => decide("use", focused), x: () => decide("dismiss", focused), e: () => text(focused)?.focus(),
        u: () => takeBack(done.at(-1)), j: () => step(1), k: () => step(-1),
      }[event.key];
      if (!run) return;
      event.preventDefault();
      run();
    });
    focus(rows()[0], { keyboard: false });
  }

  if (draft && field) beside();
  if (page && page.dataset.mayChange === "yes") list();
})();
