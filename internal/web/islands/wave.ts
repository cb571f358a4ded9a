// The waveform: bars over the peaks that the server made, and below them whose turn it is.

import { all } from "./dom";

interface Band { from: number; to: number; colour: string }

/** Draws on a canvas and redraws when its size or the theme changes. */
export class Wave {
  private peaks: number[] = [];
  private at = 0;
  private drawn = -1;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly ms: number) {
    new ResizeObserver(() => this.draw()).observe(canvas);
    document.addEventListener("theme", () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  load(peaks: number[]): void {
    this.peaks = peaks;
    this.draw();
  }

  /** Marks the place; it draws only when a bar changes. */
  mark(ms: number): void {
    this.at = ms;
    const bar = Math.floor((ms / this.ms) * (this.canvas.clientWidth / 3));
    if (bar !== this.drawn) this.draw();
    this.drawn = bar;
  }

  private bands(): Band[] {
    return all(".turn", document).flatMap((turn): Band[] => {
      const name = turn.querySelector(".name");
      const segments = all(".seg[data-a]", turn);
      const first = segments[0], last = segments[segments.length - 1];
      if (!name || !first || !last) return [];
      return [{ from: Number(first.dataset["a"]), to: Number(last.dataset["b"]), colour: getComputedStyle(name).color }];
    });
  }

  private draw(): void {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const pen = this.canvas.getContext("2d");
    if (!pen || w === 0) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = w * scale;
    this.canvas.height = h * scale;
    pen.scale(scale, scale);
    const style = getComputedStyle(this.canvas);
    const played = style.color, rest = style.caretColor;
    const lane = 5, room = h - lane - 2, bars = Math.max(1, Math.floor(w / 3));
    for (let i = 0; i < bars; i++) {
      const from = Math.floor((i / bars) * this.peaks.length), to = Math.max(from + 1, Math.floor(((i + 1) / bars) * this.peaks.length));
      const peak = this.peaks.slice(from, to).reduce((a, b) => Math.max(a, b), 0) / 255;
      const tall = Math.max(1.5, peak * room);
      pen.fillStyle = i / bars < this.at / this.ms ? played : rest;
      pen.globalAlpha = i / bars < this.at / this.ms ? 1 : .62;
      pen.fillRect(i * 3, (room - tall) / 2, 2, tall);
    }
    pen.globalAlpha = 1;
    for (const band of this.bands()) {
      pen.fillStyle = band.colour;
      pen.fillRect((band.from / this.ms) * w, h - 3, Math.max(1, ((band.to - band.from) / this.ms) * w - .5), 3);
    }
    pen.fillStyle = played;
    pen.fillRect(Math.min(w - 1.5, (this.at / this.ms) * w), 0, 1.5, h);
  }
}
