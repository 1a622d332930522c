// The WebAuthn ceremonies of our forms: options from the server, answer into a form field. It knows no sentences: what went
// wrong travels as a word, and the page that comes back says what to do.
"use strict";

(() => {
  const has = typeof PublicKeyCredential === "function" && Boolean(navigator.credentials);

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const withBytes = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const readable = (options) => {
    const read = { ...options, challenge: bytes(options.challenge) };
    if (options.user) {
      read.user = { ...options.user, id: bytes(options.user.id) };
      read.excludeCredentials = withBytes(options.excludeCredentials);
    } else {
      read.allowCredentials = withBytes(options.allowCredentials);
    }
    return read;
  };

  const asserted = (response) => ({
    authenticatorData: text(response.authenticatorData),
    clientDataJSON: text(response.clientDataJSON),
    signature: text(response.signature),
    userHandle: response.userHandle && response.userHandle.byteLength ? text(response.userHandle) : null,
  });

  const created = (response) => ({
    attestationObject: text(response.attestationObject),
    clientDataJSON: text(response.clientDataJSON),
    transports: response.getTransports ? response.getTransports() : [],
  });

  const written = (credential) => {
    const results = credential.getClientExtensionResults();
    const extensions = {};
    if (results.appid) extensions.appid = true;
    if (results.credProps) extensions.credProps = { rk: Boolean(results.credProps.rk) };
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      response: credential.response.signature ? asserted(credential.response) : created(credential.response),
      clientExtensionResults: extensions,
    });
  };

  const troubles = {
    NotAllowedError: "cancelled",
    AbortError: "cancelled",
    InvalidStateError: "already-bound",
    SecurityError: "wrong-address",
    NotSupportedError: "unsupported",
    ConstraintError: "unverifiable",
  };

  const fill = (form, name, value) => {
    const field = form.querySelector(`input[type=hidden][name=${name}]`);
    if (field) field.value = value;
  };

  // What the person typed elsewhere in the form, a password above all, does not go along.
  const fetched = async (form) => {
    const fields = new URLSearchParams();
    for (const field of form.querySelectorAll("input[type=hidden], input[data-with-options]")) {
      if (field.name !== "credential" && field.name !== "trouble") fields.append(field.name, field.value);
    }
    const answer = await fetch(form.dataset.options, { method: "POST", body: fields, redirect: "error" });
    const said = answer.ok ? await answer.json() : {};
    if (said.ceremony) fill(form, "ceremony", said.ceremony);
    return said.publicKey ? readable(said.publicKey) : null;
  };

  // A submit by script leaves out the button that was pressed.
  const send = (form, button) => {
    const pressed = document.createElement("input");
    pressed.type = "hidden";
    pressed.name = button.name;
    pressed.value = button.value;
    form.append(pressed);
    HTMLFormElement.prototype.submit.call(form);
  };

  let waiting = null;

  const stopWaiting = () => {
    if (waiting) waiting.abort();
    waiting = null;
  };

  const perform = async (form, button) => {
    if (form.hasAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    stopWaiting();
    try {
      const publicKey = await fetched(form);
      if (publicKey) {
        const create = form.dataset.passkey === "create";
        const made = await navigator.credentials[create ? "create" : "get"]({ publicKey });
        fill(form, "credential", written(made));
      } else {
        fill(form, "trouble", "no-options");
      }
    } catch (error) {
      fill(form, "trouble", troubles[error.name] || "failed");
    }
    send(form, button);
  };

  // Conditional UI: passkeys among the suggestions of the user name field. A challenge that grew old is replaced.
  const wait = async (form, button) => {
    const able = PublicKeyCredential.isConditionalMediationAvailable;
    if (!able || !(await able.call(PublicKeyCredential))) return;
    const publicKey = await fetched(form);
    if (!publicKey || form.hasAttribute("aria-busy")) return;
    const turn = new AbortController();
    waiting = turn;
    const old = setTimeout(() => {
      if (waiting === turn) {
        stopWaiting();
        wait(form, button).catch(() => {});
      }
    }, publicKey.timeout * 0.8);
    try {
      const made = await navigator.credentials.get({ publicKey, mediation: "conditional", signal: turn.signal });
      if (form.hasAttribute("aria-busy")) return;
      form.setAttribute("aria-busy", "true");
      fill(form, "credential", written(made));
      send(form, button);
    } finally {
      clearTimeout(old);
    }
  };

  const offer = (form) => {
    for (const button of form.querySelectorAll("button[data-ceremony]")) {
      button.hidden = !has;
      button.addEventListener("click", (event) => {
        event.preventDefault();
        perform(form, button);
      });
      if (has && "conditional" in button.dataset) wait(form, button).catch(() => {});
    }
    for (const reason of form.querySelectorAll("[data-without-passkeys]")) reason.hidden = has;
  };

  // What the browser's passkey store should know (WebAuthn Level 3, section 5.1.10); it may refuse, and nothing depends on it.
  const signals = {
    unknown: "signalUnknownCredential",
    accepted: "signalAllAcceptedCredentials",
    details: "signalCurrentUserDetails",
  };

  const tell = (element) => {
    const known = JSON.parse(element.dataset.signal);
    for (const [word, method] of Object.entries(signals)) {
      if (has && known[word] && PublicKeyCredential[method]) PublicKeyCredential[method](known[word]).catch(() => {});
    }
  };

  // A page that comes back out of the browser's memory is ready for another try.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-passkey]")) form.removeAttribute("aria-busy");
  });

  document.querySelectorAll("form[data-passkey]").forEach(offer);
  document.querySelectorAll("[data-signal]").forEach(tell);
})();
