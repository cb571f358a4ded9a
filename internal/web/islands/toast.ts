// Toasts: a sentence for ten seconds, with a way back where there is one. The clock stands while somebody is on it.

import { all, make, one, token } from "./dom";

const shownFor = 10_000;

function fade(toast: HTMLElement): void {
  let timer = 0;
  const wait = (): void => { timer = window.setTimeout(() => toast.remove(), shownFor); };
  const stay = (): void => window.clearTimeout(timer);
  toast.addEventListener("pointerenter", stay);
  toast.addEventListener("focusin", stay);
  toast.addEventListener("pointerleave", wait);
  toast.addEventListener("focusout", wait);
  wait();
}

/** Starts the clock of the toasts that the page came with. */
export function watchToasts(): void {
  for (const toast of all("[data-toast]")) fade(toast);
}

/** Shows a sentence and, where an address is given, a way back: a form that posts there. */
export function say(text: string, undo?: string): void {
  const toast = make("div", { class: "toast" }, make("span", {}, text));
  if (undo) toast.append(make("form", { method: "post", action: undo }, make("input", { type: "hidden", name: "csrf", value: token() }), make("button", {}, "Undo")));
  one("#toasts")?.append(toast);
  fade(toast);
}
