// htmx turns what the server sends into elements. The page's policy lets it do that for our own fragments and for nothing else:
// markup with a script in it is refused, and text is never turned into code.

interface Policy { createHTML(text: string): unknown; createScript(text: string): unknown }
interface Factory { createPolicy(name: string, rules: Record<string, (text: string) => string>): Policy }
interface Htmx {
  registerExtension(name: string, extension: { init(api: { initSecurity(policy: Policy, sync: unknown, later: unknown): void }): void }): void;
}

const markup = /<(script|iframe|object|embed|base|meta)[\s/>]/i;

function refuse(): never {
  throw new TypeError("code from text is refused");
}

function html(text: string): string {
  if (markup.test(text)) throw new TypeError("markup with active content is refused");
  return text;
}

/** Gives htmx the policy. It does nothing on pages without htmx. */
export function trust(): void {
  const scope = window as unknown as { htmx?: Htmx; trustedTypes?: Factory };
  if (!scope.htmx) return;
  const rules = { createHTML: html, createScript: refuse };
  const policy: Policy = scope.trustedTypes?.createPolicy("app", rules) ?? rules;
  scope.htmx.registerExtension("app", { init: (api) => api.initSecurity(policy, refuse, refuse) });
}
