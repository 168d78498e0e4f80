// Near-duplicates: one key merges a group or keeps it apart, the next is there at once, one key takes it back.
"use strict";

(() => {
  const page = document.getElementById("duplicates");
  if (!page) return;
  const mayChange = page.dataset.mayChange === "yes";
  const words = { merge: "Merged", apart: "Kept apart" };
  const done = [];
  let left = Number(page.dataset.waiting);
  let focused = null;

  const groups = () => [...document.querySelectorAll("#groups .twin")];

  function focus(group, { keyboard = true } = {}) {
    if (!group) return;
    focused?.classList.remove("focused");
    focused = group;
    group.classList.add("focused");
    if (keyboard) { group.focus({ preventScroll: true }); group.scrollIntoView({ block: "nearest" }); }
    if (groups().indexOf(group) > groups().length - 4) document.getElementById("more-groups")?.click();
  }

  function step(by) {
    const all = groups();
    focus(all[Math.max(0, Math.min(all.length - 1, all.indexOf(focused) + by))]);
  }

  function toNextOpen() {
    const all = groups();
    const open = (group) => !group.dataset.decided;
    const at = all.indexOf(focused);
    const next = all.slice(at + 1).find(open) ?? all.slice(0, at).reverse().find(open);
    if (next) focus(next);
    else studio.toast("All decided", { action: "Look for new ones", run: () => location.reload(), seconds: 20 });
  }

  function showLeft() {
    page.querySelector("[data-left]").textContent = left > 0 ? `${left} to decide` : "";
    for (const count of document.querySelectorAll('a[href="/studio/duplicates"] .count')) {
      count.textContent = String(left);
      count.hidden = left <= 0;
    }
  }

  function mark(entry, state) {
    if (state) entry.group.dataset.decided = state; else delete entry.group.dataset.decided;
    for (const control of entry.group.querySelectorAll("button, input")) control.disabled = Boolean(state);
    left += state ? -1 : 1;
    showLeft();
  }

  /** Decide now on the screen, then at the server; should that refuse, the group is as before and says why. */
  function decide(what, group) {
    if (!mayChange || !group || group.dataset.decided) return;
    const best = group.querySelector("input[name=best]:checked")?.value ?? "";
    const entry = { group, what };
    mark(entry, words[what]);
    done.push(entry);
    entry.sent = studio.post(`/studio/duplicates/${group.dataset.id}/${what}`, what === "merge" ? { best } : {});
    studio.toast(words[what], { action: "Undo", run: () => takeBack(entry) });
    entry.sent.catch((error) => { if (restore(entry)) focus(group); studio.failed(error); });
    toNextOpen();
  }

  function restore(entry) {
    const at = done.indexOf(entry);
    if (at < 0) return false;
    done.splice(at, 1);
    mark(entry, "");
    return true;
  }

  async function takeBack(entry) {
    if (!entry) { studio.toast("Nothing to undo"); return; }
    if (!restore(entry)) return;
    focus(entry.group);
    try {
      await entry.sent;
      await studio.post(`/studio/duplicates/${entry.group.dataset.id}/undo`, {});
      // Kept apart and asked again, the group is a new one with another number.
      if (entry.what === "apart") location.reload();
      else studio.toast("Undone");
    } catch (error) {
      studio.failed(error);
    }
  }

  function choose(place) {
    const choices = [...(focused?.querySelectorAll("input[name=best]") ?? [])];
    if (choices[place - 1] && !focused.dataset.decided) choices[place - 1].checked = true;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button || !mayChange) return;
    event.preventDefault();
    const group = button.closest(".twin");
    focus(group);
    decide(button.dataset.do, group);
  });
  document.addEventListener("focusin", (event) => {
    const group = event.target.closest?.(".twin");
    if (group && group !== focused) focus(group, { keyboard: false });
  });
  document.addEventListener("keydown", (event) => {
    if (studio.typing(event) || !studio.keysOn()) return;
    const letters = {
      m: () => decide("merge", focused), n: () => decide("apart", focused), u: () => takeBack(done.at(-1)),
      j: () => step(1), k: () => step(-1),
    };
    const run = letters[event.key] ?? (/^[1-9]$/.test(event.key) ? () => choose(Number(event.key)) : undefined);
    if (!run) return;
    event.preventDefault();
    run();
  });

  focus(groups()[0], { keyboard: false });
})();
