// The library: a filter acts as soon as it is chosen; decisions on the selection; small screens start with facets folded.
"use strict";

(() => {
  const filter = document.getElementById("filter");
  const facets = document.getElementById("facets");
  if (matchMedia("(max-width: 900px)").matches) facets.open = false;

  /** Go to the address of the chosen filter without its empty fields, keeping the facets' place on the screen. */
  function apply() {
    const chosen = new FormData(filter);
    const query = new URLSearchParams([...chosen].filter(([name, value]) => value !== "" && name !== "ids"));
    try { sessionStorage.setItem("facets-top", `${facets.scrollTop} ${scrollY} ${facets.open}`); } catch { /* then it starts at the top */ }
    location.assign(`${filter.action}?${query}`);
  }
  filter.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  filter.addEventListener("change", (event) => { if (event.target.matches("[data-filters]:not([type=search])")) apply(); });
  try {
    const kept = sessionStorage.getItem("facets-top");
    if (kept) {
      const [inside, page, open] = kept.split(" ");
      facets.open = open === "true" || facets.open;
      facets.scrollTop = Number(inside);
      scrollTo(0, Number(page));
      sessionStorage.removeItem("facets-top");
    }
  } catch { /* storage is off */ }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-bulk]");
    if (!button) return;
    const ids = selection.chosen().join(",");
    const action = button.dataset.bulk;
    const more = action === "reject" ? await selection.askReason() : action === "tag" ? await selection.askTags() : {};
    if (more === null) return;
    try {
      if (action === "tag") {
        await studio.post("/studio/tag", { ids, tags: more });
        selection.clear();
        studio.toast("Tagged");
        return;
      }
      const { batch, n } = await studio.post("/studio/decide", { action, ids, ...more });
      const address = new URL(location.href);
      for (const [name, value] of Object.entries({ done: action, n, batch })) address.searchParams.set(name, value);
      location.assign(address);
    } catch (error) {
      studio.failed(error);
    }
  });
})();
