// Sets the chosen theme before the first paint; without a choice the system's preference counts.
"use strict";
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("studio-theme"); } catch { /* storage is off: the system's preference counts */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
