// The transcript beside the minutes: plain click seeks, the spoken word is marked, a chip shows where its line comes from.

import { all, make, one } from "./dom";
import type { Player } from "./player";

type Times = Record<string, [number, number, number, number][]>; // segment: [from, to, start_ms, end_ms]

function paint(name: string, range: Range | null): void {
  if (!("highlights" in CSS)) return;
  if (range) CSS.highlights.set(name, new Highlight(range));
  else CSS.highlights.delete(name);
}

/** The range of some characters of an element, across its text nodes. */
function rangeOf(element: Element, from: number, to: number): Range | null {
  const range = document.createRange();
  const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let passed = 0, begun = false;
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const length = node.textContent?.length ?? 0;
    if (!begun && from < passed + length) {
      range.setStart(node, from - passed);
      begun = true;
    }
    if (begun && to <= passed + length) {
      range.setEnd(node, to - passed);
      return range;
    }
    passed += length;
  }
  return null;
}

/** Follows the player, or stands alone where there is no sound. */
export class Transcript {
  private times: Times = {};
  private current: HTMLElement | null = null;
  private readonly scroll = one("#transcript .scroll");
  private readonly peek = make("div", { class: "peek", popover: "manual", role: "tooltip", id: "peek" });

  constructor(private readonly player: Player | null, words: string) {
    document.body.append(this.peek);
    document.addEventListener("click", (event) => this.onClick(event));
    for (const [on, off] of [["pointerover", "pointerout"], ["focusin", "focusout"]] as const) {
      document.addEventListener(on, (event) => this.onPeek(event.target));
      document.addEventListener(off, () => this.peek.hidePopover());
    }
    player?.listen((ms, playing) => this.follow(ms, playing));
    if (player && words) void this.load(words);
    const first = one(".turn .at");
    first?.setAttribute("tabindex", "0");
    this.openHash();
    addEventListener("hashchange", () => this.openHash());
  }

  /** Moves the focus to the next or the previous turn. */
  step(by: number): void {
    const marks = all(".turn .at");
    if (marks.length === 0) return;
    const focused = marks.findIndex((m) => m === document.activeElement);
    const playing = marks.findIndex((m) => m.closest(".turn")?.contains(this.current));
    const at = focused >= 0 ? focused + by : Math.max(0, playing);
    const next = marks[Math.min(marks.length - 1, Math.max(0, at))];
    for (const m of marks) m.setAttribute("tabindex", m === next ? "0" : "-1");
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  }

  private async load(url: string): Promise<void> {
    try {
      const answer = await fetch(url);
      if (answer.ok) this.times = (await answer.json()) as Times;
    } catch {
      // Segments are still marked; only words are not.
    }
  }

  private onClick(event: MouseEvent): void {
    if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const cite = event.target.closest<HTMLElement>(".cite");
    const timed = event.target.closest<HTMLElement>("[data-at]:not(.cite)");
    const segment = event.target.closest<HTMLElement>(".seg");
    if (cite) {
      event.preventDefault();
      this.cited(cite);
    } else if (timed && this.player) {
      event.preventDefault();
      this.player.playFrom(Number(timed.dataset["at"]));
    } else if (segment?.dataset["a"] && this.player && getSelection()?.isCollapsed !== false) {
      this.player.playFrom(this.wordAt(segment, event) ?? Number(segment.dataset["a"]));
    }
  }

  /** The moment of the word under the pointer. */
  private wordAt(segment: HTMLElement, event: MouseEvent): number | null {
    const point = (document as unknown as { caretPositionFromPoint?(x: number, y: number): { offsetNode: Node; offset: number } | null }).caretPositionFromPoint?.(event.clientX, event.clientY);
    if (!point || !segment.contains(point.offsetNode)) return null;
    const before = document.createRange();
    before.setStart(segment, 0);
    before.setEnd(point.offsetNode, point.offset);
    const offset = before.toString().length;
    const word = (this.times[segment.id] ?? []).find(([from, to]) => offset >= from && offset <= to);
    return word ? word[2] : null;
  }

  private cited(cite: HTMLElement): void {
    for (const on of all(".cite.on")) on.classList.remove("on");
    cite.classList.add("on");
    const sounds = this.player !== null && !("still" in cite.dataset);
    // Where the transcript lies below the minutes, a chip that sounds leaves the reader where they are.
    this.show(cite.dataset["seg"] ?? "", cite.dataset["quote"] ?? "", !sounds);
    if (sounds) this.player?.playFrom(Number(cite.dataset["at"]));
  }

  /** Scrolls to a segment and marks its quote. */
  private show(id: string, quote: string, jump: boolean): void {
    const segment = document.getElementById(id);
    if (!segment) return;
    for (const hit of all(".seg.hit")) hit.classList.remove("hit");
    const from = quote ? (segment.textContent ?? "").indexOf(quote) : -1;
    const range = from >= 0 ? rangeOf(segment, from, from + quote.length) : null;
    paint("quoted", range);
    if (!range) segment.classList.add("hit");
    if (this.scrolls()) this.keepInView(segment);
    else if (jump) segment.scrollIntoView({ block: "center" });
  }

  private openHash(): void {
    const id = location.hash.slice(1);
    if (id.startsWith("s-")) this.show(id, "", true);
  }

  private onPeek(target: EventTarget | null): void {
    const cite = target instanceof Element ? target.closest<HTMLElement>(".cite[data-quote]") : null;
    if (!cite?.dataset["quote"]) return;
    this.peek.replaceChildren(make("q", {}, cite.dataset["quote"]), make("p", { class: "from" }, cite.dataset["from"] || "Unknown speaker"));
    cite.setAttribute("aria-describedby", "peek");
    this.peek.showPopover();
    const box = cite.getBoundingClientRect(), own = this.peek.getBoundingClientRect();
    const above = box.bottom + own.height + 16 > innerHeight;
    this.peek.style.left = `${Math.max(16, Math.min(innerWidth - own.width - 16, box.right - own.width))}px`;
    this.peek.style.top = `${above ? box.top - own.height - 8 : box.bottom + 8}px`;
  }

  private follow(ms: number, playing: boolean): void {
    const segment = this.segmentAt(ms);
    if (segment !== this.current) {
      this.current?.classList.remove("now");
      segment?.classList.add("now");
      this.current = segment;
      if (segment && playing) this.keepInView(segment);
      this.player?.name(segment?.closest(".turn")?.querySelector(".name")?.textContent ?? "");
    }
    const word = segment ? (this.times[segment.id] ?? []).find(([, , start, end]) => ms >= start && ms < end) : undefined;
    paint("spoken", segment && word && (playing || ms > 0) ? rangeOf(segment, word[0], word[1]) : null);
  }

  private segmentAt(ms: number): HTMLElement | null {
    const inside = (s: HTMLElement): boolean => ms >= Number(s.dataset["a"]) && ms < Number(s.dataset["b"]);
    if (this.current && inside(this.current)) return this.current;
    return all(".seg[data-a]").find(inside) ?? null;
  }

  /** Whether the transcript has a scrollbar of its own. */
  private scrolls(): boolean {
    return this.scroll !== null && this.scroll.scrollHeight > this.scroll.clientHeight + 4;
  }

  private keepInView(segment: HTMLElement): void {
    if (!this.scroll || !this.scrolls()) return;
    const box = this.scroll.getBoundingClientRect(), at = segment.getBoundingClientRect();
    if (at.top > box.top + 16 && at.bottom < box.bottom - box.height * .25) return;
    this.scroll.scrollBy({ top: at.top - box.top - box.height * .3 });
  }
}
