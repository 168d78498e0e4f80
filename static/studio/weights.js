// Sliders of the score: each shows its number and its share of the whole.
"use strict";

(() => {
  const form = document.getElementById("weights");
  const sliders = [...form.querySelectorAll("input[type=range]")];
  function show() {
    const sum = sliders.reduce((total, one) => total + Number(one.value), 0);
    for (const one of sliders) {
      const row = one.closest(".weight");
      row.querySelector("output").value = one.value;
      row.querySelector("[data-share]").textContent = sum ? `${Math.round((100 * Number(one.value)) / sum)}\u202f%` : "–";
    }
  }
  form.addEventListener("input", show);
  form.addEventListener("reset", () => setTimeout(show));
  show();
})();
