// New meeting: recordings are chosen or dropped, begun with the form's answers, and sent in parts that are safe once acknowledged.

import { all, icon, make, one, token } from "./dom";
import { start } from "./shell";
import { drop, keep, pending, type Pending } from "./store";
import { say } from "./toast";
import { Refused, Upload } from "./tus";

interface Begun { upload: string; meeting: string }
interface Chosen { file: File; handle?: FileSystemFileHandle }

const form = one<HTMLFormElement>("[data-upload]");
let chosen: Chosen[] = [];
let running = 0;

function size(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}

/** A row with a name, a sentence, a bar and buttons. */
class Row {
  readonly element: HTMLElement;
  private readonly sentence = make("p", { class: "hint num" });
  private readonly bar = make("progress", { class: "bar", max: "1", value: "0" });
  private readonly buttons = make("span", { class: "row" });

  constructor(name: string, sentence: string, showsBar = true) {
    this.sentence.textContent = sentence;
    this.bar.setAttribute("aria-label", `Upload of ${name}`);
    this.element = make("div", { class: "up" }, icon("file-audio"), make("span", { class: "name" }, name), this.buttons, make("div", { class: "meter" }, this.bar, this.sentence));
    this.bar.hidden = !showsBar;
  }

  say(text: string): void { this.sentence.textContent = text; }

  show(stored: number, sent: number, total: number): void {
    this.bar.hidden = false;
    this.bar.value = sent / total;
    this.say(`Stored safely ${size(stored)} of ${size(total)}`);
  }

  offer(...buttons: [string, () => void][]): void {
    this.buttons.replaceChildren(...buttons.map(([name, run]) => {
      const button = make("button", { type: "button", class: "btn" }, name);
      button.addEventListener("click", run);
      return button;
    }));
  }
}

function choose(more: Chosen[]): void {
  const limit = Number(form?.dataset["limit"] ?? "0");
  for (const c of more) {
    if (c.file.size === 0) say(`${c.file.name} is empty.`);
    else if (limit > 0 && c.file.size > limit) say(`${c.file.name} is larger than ${size(limit)}.`);
    else if (!chosen.some((x) => x.file.name === c.file.name && x.file.size === c.file.size)) chosen.push(c);
  }
  draw();
}

function draw(): void {
  const list = one("#chosen");
  if (!list) return;
  list.hidden = chosen.length === 0;
  list.replaceChildren(...chosen.map((c) => {
    const row = new Row(c.file.name, size(c.file.size), false);
    row.offer(["Remove", () => { chosen = chosen.filter((x) => x !== c); draw(); }]);
    return row.element;
  }));
}

async function begin(c: Chosen): Promise<Pending> {
  if (!form) throw new Refused("Load the page again.");
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
  if (chosen.length > 1) fields.set("title", "");
  fields.set("file_name", c.file.name);
  fields.set("file_size", String(c.file.size));
  fields.set("file_modified", new Date(c.file.lastModified).toISOString());
  const answer = await fetch("/uploads", { method: "POST", body: fields, headers: { "X-CSRF-Token": token(), "Tus-Resumable": "1.0.0", Accept: "application/json" } });
  if (!answer.ok) {
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
    throw new Refused(problem.detail ?? "The server did not take the upload.");
  }
  const begun = (await answer.json()) as Begun;
  const p: Pending = { url: begun.upload, meeting: begun.meeting, name: c.file.name, size: c.file.size, modified: c.file.lastModified };
  if (c.handle) p.handle = c.handle;
  await keep(p);
  return p;
}

async function send(p: Pending, file: File, row: Row): Promise<boolean> {
  const upload = new Upload(p.url, file, (stored, sent) => row.show(stored, sent, p.size));
  const resume = (): void => void send(p, file, row);
  row.offer(["Pause", () => upload.pause()]);
  running++;
  try {
    if ((await upload.run()) === "paused") {
      row.say("Paused. What is stored stays.");
      row.offer(["Continue", resume], ["Discard", () => void discard(p, row)]);
      return false;
    }
  } catch (reason) {
    if (reason instanceof Refused) await drop(p.url);
    row.say(reason instanceof Refused ? reason.message : "The connection is away. What is stored stays.");
    row.offer(reason instanceof Refused ? ["Remove", () => row.element.remove()] : ["Continue", resume]);
    return false;
  } finally {
    running--;
  }
  await drop(p.url);
  row.say("Stored safely. The minutes are being made.");
  row.offer(["Open", () => location.assign(p.meeting)]);
  return true;
}

