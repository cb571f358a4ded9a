// The player: it takes the place of the browser's own controls, which stay on the page for those without scripts.

import { clock, icon, make, one } from "./dom";
import { say } from "./toast";
import { Wave } from "./wave";

const speeds = ["0.5", "0.75", "1", "1.25", "1.5", "1.75", "2", "2.5", "3"];

/** Plays a recording and tells those who listen where it is, in milliseconds. */
export class Player {
  private readonly audio: HTMLAudioElement;
  private readonly ms: number;
  private readonly play = make("button", { type: "button", class: "btn first play", "aria-label": "Play" }, icon("play"));
  private readonly now = make("span", {}, "0:00");
  private readonly said = make("span", { class: "said", "aria-hidden": "true" });
  private readonly canvas = make("canvas", { "aria-hidden": "true" });
  private readonly track: HTMLElement;
  private readonly speed = make("select", { class: "in", "aria-label": "Speed" }, ...speeds.map((s) => make("option", s === "1" ? { value: s, selected: "" } : { value: s }, `${s}×`)));
  private readonly wave: Wave;
  private listeners: ((ms: number, playing: boolean) => void)[] = [];
  private until = Infinity;

  constructor(section: HTMLElement) {
    this.audio = one<HTMLAudioElement>("audio", section) ?? new Audio(section.dataset["src"]);
    this.ms = Number(section.dataset["ms"]);
    this.track = make("div", { class: "track", role: "slider", tabindex: "0", "aria-label": "Place in the recording", "aria-valuemin": "0", "aria-valuemax": String(Math.round(this.ms / 1000)) }, this.canvas);
    this.wave = new Wave(this.canvas, this.ms);
    const back = make("button", { type: "button", class: "btn quiet icon", "aria-label": "Back 10 seconds" }, icon("rotate-ccw"));
    const on = make("button", { type: "button", class: "btn quiet icon", "aria-label": "Forward 10 seconds" }, icon("rotate-cw"));
    this.audio.controls = false;
    this.audio.hidden = true;
    section.append(
      make("div", { class: "go" }, back, this.play, on),
      make("div", { class: "wave" }, this.now, this.track, make("span", {}, clock(this.ms))),
      make("div", { class: "opts" }, this.said, this.speed),
    );
    this.play.addEventListener("click", () => this.toggle());
    back.addEventListener("click", () => this.skip(-10_000));
    on.addEventListener("click", () => this.skip(10_000));
    this.speed.addEventListener("change", () => { this.audio.playbackRate = Number(this.speed.value); });
    this.track.addEventListener("keydown", (event) => this.onKey(event));
    this.track.addEventListener("pointerdown", (event) => this.onPointer(event));
    this.track.addEventListener("pointermove", (event) => { if (event.buttons === 1) this.onPointer(event); });
    for (const event of ["timeupdate", "seeked"] as const) this.audio.addEventListener(event, () => this.tell());
    for (const event of ["play", "pause", "ended"] as const) this.audio.addEventListener(event, () => this.drawPlay());
    this.audio.addEventListener("error", () => say("The recording cannot be played just now. Load the page again."));
    this.tell();
    void this.loadPeaks(section.dataset["peaks"] ?? "");
  }

  /** Calls back with each new place while playing, and after each jump. */
  listen(listener: (ms: number, playing: boolean) => void): void {
    this.listeners.push(listener);
  }

  /** Plays from a moment, to another if one is given. */
  playFrom(ms: number, until = Infinity): void {
    this.audio.currentTime = ms / 1000;
    this.until = until;
    void this.audio.play().catch(() => undefined);
    this.tell();
  }

  toggle(): void {
    this.until = Infinity;
    if (this.audio.paused) void this.audio.play().catch(() => undefined);
    else this.audio.pause();
  }

  skip(ms: number): void {
    this.seek(this.at() + ms);
  }

  faster(step: number): void {
    const i = Math.min(speeds.length - 1, Math.max(0, speeds.indexOf(this.speed.value) + step));
    this.speed.value = speeds[i] ?? "1";
    this.audio.playbackRate = Number(this.speed.value);
  }

  /** Names who is speaking. */
  name(who: string): void {
    if (this.said.textContent !== who) this.said.textContent = who;
  }

  at(): number {
    return this.audio.currentTime * 1000;
  }

  private seek(ms: number): void {
    this.until = Infinity;
    this.audio.currentTime = Math.min(this.ms, Math.max(0, ms)) / 1000;
    this.tell();
  }

  private async loadPeaks(url: string): Promise<void> {
    try {
      const answer = await fetch(url);
      if (answer.ok) this.wave.load(((await answer.json()) as { peaks: number[] }).peaks);
    } catch {
      // The line below the bars still shows the turns.
    }
  }

  private tell(): void {
    const ms = this.at();
    if (ms >= this.until) {
      this.until = Infinity;
      this.audio.pause();
    }
    this.now.textContent = clock(ms);
    this.track.setAttribute("aria-valuenow", String(Math.round(ms / 1000)));
    this.track.setAttribute("aria-valuetext", `${clock(ms)} of ${clock(this.ms)}`);
    this.wave.mark(ms);
    for (const listener of this.listeners) listener(ms, !this.audio.paused);
  }

  private drawPlay(): void {
    const paused = this.audio.paused;
    this.play.replaceChildren(icon(paused ? "play" : "pause"));
    this.play.setAttribute("aria-label", paused ? "Play" : "Pause");
    const frame = (): void => {
      if (this.audio.paused) return;
      this.tell();
      requestAnimationFrame(frame);
    };
    if (!paused) requestAnimationFrame(frame);
  }

  private onKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowRight: 5_000, ArrowUp: 5_000, ArrowLeft: -5_000, ArrowDown: -5_000, PageUp: 60_000, PageDown: -60_000, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.seek(this.at() + step);
  }

  private onPointer(event: PointerEvent): void {
    const box = this.track.getBoundingClientRect();
    this.seek(((event.clientX - box.left) / box.width) * this.ms);
  }
}
