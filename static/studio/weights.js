// Weights of the score: sliders and numbers that follow each other, presets, and a preview made by the server.
"use strict";

(() => {
  const form = document.getElementById("weights");
  const shown = document.getElementById("preview");
  const kind = document.getElementById("preview-kind");
  const sliders = [...form.querySelectorAll("input[type=range]")];
  const numbers = sliders.map((slider) => document.getElementById(slider.dataset.for));
  const presets = [...form.querySelectorAll("[data-preset]")];
  const status = form.querySelector("[data-dirty]");
  // Long enough that dragging does not ask at every pixel, short enough that it still feels like one movement.
  const PAUSE = 160;
  let timer = 0;
  let asking = new AbortController();

  const valueOf = (number) => Math.min(100, Math.max(0, Number(number.value) || 0));

  function draw() {
    const sum = numbers.reduce((total, number) => total + valueOf(number), 0);
    let changed = 0;
    for (const number of numbers) {
      const row = number.closest(".weight");
      const differs = number.value !== number.defaultValue;
      changed += differs ? 1 : 0;
      row.classList.toggle("changed", differs);
      row.querySelector("[data-share]").textContent = sum ? `${Math.round((100 * valueOf(number)) / sum)}\u202f%` : "–";
    }
    for (const preset of presets) {
      const weights = JSON.parse(preset.dataset.preset);
      preset.setAttribute("aria-pressed", String(numbers.every((number) => valueOf(number) === weights[number.name])));
    }
    // On a phone the preview lies below the sliders: its first sentence stands beside the button too.
    const claim = shown.querySelector(".claim-line strong");
    const said = claim && shown.getAttribute("aria-busy") === "false" ? claim.textContent : "";
    if (status) status.textContent = !sum ? "At least one must be above 0" : changed ? `${changed} changed. ${said}` : "";
    const save = form.querySelector("[data-save]");
    if (save) save.disabled = !sum || !changed;
    return sum;
  }

  async function ask() {
    asking.abort();
    asking = new AbortController();
    shown.setAttribute("aria-busy", "true");
    const query = new URLSearchParams(numbers.map((number) => [number.name, String(valueOf(number))]));
    if (kind.value) query.set("kind", kind.value);
    try {
      const answer = await fetch(`${form.dataset.preview}?${query}`, { signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      shown.innerHTML = await answer.text();
      shown.setAttribute("aria-busy", "false");
      draw();
      const galleries = document.getElementById("preview-galleries");
      const compared = galleries && (await fetch(`${form.dataset.galleries}?${query}`, { signal: asking.signal }));
      if (galleries) galleries.innerHTML = compared.ok ? await compared.text() : "";
    } catch (error) {
      if (error.name === "AbortError") return;
      shown.textContent = "The preview can’t be made right now. Move a slider to try again; saving still works.";
      shown.setAttribute("aria-busy", "false");
    }
  }

  function follow() {
    if (!draw()) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  }

  form.addEventListener("input", (event) => {
    const slider = sliders.indexOf(event.target);
    const number = numbers.indexOf(event.target);
    if (slider >= 0) numbers[slider].value = event.target.value;
    if (number >= 0) sliders[number].value = event.target.value;
    follow();
  });
  for (const preset of presets) {
    preset.addEventListener("click", () => {
      const weights = JSON.parse(preset.dataset.preset);
      numbers.forEach((number, place) => {
        if (!(number.name in weights)) return;
        number.value = String(weights[number.name]);
        sliders[place].value = number.value;
      });
      follow();
    });
  }
  form.addEventListener("reset", () => setTimeout(follow));
  kind.addEventListener("change", ask);
  draw();
  ask();
})();
