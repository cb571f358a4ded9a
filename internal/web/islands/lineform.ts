// The form of a line: it takes the focus when it comes, gives it back when it goes, and knows Ctrl or Cmd and Enter, and Escape.

import { one } from "./dom";

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
      one(`#${CSS.escape(row)} .edit`)?.focus();
      row = "";
    }
  });
  document.addEventListener("keydown", (event) => {
    const form = event.target instanceof Element ? event.target.closest<HTMLFormElement>("[data-lineform]") : null;
    if (!form) return;
    if (event.key === "Escape") one("[data-cancel]", form)?.click();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}
