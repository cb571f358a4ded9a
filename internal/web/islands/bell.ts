// The number of unread notices beside the navigation's line and the bell on a phone. Only the page that is seen listens: a browser
// has few connections to one host.

import { make, one } from "./dom";

function show(unread: number): void {
  const line = one('.rail a[href="/notices"]');
  if (line) {
    const count = one(".count", line) ?? line.appendChild(make("span", { class: "count" }));
    if (unread > 0) count.replaceChildren(String(unread), make("span", { class: "sr" }, " unread"));
    else count.remove();
  }
  const bell = one(".bell");
  bell?.setAttribute("aria-label", unread > 0 ? `Notices, ${unread} unread` : "Notices");
  const dot = bell && one(".dot", bell);
  if (dot) dot.hidden = unread === 0;
}

/** Follows the number for as long as the page is seen. */
export function followBell(): void {
  if (document.body.dataset["bell"] === undefined) return;
  let stream: EventSource | undefined;
  const turn = (): void => {
    if (document.hidden) {
      stream?.close();
      stream = undefined;
    } else if (!stream) {
      stream = new EventSource("/events/bell");
      stream.onmessage = (event) => show(Number(event.data));
    }
  };
  document.addEventListener("visibilitychange", turn);
  addEventListener("pagehide", () => stream?.close());
  turn();
}
