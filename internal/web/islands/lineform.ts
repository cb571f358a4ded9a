// The form of a line: it takes the focus when it comes, gives it back when it goes, and knows Ctrl or Cmd and Enter, and Escape.
// What a change answers with says how to take it back, and which version of the minutes it made.

import { all, one } from "./dom";
import { say } from "./toast";

/** Who approves has read what this page shows: a version that one's own change made from it, and no other. */
function follow(version: number): void {
  for (const field of all<HTMLInputElement>(".acts [name=version]")) {
    if (Number(field.value) === version - 1) field.value = String(version);
  }
}

function changed(): void {
  const line = one("[data-undo]");
  if (!line) return;
  const gone = line.classList.contains("gone");
  say(gone ? "The line was removed." : "Saved.", line.dataset["undo"]);
  follow(Number(line.dataset["version"]));
  line.removeAttribute("data-undo");
  if (!gone) return;
  const next = one(":is(.edit, .plus)", line.nextElementSibling ?? line.parentElement ?? document);
  line.remove();
  next?.focus();
}

/** Watches for forms that htmx brings. */
export function watchLineForms(): void {
  let row = "";
  document.addEventListener("htmx:after:swap", () => {
    const form = one<HTMLFormElement>("[data-lineform]");
    if (form) {
      row = form.closest("li")?.id ?? "";
      const text = one<HTMLTextAreaElement>("textarea", form);
      text?.focus();
      text?.setSelectionRange(text.value.length, text.value.length);
    } else if (row) {
      one(`#${CSS.escape(row)} :is(.edit, .plus)`)?.focus();
      row = "";
    }
    changed();
  });
  document.addEventListener("keydown", (event) => {
    const form = event.target instanceof Element ? event.target.closest<HTMLFormElement>("[data-lineform]") : null;
    if (!form) return;
    if (event.key === "Escape") one("[data-cancel]", form)?.click();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}
