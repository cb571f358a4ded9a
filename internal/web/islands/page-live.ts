// Pages with a stream of progress: when the work ends, the page shows what came of it; the tab's title tells how far it is.

import { one } from "./dom";
import { start } from "./shell";

const title = document.title;

// The stream's events "done" and "stopped" are dispatched on the element that listens.
document.addEventListener("done", () => location.reload());
document.addEventListener("stopped", () => location.reload());
document.addEventListener("htmx:after:swap", () => {
  const bar = one<HTMLProgressElement>("[data-processing] progress");
  document.title = bar ? `${bar.value} % · ${title}` : title;
});
start();
