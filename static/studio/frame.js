// What every page of the studio can do: toasts, dialogs, the command box, tabs, copying, the theme, safe posting.
"use strict";

const studio = (() => {
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  /** Post a form's fields; answers the JSON, or throws an Error whose message is for people. */
  async function post(address, fields) {
    const body = new URLSearchParams(fields);
    body.set("csrf_token", token());
    let answer;
    try {
      answer = await fetch(address, {
        method: "POST", body, credentials: "same-origin", headers: { Accept: "application/json", "X-CSRF-Token": token() },
      });
    } catch {
      throw new Error("The studio can't be reached. Check the connection and try again.");
    }
    const read = await answer.json().catch(() => ({}));
    if (answer.status === 401) throw new Error("You are signed out. Sign in again; nothing else is lost.");
    if (!answer.ok) throw new Error(read.detail || `That did not work (${answer.status}). Try again.`);
    return read;
  }

  /** Say what happened, with one thing to do about it. */
  function toast(text, { action = "", run = null, bad = false, seconds = 6 } = {}) {
    const box = document.getElementById("toasts");
    const made = document.createElement("div");
    made.className = bad ? "toast bad" : "toast";
    const words = document.createElement("span");
    words.textContent = text;
    made.append(words);
    if (run) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = action;
      button.addEventListener("click", () => { made.remove(); run(); });
      made.append(button);
    }
    while (box.children.length > 2) box.firstChild.remove();
    box.append(made);
    let timer = setTimeout(() => made.remove(), seconds * 1000);
    made.addEventListener("pointerenter", () => clearTimeout(timer));
    made.addEventListener("focusin", () => clearTimeout(timer));
    made.addEventListener("pointerleave", () => { timer = setTimeout(() => made.remove(), 2500); });
    return made;
  }

  const failed = (error) => toast(error.message, { bad: true, seconds: 10 });

  /** Undo a batch of decisions, then look again. */
  function undo(batch) {
    return post("/studio/undo", { batch }).then(() => location.reload()).catch(failed);
  }

  const open = (name) => {
    document.querySelectorAll("dialog[open]").forEach((other) => other.close());
    const dialog = document.getElementById(name);
    if (!dialog) return;
    dialog.showModal();
    dialog.querySelector("input, [autofocus]")?.select?.();
  };

  /** The field that a key press goes into. One in a dialog that was just closed keeps the focus until the page is next drawn. */
  const fieldOf = (event) => {
    const field = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    return field?.closest("dialog:not([open])") ? null : field;
  };

  /** Whether a key press belongs to a field or a dialog, not to the page. */
  const typing = (event) =>
    event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null || Boolean(fieldOf(event));

  const keysOn = () => { try { return localStorage.getItem("studio-keys") !== "off"; } catch { return true; } };

  return { post, toast, failed, undo, open, typing, keysOn };
})();

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) { studio.open(opener.dataset.opens); return; }
  const closer = event.target.closest("[data-closes]");
  if (closer) { closer.closest("dialog")?.close(); return; }
  if (event.target.nodeName === "DIALOG") event.target.close();
  const theme = event.target.closest("[data-theme-switch]");
  if (theme) {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("studio-theme", root.dataset.theme); } catch { /* the choice then lasts for this page */ }
  }
  const copier = event.target.closest("[data-copies]");
  if (copier) {
    const source = document.getElementById(copier.dataset.copies);
    navigator.clipboard.writeText(source.textContent.trim()).then(
      () => studio.toast("Copied"),
      () => { getSelection().selectAllChildren(source); studio.toast("Press Ctrl C to copy what is selected"); },
    );
  }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); studio.open("command"); return; }
  if (event.key === "/" && !studio.typing(event) && studio.keysOn()) {
    event.preventDefault();
    const field = document.querySelector("[data-page-search]");
    if (field) field.focus(); else studio.open("command");
  }
});

// The command box: arrows move through the results, Enter follows the chosen one.
document.getElementById("command")?.addEventListener("keydown", (event) => {
  const links = [...document.querySelectorAll("#command-results a")];
  if (!links.length || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  const at = links.findIndex((link) => link.classList.contains("chosen"));
  if (event.key === "Enter") {
    if (at >= 0) { event.preventDefault(); links[at].click(); }
    return;
  }
  event.preventDefault();
  links[at]?.classList.remove("chosen");
  const next = links[(at + (event.key === "ArrowDown" ? 1 : -1) + links.length) % links.length];
  next.classList.add("chosen");
  next.scrollIntoView({ block: "nearest" });
});

// Tabs: all panels are in the page; without this file they stand one below the other.
for (const list of document.querySelectorAll("[role=tablist]")) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const show = (chosen, focus = false) => {
    for (const tab of tabs) {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !on;
    }
    history.replaceState(null, "", `#${chosen.getAttribute("aria-controls")}`);
    if (focus) chosen.focus();
  };
  list.addEventListener("click", (event) => { const tab = event.target.closest("[role=tab]"); if (tab) show(tab); });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    show(tabs[(at + step + tabs.length) % tabs.length], true);
  });
  const showNamed = () => {
    const named = tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash);
    if (named) show(named);
  };
  addEventListener("hashchange", showNamed);
  showNamed();
}

// A message that the last request left for this page; its words are the server's, never the address's.
{
  const said = document.querySelector("[data-toast]");
  if (said) {
    const batch = said.dataset.batch;
    studio.toast(said.dataset.toast, batch ? { action: "Undo", run: () => studio.undo(batch) } : {});
    const address = new URL(location.href);
    for (const name of ["done", "n", "batch"]) address.searchParams.delete(name);
    history.replaceState(null, "", address);
  }
}

// Forms that ask before they act, and selects that act at once.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
document.addEventListener("change", (event) => { if (event.target.matches("[data-submits]")) event.target.form.requestSubmit(); });
