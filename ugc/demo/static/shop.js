// @ts-check
// What a shop's own script does: say what the shopper does, carry the visitor's id into the order, keep a choice about counting.

/** @typedef {{track(type: string, fields?: Record<string, unknown>): void, consent(given?: string): string, visitor(): string}} Ugc */

const CHOICE = "demo.consent";
/** @returns {Ugc|undefined} */
const ugc = () => /** @type {any} */ (window).ugc;

const choice = () => localStorage.getItem(CHOICE) || "granted";
const button = /** @type {HTMLButtonElement|null} */ (document.querySelector("[data-consent]"));

const apply = () => {
  ugc()?.consent(choice());
  for (const gallery of document.querySelectorAll("ugc-gallery")) gallery.setAttribute("consent", choice());
  if (button) {
    button.hidden = false;
    button.textContent = choice() === "granted" ? "Don't count me" : "Count me again";
  }
};
button?.addEventListener("click", () => {
  localStorage.setItem(CHOICE, choice() === "granted" ? "denied" : "granted");
  apply();
});
apply();

const product = /** @type {HTMLElement|null} */ (document.querySelector("[data-product]"));
const facts = { sku: product?.dataset.product, price: product?.dataset.price, currency: product?.dataset.currency };
if (product) ugc()?.track("product_view", { sku: facts.sku });

document.querySelector("[data-add]")?.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  ugc()?.track("add_to_cart", { ...facts, quantity: Number(new FormData(form).get("quantity")) || 1 });
});

document.querySelector("[data-checkout]")?.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("visitor"));
  if (choice() === "granted") field.value = ugc()?.visitor() ?? "";
  ugc()?.track("begin_checkout");
});

const order = /** @type {HTMLElement|null} */ (document.querySelector("[data-order]"));
if (order) ugc()?.track("purchase", { order: order.dataset.order });