async function discard(p: Pending, row: Row): Promise<void> {
  await fetch(p.url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0", "X-CSRF-Token": token() } }).catch(() => undefined);
  await drop(p.url);
  row.element.remove();
}

async function sendAll(): Promise<void> {
  const list = one("#chosen");
  if (!form || !list || chosen.length === 0) return;
  const button = one<HTMLButtonElement>(".foot .first", form);
  if (button) button.disabled = true;
  const rows = chosen.map((c) => new Row(c.file.name, "Waiting"));
  list.replaceChildren(...rows.map((r) => r.element));
  list.scrollIntoView({ block: "center" });
  let stored = 0, last = "";
  for (const [i, c] of chosen.entries()) {
    const row = rows[i];
    if (!row) continue;
    try {
      const p = await begin(c);
      if (await send(p, c.file, row)) stored++;
      last = p.meeting;
    } catch (reason) {
      row.say(reason instanceof Refused ? reason.message : "The connection is away. Try again.");
    }
  }
  if (button) button.disabled = false;
  if (stored === chosen.length) location.assign(stored === 1 ? last : "/jobs");
}

async function reopen(p: Pending, row: Row): Promise<void> {
  const handle = p.handle as (FileSystemFileHandle & { requestPermission?(o: { mode: string }): Promise<string> }) | undefined;
  let file: File | undefined;
  if (handle && (await handle.requestPermission?.({ mode: "read" })) === "granted") file = await handle.getFile().catch(() => undefined);
  file ??= await pick();
  if (!file) return;
  if (file.size !== p.size || file.name !== p.name) {
    row.say(`This is another file. Choose ${p.name}, ${size(p.size)}.`);
    return;
  }
  if (await send(p, file, row)) location.assign(p.meeting);
}

function pick(): Promise<File | undefined> {
  return new Promise((resolve) => {
    const input = make("input", { type: "file" });
    input.addEventListener("change", () => resolve(input.files?.[0]));
    input.addEventListener("cancel", () => resolve(undefined));
    input.click();
  });
}

async function showWaiting(): Promise<void> {
  const box = one("#waiting");
  const list = await pending();
  if (!box || list.length === 0) return;
  box.hidden = false;
  for (const p of list) {
    const row = new Row(p.name, `${size(p.size)}. This upload was interrupted; what is stored stays.`, false);
    row.offer(["Continue", () => void reopen(p, row)], ["Discard", () => void discard(p, row)]);
    box.append(row.element);
  }
}

/** Dropped files, with handles where the browser gives them. The items are gone after the event, so all are asked at once. */
async function dropped(items: DataTransferItemList): Promise<Chosen[]> {
  const asked = [...items].filter((i) => i.kind === "file").map((item) => ({
    file: item.getAsFile(),
    handle: (item as unknown as { getAsFileSystemHandle?(): Promise<FileSystemFileHandle | null> }).getAsFileSystemHandle?.() ?? Promise.resolve(null),
  }));
  const out: Chosen[] = [];
  for (const a of asked) {
    const handle = await a.handle.catch(() => null);
    if (a.file) out.push(handle?.kind === "file" ? { file: a.file, handle } : { file: a.file });
  }
  return out;
}

function listen(): void {
  const zone = one(".dz");
  const input = one<HTMLInputElement>("#files");
  input?.addEventListener("change", () => {
    choose([...(input.files ?? [])].map((file) => ({ file })));
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) zone?.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) zone?.addEventListener(name, () => zone.classList.remove("over"));
  zone?.addEventListener("drop", (event) => {
    event.preventDefault();
    const items = (event as DragEvent).dataTransfer?.items;
    if (items) void dropped(items).then(choose);
  });
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen.length === 0) {
      say("Choose a recording first.");
      input?.focus();
    } else void sendAll();
  });
  addEventListener("beforeunload", (event) => { if (running > 0) event.preventDefault(); });
}

/** A transcript's file becomes the text of the form; what is not text is sent as it is by the form itself. */
function textFile(): void {
  const input = one<HTMLInputElement>("[data-textfile]");
  input?.addEventListener("change", async () => {
    const file = input.files?.[0];
    const text = one<HTMLTextAreaElement>("#text");
    if (!file || !text || file.name.toLowerCase().endsWith(".docx")) return;
    text.value = await file.text();
    const title = one<HTMLInputElement>("#title");
    if (title && title.value === "") title.value = file.name.replace(/\.[^.]+$/, "");
  });
}

start();
textFile();
if (form) {
  listen();
  void showWaiting();
}

/** How the participants were told is asked of who told them. */
function consent(): void {
  const how = one("#how")?.closest<HTMLElement>(".f");
  const yes = one<HTMLInputElement>("[name=told][value=yes]");
  if (!how || !yes) return;
  const look = (): void => { how.hidden = !yes.checked; };
  for (const radio of all<HTMLInputElement>("[name=told]")) radio.addEventListener("change", look);
  look();
}

/** The page offers the zones of big cities; the browser knows the others. */
function zones(): void {
  const pick = one<HTMLSelectElement>("#zone");
  if (!pick || !("supportedValuesOf" in Intl)) return;
  const have = new Set([...pick.options].map((o) => o.value));
  for (const zone of Intl.supportedValuesOf("timeZone")) if (!have.has(zone)) pick.append(make("option", { value: zone }, zone.replaceAll("/", ", ").replaceAll("_", " ")));
}

consent();
zones();
