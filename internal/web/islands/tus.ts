// A client of tus 1.0 (creation is the server's answer to the form; here are HEAD, PATCH with checksum, DELETE).
// A part counts when the server has answered: by then it is sealed and on disk.

import { token } from "./dom";

const part = 8 * 1024 * 1024;
const headers = (): Record<string, string> => ({ "Tus-Resumable": "1.0.0", "X-CSRF-Token": token() });

/** The upload cannot go on; the sentence is for people. */
export class Refused extends Error {}

function detail(answer: string): string {
  try {
    return (JSON.parse(answer) as { detail?: string }).detail ?? "The server did not take this file.";
  } catch {
    return "The server did not take this file.";
  }
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return btoa(String.fromCharCode(...sum));
}

/** Sends what is missing of a file. */
export class Upload {
  private stopped = false;
  private request: XMLHttpRequest | undefined;

  /** moved is told how many bytes are stored, and how many are on their way. */
  constructor(readonly url: string, private readonly file: File, private readonly moved: (stored: number, sent: number) => void) {}

  /** Resolves when every byte is stored, or when pause was called; rejects with Refused when going on is useless. */
  async run(): Promise<"stored" | "paused"> {
    this.stopped = false;
    let offset = await this.offset();
    for (let failures = 0; offset < this.file.size;) {
      if (this.stopped) return "paused";
      try {
        offset = await this.send(offset);
        failures = 0;
      } catch (reason) {
        if (this.stopped) return "paused";
        if (reason instanceof Refused || failures++ > 8) throw reason;
        await new Promise((again) => setTimeout(again, Math.min(30_000, 500 * 2 ** failures) * (.75 + Math.random() / 2)));
        offset = await this.offset().catch(() => offset);
      }
    }
    return "stored";
  }

  pause(): void {
    this.stopped = true;
    this.request?.abort();
  }

  /** Gives the upload up and has the server destroy what it holds. */
  async cancel(): Promise<void> {
    this.pause();
    await fetch(this.url, { method: "DELETE", headers: headers() });
  }

  private async offset(): Promise<number> {
    const answer = await fetch(this.url, { method: "HEAD", headers: headers(), cache: "no-store" });
    if (answer.status === 404 || answer.status === 410) throw new Refused("This upload is over. Begin again.");
    if (!answer.ok) throw new Error(`offset: ${answer.status}`);
    const offset = Number(answer.headers.get("Upload-Offset"));
    this.moved(offset, offset);
    return offset;
  }

  private async send(offset: number): Promise<number> {
    const bytes = await this.file.slice(offset, offset + part).arrayBuffer();
    const sum = await sha256(bytes);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open("PATCH", this.url);
      for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
      request.setRequestHeader("Content-Type", "application/offset+octet-stream");
      request.setRequestHeader("Upload-Offset", String(offset));
      request.setRequestHeader("Upload-Checksum", `sha256 ${sum}`);
      request.upload.onprogress = (event) => this.moved(offset, offset + event.loaded);
      request.onerror = request.onabort = request.ontimeout = () => reject(new Error("the connection broke"));
      request.onload = () => {
        if (request.status === 204) {
          const stored = Number(request.getResponseHeader("Upload-Offset"));
          this.moved(stored, stored);
          resolve(stored);
        } else if (request.status === 401) reject(new Refused("You were signed out. Sign in and continue; nothing that is stored is lost."));
        else if (request.status === 422) reject(new Refused(detail(request.responseText)));
        else if (request.status === 403 || request.status === 404 || request.status === 410 || request.status === 413 || request.status === 415) reject(new Refused("The server does not take this file any more. Begin again."));
        else reject(new Error(`part: ${request.status}`));
      };
      request.send(bytes);
    });
  }
}
