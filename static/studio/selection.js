// Choosing many items at once, and what can be done with them: shared by the inbox and the library.
"use strict";

const selection = (() => {
  const bar = document.getElementById("selection");
  const boxes = () => [...document.querySelectorAll("input[name=ids]")];
  const chosen = () => boxes().filter((box) => box.checked).map((box) => box.value);

  function show() {
    if (!bar) return;
    const count = chosen().length;
    bar.hidden = count === 0;
    document.body.classList.toggle("selecting", count > 0);
    bar.querySelector("[data-selected]").textContent = `${count} selected`;
  }

  function clear() {
    for (const box of boxes()) box.checked = false;
    show();
  }

  /** Ask for a reason; resolves to {reason, note}, or null when the person thinks better of it. */
  function askReason() {
    const dialog = document.getElementById("reject");
    const note = document.getElementById("reject-note");
    note.value = "";
    return new Promise((resolve) => {
      let answer = null;
      const choose = (button) => { answer = { reason: button.dataset.reason, note: note.value }; dialog.close(); };
      const click = (event) => { const button = event.target.closest("[data-reason]"); if (button) choose(button); };
      const key = (event) => {
        if (event.target === note || !/^[1-9]$/.test(event.key)) return;
        const button = dialog.querySelectorAll("[data-reason]")[Number(event.key) - 1];
        if (button) { event.preventDefault(); choose(button); }
      };
      dialog.addEventListener("click", click);
      dialog.addEventListener("keydown", key);
      dialog.addEventListener("close", () => {
        dialog.removeEventListener("click", click);
        dialog.removeEventListener("keydown", key);
        resolve(answer);
      }, { once: true });
      dialog.showModal();
      dialog.querySelector("[data-reason]").focus();
    });
  }

  /** Ask for tags; resolves to the text, or null. */
  function askTags() {
    const dialog = document.getElementById("tagging");
    const form = document.getElementById("tagging-form");
    const names = document.getElementById("tagging-names");
    names.value = "";
    return new Promise((resolve) => {
      let answer = null;
      const take = (event) => { event.preventDefault(); answer = names.value.trim() || null; dialog.close(); };
      form.addEventListener("submit", take);
      dialog.addEventListener("close", () => { form.removeEventListener("submit", take); resolve(answer); }, { once: true });
      dialog.showModal();
      names.focus();
    });
  }

  let last = null;
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-select-none]")) clear();
    if (event.target.closest("[data-select-all]")) {
      const open = boxes().filter((box) => !box.closest("[data-decided]"));
      const all = open.length > 0 && open.every((box) => box.checked);
      for (const box of open) box.checked = !all;
      show();
    }
    if (!event.target.matches?.("input[name=ids]")) return;
    // Shift selects everything between this box and the last one, as in a mail client.
    if (event.shiftKey && last) {
      const all = boxes();
      const [from, to] = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
      for (const box of all.slice(from, to + 1)) box.checked = event.target.checked;
    }
    last = event.target;
    show();
  });
  document.addEventListener("htmx:after:swap", show);

  return { chosen, clear, show, askReason, askTags };
})();
