// Ctrl or Cmd and K: go anywhere, do what the page's buttons do, find a meeting by its title.

import { all, icon, make } from "./dom";
import { shortcuts, spelled } from "./keys";

interface Entry { name: string; hint: string; icon: string; run(): void }

/** What /palette answers: meetings whose title has the words, or the newest for none. */
interface Found { meetings: { title: string; when: string; href: string }[] }

function local(): Entry[] {
  const places = all<HTMLAnchorElement>(".rail nav a").map((a): Entry => ({
    name: `Go to ${(a.firstElementChild?.nextSibling?.textContent ?? "").trim().toLowerCase()}`, hint: "", icon: "arrow-right", run: () => a.click(),
  }));
  const doings = shortcuts().filter((s) => !s.keys.startsWith("g ") && s.keys !== "mod+k").map((s): Entry => ({
    name: s.label, hint: spelled(s.keys).join(" then "), icon: "keyboard", run: () => s.run(new KeyboardEvent("keydown")),
  }));
  return [...places, ...doings];
}

/** Pauses between two letters are shorter than this, so that a word asks once. */
const typing = 150;

async function remote(words: string, signal: AbortSignal): Promise<Entry[]> {
  await new Promise((resolve) => setTimeout(resolve, words === "" ? 0 : typing));
  if (signal.aborted) return [];
  const answer = await fetch(`/palette?q=${encodeURIComponent(words)}`, { signal, headers: { Accept: "application/json" } });
  if (!answer.ok) return [];
  const found = (await answer.json()) as Found;
  return found.meetings.map((m) => ({ name: m.title, hint: m.when, icon: "notebook-text", run: () => location.assign(m.href) }));
}

/** The palette, made once and opened by show. */
export class Palette {
  private readonly input = make("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-label": "Find a meeting or a command", placeholder: "Find a meeting or a command", autocomplete: "off", spellcheck: "false" });
  private readonly list = make("ul", { id: "palette-list", role: "listbox", "aria-label": "Results" });
  private readonly none = make("p", { class: "none", role: "status" });
  private readonly dialog = make("dialog", { class: "palette", "aria-label": "Find or do" }, make("div", { class: "field" }, icon("search"), this.input), this.list, this.none);
  private shown: Entry[] = [];
  private at = 0;
  private asking = new AbortController();

  constructor() {
    document.body.append(this.dialog);
    this.input.addEventListener("input", () => void this.find());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
  }

  show(): void {
    if (this.dialog.open) return;
    this.input.value = "";
    this.dialog.showModal();
    void this.find();
  }

  private async find(): Promise<void> {
    const words = this.input.value.trim().toLowerCase();
    const here = local().filter((e) => words.split(/\s+/).every((w) => e.name.toLowerCase().includes(w)));
    this.draw(here);
    this.asking.abort();
    this.asking = new AbortController();
    if (words.length === 1) return;
    try {
      const there = await remote(words, this.asking.signal);
      if (this.input.value.trim().toLowerCase() === words) this.draw(words === "" ? [...here, ...there] : [...there, ...here]);
    } catch {
      // A newer question replaced this one, or the server is away: what is here stays.
    }
  }

  private draw(entries: Entry[]): void {
    this.shown = entries.slice(0, 40);
    this.at = 0;
    this.list.replaceChildren(...this.shown.map((e, i) => {
      const option = make("li", { role: "option", id: `palette-${i}` }, icon(e.icon), make("span", {}, e.name), make("span", { class: "hint" }, e.hint));
      option.addEventListener("click", () => this.run(e));
      return option;
    }));
    this.none.textContent = this.shown.length === 0 ? "Nothing has that name." : "";
    this.none.hidden = this.shown.length > 0;
    this.list.hidden = this.shown.length === 0;
    this.mark();
  }

  private mark(): void {
    all("[role=option]", this.list).forEach((o, i) => {
      o.setAttribute("aria-selected", String(i === this.at));
      if (i === this.at) o.scrollIntoView({ block: "nearest" });
    });
    if (this.shown.length > 0) this.input.setAttribute("aria-activedescendant", `palette-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  private onKey(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const entry = this.shown[this.at];
    if (step !== 0 && this.shown.length > 0) {
      event.preventDefault();
      this.at = (this.at + step + this.shown.length) % this.shown.length;
      this.mark();
    } else if (event.key === "Enter" && entry) {
      event.preventDefault();
      this.run(entry);
    }
  }

  private run(entry: Entry): void {
    this.dialog.close();
    entry.run();
  }
}
