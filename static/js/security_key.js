// Security keys: a form with data-key-use ("create" or "get") asks the browser for a credential before it is sent.
// The options lie as JSON in #key-options; the credential goes into the form's field of that name.
import { gettext } from "./gettext.js";
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const WHY = {
  NotAllowedError: gettext("Nothing came from the key: it was cancelled, took too long, or is not one of yours. Try again."),
  InvalidStateError: gettext("This key is added already."),
  SecurityError: gettext("Keys do not work at this address. Open the site by its name, not by a number."),
  NotSupportedError: gettext("This key is of a kind that is not supported."),
};

const withIds = (list) => (list || []).map((entry) => ({ ...entry, id: toBytes(entry.id) }));

function decoded({ publicKey }) {
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge) };
  if (options.user) options.user = { ...options.user, id: toBytes(options.user.id) };
  if (options.excludeCredentials) options.excludeCredentials = withIds(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = withIds(options.allowCredentials);
  return { publicKey: options };
}

function encoded(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]
    .filter((name) => response[name])
    .map((name) => [name, toText(response[name])]);
  if (response.getTransports) parts.push(["transports", response.getTransports()]);
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(parts),
  };
}

function complain(form, words) {
  const box = form.querySelector("[data-key-error]");
  box.querySelector("p").textContent = words;
  box.hidden = !words;
}

async function ask(form) {
  const button = form.querySelector("button[type=submit]");
  const options = decoded(JSON.parse(document.getElementById("key-options").textContent));
  button.disabled = true;
  complain(form, "");
  try {
    const credential = await navigator.credentials[form.dataset.keyUse](options);
    form.elements.credential.value = JSON.stringify(encoded(credential));
    form.submit();
  } catch (error) {
    complain(form, WHY[error.name] || gettext("The browser could not talk to the key. Try again, or use another way."));
    button.disabled = false;
    button.focus();
  }
}

for (const form of document.querySelectorAll("form[data-key-use]")) {
  if (!window.PublicKeyCredential) {
    complain(form, gettext("This browser knows no security keys, or the address is not safe enough (https) for them."));
    form.querySelector("button[type=submit]").disabled = true;
    continue;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
}
