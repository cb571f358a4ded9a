// What every page has: theme, shortcuts, palette, toasts, menus, and the zone for the server to write times in.

import { all, one, remember } from "./dom";
import { followBell } from "./bell";
import { passwords } from "./password";
import { bind, showKeys, startKeys } from "./keys";
import { Palette } from "./palette";
import { say, watchToasts } from "./toast";
import { trust } from "./trusted";

trust();

function theme(): void {
  const pick = one<HTMLSelectElement>("[data-theme-pick]");
  pick?.addEventListener("change", () => {
    remember("theme", pick.value);
    if (pick.value) document.documentElement.dataset["theme"] = pick.value;
    else delete document.documentElement.dataset["theme"];
    document.dispatchEvent(new CustomEvent("theme"));
  });
}

/** Menus close on Escape and when the focus or a click goes elsewhere. */
function menus(): void {
  const close = (except: Node | null): void => {
    for (const menu of all<HTMLDetailsElement>("details.drop[open], details.who[open]")) {
      if (!except || !menu.contains(except)) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => close(event.target as Node));
  document.addEventListener("focusin", (event) => close(event.target as Node));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = one<HTMLDetailsElement>("details.drop[open], details.who[open]");
    if (!open) return;
    open.open = false;
    one("summary", open)?.focus();
  });
}

/** A fragment that did not come leaves the page as it was, and says so. */
function failures(): void {
  document.addEventListener("htmx:response:error", (event) => {
    const status = (event as CustomEvent<{ ctx?: { response?: { status: number } } }>).detail.ctx?.response?.status;
    if (status === 401) location.reload();
    else if (status !== 422) say(status === 404 ? "This is not here any more. Load the page again." : status === 409 ? "Somebody changed this meanwhile. Load the page again." : "That did not work. Nothing was changed; try again.");
  });
  document.addEventListener("htmx:error", () => say("The server cannot be reached just now."));
}

function go(keys: string, href: string, label: string): void {
  if (one(`.rail a[href="${href}"]`)) bind({ group: "Go", keys, label, run: () => location.assign(href) });
}

/** Starts the shell. Shortcuts that a page bound before come first in the sheet. */
export function start(): void {
  let palette: Palette | undefined;
  const actions: Record<string, () => void> = {
    palette: () => (palette ??= new Palette()).show(),
    keys: showKeys,
    print: () => window.print(),
    filters: () => one(".filters")?.classList.toggle("open"),
  };
  bind(
    { group: "Everywhere", keys: "mod+k", label: "Find or do", run: () => actions["palette"]?.() },
    { group: "Everywhere", keys: "?", label: "Keyboard shortcuts", run: () => showKeys() },
    { group: "Everywhere", keys: "/", label: "Search this list", run: () => (one<HTMLInputElement>("input[type=search]") ?? undefined)?.focus() },
  );
  go("g h", "/", "Go home");
  go("g m", "/meetings", "Go to meetings");
  go("n", "/meetings/new", "New meeting");
  go("g j", "/jobs", "Go to jobs");
  go("g n", "/notices", "Go to notices");
  go("g s", "/settings", "Go to settings");
  startKeys(actions);
  theme();
  menus();
  watchToasts();
  passwords();
  followBell();
  failures();
  remember("zone", Intl.DateTimeFormat().resolvedOptions().timeZone ?? "");
}

