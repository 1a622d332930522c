// Tells an application whether the session that it knows goes on (OpenID Connect Session Management 1.0, section 3.2): it sends
// "client_id session_state", and session_state is the hash, made with its salt, of client, origin and our browser state.
const COOKIE = "__Host-samekey-state=";

const browserState = () => {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(COOKIE));
  return found ? found.slice(COOKIE.length) : "";
};

const hashed = async (text) => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...digest)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const judged = async (data, origin) => {
  const [, client, sessionState, salt] = /^(\S{1,256}) (\S{1,64}\.(\S{1,64}))$/.exec(data) ?? [];
  if (!client) {
    return "error";
  }
  // Nobody signed in is a state too: a refusal of ours comes with its hash.
  return (await hashed(`${client} ${origin} ${browserState()} ${salt}`)) + `.${salt}` === sessionState ? "unchanged" : "changed";
};

addEventListener("message", async (event) => {
  if (typeof event.data !== "string" || !event.source || event.origin === "null") {
    return;
  }
  const answer = await judged(event.data, event.origin).catch(() => "error");
  event.source.postMessage(answer, event.origin);
});
