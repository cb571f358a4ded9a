// What islands use to change a page: elements made by name and filled with text, never with markup.

type Child = Node | string;

/** Makes an element. Attributes whose value is undefined are left out; children that are strings become text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K, attributes: Record<string, string | undefined> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Draws an icon of the sprite. */
export function icon(name: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${document.body.dataset["sprite"] ?? ""}#${name}`);
  svg.append(use);
  return svg;
}

/** The first element that matches, or null. */
export function one<T extends Element = HTMLElement>(selector: string, from: ParentNode = document): T | null {
  return from.querySelector<T>(selector);
}

/** All elements that match. */
export function all<T extends Element = HTMLElement>(selector: string, from: ParentNode = document): T[] {
  return [...from.querySelectorAll<T>(selector)];
}

/** The token of this session's forms. */
export function token(): string {
  return one<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

/** Milliseconds as a place in a recording: 0:07, 12:41, 1:02:03. */
export function clock(ms: number): string {
  const s = Math.floor(ms / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** Keeps a choice of this browser for a year. The server reads it to draw the next page right at once. */
export function remember(name: string, value: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; SameSite=Lax; Max-Age=${value === "" ? 0 : 31536000}${secure}`;
}
