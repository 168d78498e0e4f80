// @ts-check
/** A gallery in one row that rolls sideways: the layouts `carousel` and `story`. Loaded only where one of them is shown. */
import { LABELS, make, makeSheet } from "./gallery.js";

Object.assign(LABELS, { previous: "Previous", next: "Next" });

const CSS = `
.carousel,.story{display:flex;overflow-x:auto;scroll-snap-type:x mandatory;overscroll-behavior-x:contain;scrollbar-width:none;
scroll-behavior:smooth}
.turn{position:absolute;inset-block-start:calc(50% - 22px);z-index:1;width:44px;height:44px;border-radius:50%;background:var(--surface);
border:1px solid var(--line);text-align:center;font-size:20px;line-height:42px}
.turn.back{inset-inline-start:8px}.turn.on{inset-inline-end:8px}
.turn[disabled]{visibility:hidden}
`;

/** @type {CSSStyleSheet|undefined} */
let sheet;

/** Add the buttons that turn it; a keyboard reaches every tile without them. @param {import("./gallery.js").UgcGallery} gallery @param {HTMLElement} grid */
export function roll(gallery, grid) {
  const shadow = /** @type {ShadowRoot} */ (grid.getRootNode());
  sheet ||= makeSheet(CSS);
  shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
  const turn = (/** @type {number} */ way) => {
    const across = getComputedStyle(grid).direction === "rtl" ? -1 : 1;
    grid.scrollBy(way * across * grid.clientWidth * 0.8, 0);
  };
  const button = (/** @type {string} */ kind, /** @type {string} */ label, /** @type {string} */ sign, /** @type {number} */ way) => {
    const made = make("button", { class: `turn ${kind}`, part: "turn", type: "button", "aria-label": label }, sign);
    made.addEventListener("click", () => turn(way));
    return made;
  };
  const back = button("back", gallery.words("previous"), "‹", -1);
  const on = button("on", gallery.words("next"), "›", 1);
  const settle = () => {
    const at = Math.abs(grid.scrollLeft);
    back.toggleAttribute("disabled", at < 8);
    on.toggleAttribute("disabled", at + grid.clientWidth > grid.scrollWidth - 8);
  };
  grid.addEventListener("scroll", settle);
  const frame = make("div", { class: "frame" }, back, on);
  grid.replaceWith(frame);
  frame.append(grid);
  requestAnimationFrame(settle);
}
