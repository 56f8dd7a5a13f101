// GraphiQL for people: explores and calls this hub's own /graphql with the key they enter.
//
// Nothing outlives the page: neither the key nor what was typed (queries and variables may hold
// names of participants), for chapters share computers. So GraphiQL is given a storage in memory.
"use strict";

(() => {
  class Memory {
    #values = new Map();
    get length() { return this.#values.size; }
    getItem(name) { return this.#values.get(name) ?? null; }
    setItem(name, value) { this.#values.set(name, String(value)); }
    removeItem(name) { this.#values.delete(name); }
    clear() { this.#values.clear(); }
  }

  const SPOKEN = ["fr", "en", "pt"];
  const UNREACHABLE = {
    fr: "Le hub ne répond pas. Vérifiez la connexion et recommencez.",
    en: "The hub does not answer. Check the connection and try again.",
    pt: "O hub não responde. Verifique a ligação e tente de novo.",
  };
  const WELCOME = {
    fr: "# Ctrl-Espace : suggestions\n# Ctrl-Entrée : exécuter\n",
    en: "# Ctrl-Space: suggestions\n# Ctrl-Enter: run\n",
    pt: "# Ctrl-Espaço: sugestões\n# Ctrl-Enter: executar\n",
  };
  const ME = "{\n  me {\n    role\n    chapter {\n      label\n    }\n  }\n}\n";

  const wanted = navigator.languages.map((tag) => tag.slice(0, 2));
  const lang = wanted.find((tag) => SPOKEN.includes(tag)) ?? "en";
  const storage = new Memory();
  const form = document.getElementById("access");
  const field = document.getElementById("key");
  const button = form.querySelector("button");
  const holder = document.getElementById("holder");
  let root = null;
  let entered = 0;

  document.documentElement.lang = lang;

  // A header typed in GraphiQL's own editor wins over the key field.
  const fetcher = (key) => async (request, options) => {
    const response = await fetch("/graphql", {
      method: "POST",
      credentials: "omit",
      headers: {
        "Accept": "application/graphql-response+json, application/json;q=0.9",
        "Accept-Language": lang,
        "Content-Type": "application/json",
        "Authorization": `Bearer ${key}`,
        ...options?.headers,
      },
      body: JSON.stringify(request),
    });
    return response.json();
  };

  const say = (text, refused) => {
    holder.textContent = text;
    holder.classList.toggle("refused", refused);
  };

  const open = (ask) => {
    root ??= ReactDOM.createRoot(document.getElementById("graphiql"));
    entered += 1;
    root.render(React.createElement(GraphiQL, {
      key: entered, // a new key sees other things: start anew
      fetcher: ask,
      storage,
      forcedTheme: "light",
      defaultQuery: WELCOME[lang] + ME,
      defaultHeaders: JSON.stringify({ "Accept-Language": lang }, null, 2),
      defaultEditorToolsVisibility: "variables",
      shouldPersistHeaders: false,
    }));
  };

  // UUID version 7 (RFC 9562): 48 bits of milliseconds, then random ones.
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    new DataView(bytes.buffer).setBigUint64(0, BigInt(Date.now()) << 16n);
    crypto.getRandomValues(bytes.subarray(6));
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };

  // Selected, so that one key copies it; where the browser lets a page copy, it is copied already.
  document.getElementById("make-id").addEventListener("click", () => {
    const made = document.getElementById("made-id");
    made.textContent = newId();
    getSelection().selectAllChildren(made);
    navigator.clipboard?.writeText(made.textContent).catch(() => {});
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const ask = fetcher(field.value.trim().replace(/^Bearer\s+/i, ""));
    button.disabled = true;
    const unreachable = () => ({ errors: [{ message: UNREACHABLE[lang] }] });
    const { data, errors } = await ask({ query: ME }).catch(unreachable);
    button.disabled = false;
    if (errors) {
      say(errors[0].message, true);
      return;
    }
    say([data.me.role, data.me.chapter?.label].filter(Boolean).join(" · "), false);
    field.value = "";
    open(ask);
  });
})();
