// @ts-check
/** What plays, in the lightbox: a video in its poster's place, a recording below its waveform. Loaded when one is opened first. */
import { LABELS, list, make, makeSheet, own, safe, text } from "./gallery.js";

/** @typedef {import("./gallery.js").Medium} Medium */

Object.assign(LABELS, { captions: "Captions" });

const CSS = `
.fit video{display:block;width:100%;height:100%;object-fit:contain;background:#0e0e10}
.fit audio{position:absolute;inset:auto 0 0;width:100%}
.plays .spot{display:none}
`;

/** @type {CSSStyleSheet|undefined} */
let sheet;

/**
 * Put the player in; nothing plays before somebody says so.
 * @param {HTMLElement} fit @param {Medium} medium @param {HTMLImageElement} poster @param {ShadowRoot} shadow @param {(name: string) => string} words
 */
export function play(fit, medium, poster, shadow, words) {
  sheet ||= makeSheet(CSS);
  if (!shadow.adoptedStyleSheets.includes(sheet)) shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
  const kind = own(medium, "type") === "audio" ? "audio" : "video";
  const all = list(own(medium, "renditions"));
  const played = all.find((each) => own(each, "role") === kind);
  const src = safe(own(played, "url"));
  if (!src) return;
  // Captions of another origin are only read by a player that asks as a stranger; so is the video itself then.
  const player = make(kind, { controls: "", preload: "none", crossorigin: "anonymous", part: "player", "aria-label": poster.alt });
  if (player instanceof HTMLVideoElement) {
    player.playsInline = true;
    player.poster = poster.currentSrc || poster.src;
  }
  for (const each of all) {
    const url = own(each, "role") === "captions" && safe(own(each, "url"));
    const language = text(own(each, "language"));
    if (url) player.append(make("track", { kind: "captions", src: url, srclang: language, label: `${words("captions")} (${language})` }));
  }
  player.src = src;
  // Its own keys and swipes are the player's, not the way to the next item.
  for (const name of ["pointerdown", "pointerup"]) player.addEventListener(name, (event) => event.stopPropagation());
  player.addEventListener("keydown", (event) => {
    if (event instanceof KeyboardEvent && !["Tab", "Escape"].includes(event.key)) event.stopPropagation();
  });
  fit.classList.add("plays");
  if (kind === "video") poster.replaceWith(player);
  else fit.append(player);
}
