// Passwords: a button that shows what was typed, and for a new one words about how hard it is to guess. The server decides.

import { all, make } from "./dom";

/** How many guesses a password stands, as a power of two, by its length and the sorts of its characters; repeats count once. */
function bits(text: string): number {
  const distinct = new Set(text.toLowerCase()).size;
  let sorts = 0;
  for (const [sort, size] of [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^A-Za-z0-9]/, 30]] as const) if (sort.test(text)) sorts += size;
  return Math.log2(Math.max(sorts, 1)) * Math.min(text.length, distinct * 2) * (/^[a-z ]+$/i.test(text) ? 0.6 : 0.8);
}

function words(text: string, least: number): string {
  const length = [...text].length;
  if (length === 0) return "";
  if (length < least) return `${length} of at least ${least} characters.`;
  const strength = bits(text);
  return strength < 45 ? "Weak: easy to guess." : strength < 65 ? "Fair. A few more words make it strong." : "Strong.";
}

/** Adds the button and the words to every password of the page. */
export function passwords(): void {
  for (const input of all<HTMLInputElement>("input[type=password]")) {
    const row = make("div", { class: "pw" });
    const button = make("button", { type: "button", class: "btn", "aria-pressed": "false", "aria-controls": input.id }, "Show");
    button.setAttribute("aria-label", "Show the password");
    button.addEventListener("click", () => {
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      button.textContent = shown ? "Hide" : "Show";
    });
    const focused = document.activeElement === input;
    input.replaceWith(row);
    row.append(input, button);
    if (focused) input.focus();
    input.form?.addEventListener("submit", () => { input.type = "password"; });
    if (input.autocomplete !== "new-password") continue;
    const said = make("p", { class: "hint", role: "status" });
    row.after(said);
    const least = Number(/\d+/.exec(document.getElementById(`${input.id}-d`)?.textContent ?? "")?.[0] ?? 12);
    input.addEventListener("input", () => { said.textContent = words(input.value, least); });
  }
}
