// Passkeys: a form that asks the browser to make one or to show one, and sends the answer as any form does. On the sign-in page
// the browser also offers passkeys by itself, where the address is typed.

import { all, one, token } from "./dom";
import { start } from "./shell";

interface Descriptor { id: string; type: PublicKeyCredentialType; transports?: AuthenticatorTransport[] }
type Asked = Record<string, unknown> & { challenge: string; user?: { id: string; name: string; displayName: string }; allowCredentials?: Descriptor[]; excludeCredentials?: Descriptor[] };

const refresh = 4 * 60 * 1000; // a challenge is good for five minutes
let waiting: AbortController | undefined;

function bytes(text: string): ArrayBuffer {
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0)).buffer;
}

function text(data: ArrayBuffer | null | undefined): string | undefined {
  if (!data) return undefined;
  let raw = "";
  for (const b of new Uint8Array(data)) raw += String.fromCharCode(b);
  return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const known = (d: Descriptor): PublicKeyCredentialDescriptor => ({ ...d, id: bytes(d.id) });

function optionsOf(asked: Asked): PublicKeyCredentialCreationOptions & PublicKeyCredentialRequestOptions {
  const options: Record<string, unknown> = { ...asked, challenge: bytes(asked.challenge) };
  if (asked.user) options["user"] = { ...asked.user, id: bytes(asked.user.id) };
  if (asked.allowCredentials) options["allowCredentials"] = asked.allowCredentials.map(known);
  if (asked.excludeCredentials) options["excludeCredentials"] = asked.excludeCredentials.map(known);
  return options as unknown as PublicKeyCredentialCreationOptions & PublicKeyCredentialRequestOptions;
}

/** What the server reads, as PublicKeyCredential.toJSON writes it where a browser has that. */
function written(c: PublicKeyCredential): string {
  const r = c.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  const response = {
    clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), authenticatorData: text(r.authenticatorData),
    signature: text(r.signature), userHandle: text(r.userHandle), transports: r.attestationObject ? r.getTransports?.() : undefined,
  };
  if (r.attestationObject) delete response.authenticatorData;
  return JSON.stringify({ id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment ?? undefined, clientExtensionResults: c.getClientExtensionResults(), response });
}

class Refusal extends Error {
  constructor(sentence: string, readonly field = "") { super(sentence); }
}

async function ask(form: HTMLFormElement): Promise<Asked> {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && name !== "password") body.set(name, value);
  const answer = await fetch(form.dataset["options"] ?? "", { method: "POST", body, headers: { "X-CSRF-Token": token() } });
  if (answer.redirected) { location.assign(answer.url); throw new Refusal(""); }
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) throw new Refusal(answer.status === 429 ? "Too many tries. Wait a few minutes, then try again." : "That did not work. Load the page again.");
  const got = (await answer.json()) as Asked & { problem?: string; field?: string };
  if (got.problem) throw new Refusal(got.problem, got.field);
  return got;
}

function send(form: HTMLFormElement, c: Credential | null): void {
  const field = one<HTMLInputElement>("input[name=answer]", form);
  if (!c || !field) return;
  field.value = written(c as PublicKeyCredential);
  form.submit();
}

function say(form: HTMLFormElement, error: unknown): void {
  const said = one("[data-passkey-said]", form);
  if (!said) return;
  let sentence = "That did not work. Try again, or use another way.";
  if (error instanceof Refusal) sentence = error.message;
  else if (error instanceof DOMException && error.name === "NotAllowedError") sentence = "The browser was not given a passkey. Try again, or use another way.";
  else if (error instanceof DOMException && error.name === "InvalidStateError") sentence = "This device has a passkey for your account already.";
  said.textContent = sentence;
  said.hidden = sentence === "";
  if (error instanceof Refusal && error.field) document.getElementById(error.field)?.focus();
}

async function run(form: HTMLFormElement): Promise<void> {
  waiting?.abort();
  const publicKey = optionsOf(await ask(form));
  const creating = form.dataset["passkey"] === "create";
  send(form, creating ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey }));
}

/** Lets the browser offer passkeys beside its passwords, as long as the page is open. */
async function offer(form: HTMLFormElement): Promise<void> {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const stop = (waiting = new AbortController());
  const again = setTimeout(() => { stop.abort(); void offer(form); }, refresh);
  try {
    const publicKey = optionsOf(await ask(form));
    send(form, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: stop.signal }));
  } catch (error) {
    if (!(error instanceof DOMException) && !(error instanceof Refusal)) throw error; // the browser was asked to stop, or nobody chose one
  } finally {
    if (!stop.signal.aborted) clearTimeout(again);
  }
}

function prepare(form: HTMLFormElement): void {
  const go = one<HTMLButtonElement>("[data-passkey-go]", form);
  const possible = typeof PublicKeyCredential !== "undefined";
  form.hidden = form.hidden && !possible;
  const part = one("[data-passkey-part]", form);
  if (part) part.hidden = !possible;
  if (!go) return;
  if (!possible) {
    go.disabled = true;
    say(form, new Refusal("This browser knows no passkeys. Use another way."));
    return;
  }
  const begin = (): void => {
    go.disabled = true;
    run(form).catch((error: unknown) => say(form, error)).finally(() => { go.disabled = false; });
  };
  go.addEventListener("click", begin);
  if (!one("button:not([type=button])", form)) form.addEventListener("submit", (event) => { event.preventDefault(); begin(); });
  if (form.dataset["quiet"] !== undefined) void offer(form);
}

start();
all<HTMLFormElement>("form[data-passkey]").forEach(prepare);
