// The gallery editor: every change shows at once in the real element; pins are chosen from what the rule finds.
"use strict";

(() => {
  const form = document.getElementById("gallery-form");
  const frame = document.getElementById("frame");
  const device = document.getElementById("device");
  const pins = document.getElementById("pins");
  const name = document.getElementById("name");
  const slug = document.getElementById("slug");
  let timer = 0;
  let changed = false;

  function query() {
    const values = new URLSearchParams([...new FormData(form)].filter(([key, value]) => value !== "" && key !== "csrf_token" && key !== "slug"));
    for (const select of form.querySelectorAll("select:disabled, input[type=range]:disabled")) values.set(select.name, select.value);
    for (const box of form.querySelectorAll("input[type=checkbox]:disabled:checked")) values.append(box.name, box.value);
    return values;
  }

  function show() {
    const values = query();
    frame.contentWindow.location.replace(`/studio/galleries/_frame?${values}`);
    htmx.ajax("GET", `/studio/galleries/_shown?${values}`, { target: "#shown", swap: "innerHTML" });
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(show, 250);
    changed = true;
    const words = document.getElementById("unsaved");
    if (words) words.textContent = "Not saved yet";
  }

  form.addEventListener("input", (event) => {
    if (event.target.matches("input[type=range]")) form.querySelector(`output[for="${event.target.id}"]`).value = event.target.value;
    if (event.target.matches(".picker input")) {
      const picker = event.target.closest(".picker");
      const chosen = [...picker.querySelectorAll("input:checked")].map((box) => box.dataset.label);
      picker.querySelector("[data-summary]").textContent = chosen.join(", ") || "any";
    }
    if (event.target === slug) slug.dataset.touched = "yes";
    if (event.target === name && slug && !slug.dataset.touched) {
      slug.value = name.value.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 64);
    }
    if (event.target !== name && event.target !== slug) later();
  });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

  const pinned = () => [...pins.children].map((input) => input.value);
  function setPins(ids) {
    pins.replaceChildren(...ids.map((id) => Object.assign(document.createElement("input"), { type: "hidden", name: "pins", value: id })));
    later();
  }
  document.getElementById("shown").addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-pin-item]");
    if (chosen) setPins([...pinned(), chosen.dataset.pinItem]);
    const row = event.target.closest("[data-pin]");
    if (!row) return;
    const ids = pinned();
    const at = ids.indexOf(row.dataset.pin);
    if (event.target.closest("[data-unpin]")) setPins(ids.filter((id) => id !== row.dataset.pin));
    const mover = event.target.closest("[data-move]");
    if (mover) {
      const to = at + Number(mover.dataset.move);
      [ids[at], ids[to]] = [ids[to], ids[at]];
      setPins(ids);
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-device]");
    if (!button) return;
    device.dataset.size = button.dataset.device;
    for (const other of document.querySelectorAll("[data-device]")) other.setAttribute("aria-pressed", String(other === button));
  });

  show();
})();
