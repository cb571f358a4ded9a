// An OpenID provider made by others, for the browser's stories of signing in. It takes one JSON document as its argument: where
// its packages lie, its path, the client, and what it says of everybody; it prints its issuer once it answers.
//
//   node provider.mjs '{"modules": ".../node_modules", "path": "", "client": "id", "secret": "...", "redirects": ["..."], "claims": {"hd": "example.com"}}'
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const set = JSON.parse(process.argv[2]);
const found = createRequire(join(set.modules, "..", "here.js")).resolve("oidc-provider");
const { default: Provider, interactionPolicy } = await import(pathToFileURL(found));

const key = { ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig" };
const policy = interactionPolicy.base();
policy.add(new interactionPolicy.Prompt({ name: "select_account", requestable: true }), 0);

const server = createServer((req, res) => answer(req, res));
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}${set.path}`;
  provider = new Provider(issuer, {
    clients: [{ client_id: set.client, client_secret: set.secret, redirect_uris: set.redirects, grant_types: ["authorization_code"], response_types: ["code"] }],
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString("hex")] },
    features: { devInteractions: { enabled: false } },
    interactions: { policy, url: (ctx, interaction) => `${set.path}/interaction/${interaction.uid}` },
    conformIdTokenClaims: false,
    claims: { openid: ["sub", "amr", ...Object.keys(set.claims)], email: ["email", "email_verified"] },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: true, ...set.claims }),
    }),
  });
  callback = provider.callback();
  console.log(issuer);
});

let provider, callback;

function answer(req, res) {
  if (!req.url.startsWith(set.path)) return res.writeHead(404).end();
  req.originalUrl = req.url;
  req.url = req.url.slice(set.path.length) || "/";
  if (!req.url.startsWith("/interaction/")) return callback(req, res);
  interact(req, res).catch((err) => res.writeHead(500).end(String(err)));
}

// interact asks for nothing but an address, and lets in whoever has one.
async function interact(req, res) {
  const details = await provider.interactionDetails(req, res);
  if (req.method !== "POST") {
    res.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    return res.end(`<!doctype html><html lang="en"><title>Stand-in</title><main><h1>Choose an account</h1><form method="post">
<label for="login">E-mail</label> <input id="login" name="login"> <button>Continue</button> <button name="deny" value="yes">Cancel</button></form></main>`);
  }
  let body = "";
  for await (const part of req) body += part;
  const form = new URLSearchParams(body);
  if (form.get("deny")) return provider.interactionFinished(req, res, { error: "access_denied" });
  const grant = new provider.Grant({ accountId: form.get("login"), clientId: details.params.client_id });
  grant.addOIDCScope("openid email");
  const grantId = await grant.save();
  return provider.interactionFinished(req, res, { login: { accountId: form.get("login"), amr: ["pwd", "mfa"] }, consent: { grantId }, select_account: {} });
}
