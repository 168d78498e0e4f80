// The item page: hotspots by pointer and by keyboard, products added and taken off, all saved as it happens.
"use strict";

(() => {
  const page = document.getElementById("item");
  const spots = document.getElementById("spots");
  const rows = document.getElementById("products");
  const found = document.getElementById("product-found");
  const search = document.getElementById("product-search");
  const state = document.getElementById("products-state");
  const mayChange = search !== null;
  const picture = spots?.querySelector("img");
  // Arrow keys move a hotspot by one hundredth of the picture, with Shift by five.
  const STEP = 0.01;
  const LEAP = 0.05;
  let saving = Promise.resolve();
  let timer = 0;

  const within = (value) => Math.min(1, Math.max(0, value));
  const rounded = (value) => Math.round(value * 10000) / 10000;
  const all = () => [...rows.children];

  function icon(name) {
    const paths = { cross: "M6 6l12 12M18 6L6 18" };
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", paths[name]);
    svg.append(path);
    return svg;
  }

  function button(words, label, run, shown = null) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = shown ? "button plain square" : "button";
    if (shown) { made.append(shown); made.title = words; } else made.textContent = words;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", run);
    return made;
  }

  /** Draw numbers, buttons and hotspots anew from the rows, which hold the truth. */
  function draw(focusSku = null) {
    document.getElementById("products-none").hidden = rows.children.length > 0;
    spots?.querySelectorAll(".spot").forEach((spot) => spot.remove());
    all().forEach((row, index) => {
      const placed = row.dataset.x !== undefined;
      row.querySelectorAll(".spot-number, button").forEach((old) => old.remove());
      const number = document.createElement("span");
      number.className = placed ? "spot-number" : "spot-number off";
      number.textContent = String(index + 1);
      number.title = placed ? "Placed on the picture" : "Not on the picture yet";
      row.prepend(number);
      if (mayChange) {
        row.draggable = picture !== null && picture !== undefined;
        if (picture && !placed) row.append(button("Place", `Place on the picture: ${row.dataset.title}`, () => place(row, 0.5, 0.5, true)));
        row.append(button("Take off", `Take off: ${row.dataset.title}`, () => { row.remove(); changed(); }, icon("cross")));
      }
      if (placed && picture) addSpot(row, index, focusSku === row.dataset.sku);
    });
  }

  function addSpot(row, index, focused) {
    const spot = document.createElement("button");
    spot.type = "button";
    spot.className = "spot";
    spot.textContent = String(index + 1);
    spot.style.left = `${row.dataset.x * 100}%`;
    spot.style.top = `${row.dataset.y * 100}%`;
    const where = `${Math.round(row.dataset.x * 100)} % from the left, ${Math.round(row.dataset.y * 100)} % from the top`;
    spot.setAttribute("aria-label", `${row.dataset.title}: ${where}`);
    spot.title = row.dataset.title;
    if (mayChange) {
      spot.setAttribute("aria-describedby", "spots-help");
      spot.addEventListener("pointerdown", (event) => hold(event, spot, row));
      spot.addEventListener("keydown", (event) => nudge(event, row));
    }
    spots.append(spot);
    if (focused) spot.focus();
  }

  function hold(event, spot, row) {
    event.preventDefault();
    spot.focus();
    spot.setPointerCapture(event.pointerId);
    spot.classList.add("held");
    const move = (moved) => {
      const box = picture.getBoundingClientRect();
      row.dataset.x = rounded(within((moved.clientX - box.left) / box.width));
      row.dataset.y = rounded(within((moved.clientY - box.top) / box.height));
      spot.style.left = `${row.dataset.x * 100}%`;
      spot.style.top = `${row.dataset.y * 100}%`;
    };
    const before = `${row.dataset.x} ${row.dataset.y}`;
    const end = () => {
      spot.removeEventListener("pointermove", move);
      spot.classList.remove("held");
      if (before !== `${row.dataset.x} ${row.dataset.y}`) changed(row.dataset.sku);
    };
    spot.addEventListener("pointermove", move);
    spot.addEventListener("lostpointercapture", end, { once: true });
  }

  function nudge(event, row) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      delete row.dataset.x;
      delete row.dataset.y;
      changed();
      return;
    }
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!by) return;
    event.preventDefault();
    const far = event.shiftKey ? LEAP : STEP;
    place(row, Number(row.dataset.x) + by[0] * far, Number(row.dataset.y) + by[1] * far, true);
  }

  function place(row, x, y, focus = false) {
    row.dataset.x = rounded(within(x));
    row.dataset.y = rounded(within(y));
    changed(focus ? row.dataset.sku : null);
  }

  /** Show at once, save a moment later, one request after the other, so that the last state wins. */
  function changed(focusSku = null) {
    draw(focusSku);
    state.textContent = "Saving…";
    clearTimeout(timer);
    timer = setTimeout(() => { saving = saving.then(save); }, 250);
  }

  async function save() {
    const products = all().map(({ dataset: { sku, x, y } }) => ({ sku, x: x === undefined ? null : Number(x), y: y === undefined ? null : Number(y) }));
    try {
      await studio.post(`/studio/items/${page.dataset.id}/products`, { products: JSON.stringify(products) });
      state.textContent = "Saved";
    } catch (error) {
      state.textContent = "Not saved";
      studio.failed(error);
    }
  }

  function add(source, at = null) {
    const { sku, title } = source.dataset;
    let row = all().find((one) => one.dataset.sku === sku);
    if (!row) {
      row = document.createElement("div");
      row.className = "product-row";
      Object.assign(row.dataset, { sku, title });
      row.append(...[...source.childNodes].map((node) => node.cloneNode(true)));
      rows.append(row);
    }
    if (at) place(row, at.x, at.y, true); else changed();
  }

  if (mayChange) {
    found.addEventListener("click", (event) => {
      const chosen = event.target.closest("[data-sku]");
      if (!chosen) return;
      add(chosen);
      found.replaceChildren();
      search.value = "";
      search.focus();
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Escape") found.replaceChildren();
      if (event.key === "ArrowDown") { event.preventDefault(); found.querySelector("button")?.focus(); }
      if (event.key === "Enter") { event.preventDefault(); found.querySelector("button")?.click(); }
    });
    found.addEventListener("keydown", (event) => {
      const list = [...found.querySelectorAll("button")];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") { found.replaceChildren(); search.focus(); }
      if (!step) return;
      event.preventDefault();
      const to = list.indexOf(document.activeElement) + step;
      if (to < 0) search.focus(); else list[Math.min(to, list.length - 1)]?.focus();
    });
    document.addEventListener("htmx:after:swap", () => found.querySelectorAll("button").forEach((one) => { one.draggable = Boolean(picture); }));

    let dragged = null;
    document.addEventListener("dragstart", (event) => {
      dragged = event.target.closest?.("#products .product-row, #product-found [data-sku]");
      if (dragged) { event.dataTransfer.setData("text/plain", dragged.dataset.sku); event.dataTransfer.effectAllowed = "copyMove"; }
    });
    spots?.addEventListener("dragover", (event) => { if (dragged) { event.preventDefault(); spots.classList.add("dropping"); } });
    spots?.addEventListener("dragleave", () => spots.classList.remove("dropping"));
    document.addEventListener("dragend", () => { spots?.classList.remove("dropping"); dragged = null; });
    spots?.addEventListener("drop", (event) => {
      event.preventDefault();
      spots.classList.remove("dropping");
      if (!dragged) return;
      const box = picture.getBoundingClientRect();
      add(dragged, { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
      found.replaceChildren();
    });

    document.querySelector("[data-reject]")?.addEventListener("click", async () => {
      const answer = await selection.askReason();
      if (!answer) return;
      try {
        const { batch, n } = await studio.post("/studio/decide", { action: "reject", ids: page.dataset.id, ...answer });
        const address = new URL(location.href);
        for (const [name, value] of Object.entries({ done: "reject", n, batch })) address.searchParams.set(name, value);
        location.assign(address);
      } catch (error) {
        studio.failed(error);
      }
    });
  }
  draw();
})();
