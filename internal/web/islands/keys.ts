// The one table of shortcuts: the sheet that "?" opens is made from it, and it binds the keys. Each shortcut is also a visible
// button or link. Single keys can be switched off; those with a modifier cannot be taken for typing and stay.

import { all, make, one, remember } from "./dom";

export interface Shortcut {
  group: string;
  keys: string; // "mod+k", "g h" (one after the other), "j"
  label: string;
  run(event: KeyboardEvent): void;
}

const table: Shortcut[] = [];
let single = true;
let before = "";
let beforeAt = 0;

export const mac = /Mac|iPhone|iPad/.test(navigator.platform);

/** Adds shortcuts to the table. */
export function bind(...shortcuts: Shortcut[]): void {
  table.push(...shortcuts);
}

/** The table, in the order of its making. */
export function shortcuts(): readonly Shortcut[] {
  return table;
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
}

function pressed(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return `${event.ctrlKey || event.metaKey ? "mod+" : ""}${event.altKey ? "alt+" : ""}${key === " " ? "space" : key}`;
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const now = pressed(event);
  const modified = now.startsWith("mod+");
  if (!modified && (!single || typing(event.target) || one("dialog[open]"))) return;
  // Space and Enter belong to what has the focus.
  if ((now === "space" || now === "Enter") && event.target instanceof HTMLElement && event.target.closest("button, a, summary, [role=slider]")) return;
  const pair = event.timeStamp - beforeAt < 1200 ? `${before} ${now}` : now;
  before = now;
  beforeAt = event.timeStamp;
  const found = table.find((s) => s.keys === pair) ?? table.find((s) => s.keys === now);
  if (!found) return;
  event.preventDefault();
  before = "";
  found.run(event);
}

/** How people read a shortcut: "Ctrl K", "g then h". */
export function spelled(keys: string): string[] {
  return keys.split(" ").map((k) => k.replace("mod+", mac ? "⌘ " : "Ctrl ").replace("space", "Space").replace("ArrowLeft", "←").replace("ArrowRight", "→").replace(/ ([a-z])$/, (_, c: string) => ` ${c.toUpperCase()}`));
}

function sheet(): HTMLDialogElement {
  const dialog = make("dialog", { class: "keys", "aria-labelledby": "keys-h" });
  const close = make("button", { type: "button", class: "btn quiet" }, "Close");
  close.addEventListener("click", () => dialog.close());
  dialog.append(make("h2", { id: "keys-h" }, "Keyboard shortcuts", close));
  for (const group of [...new Set(table.map((s) => s.group))]) {
    const list = make("ul");
    for (const s of table.filter((s) => s.group === group)) {
      const keys = make("span");
      spelled(s.keys).forEach((k, i) => keys.append(i > 0 ? " then " : "", make("kbd", {}, k)));
      list.append(make("li", {}, make("span", {}, s.label), keys));
    }
    dialog.append(make("h3", {}, group), list);
  }
  const box = make("input", { type: "checkbox" });
  box.checked = single;
  box.addEventListener("change", () => {
    single = box.checked;
    remember("keys", single ? "" : "off");
  });
  dialog.append(make("label", {}, box, "Use single-key shortcuts"));
  document.body.append(dialog);
  return dialog;
}

/** Opens the sheet. */
export function showKeys(): void {
  (one<HTMLDialogElement>("dialog.keys") ?? sheet()).showModal();
}

/** Listens. Every element with data-do="name" runs the same function as its shortcut. */
export function startKeys(actions: Record<string, () => void>): void {
  single = document.body.dataset["keys"] !== "off";
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-do]") : null;
    const name = button?.dataset["do"];
    if (name) actions[name]?.();
  });
  if (mac) for (const k of all("[data-mod]")) k.textContent = "⌘ K";
}
