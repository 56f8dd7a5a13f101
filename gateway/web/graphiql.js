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

  const WELCOME = `# Ctrl-Espace / Ctrl-Space : suggestions
# Ctrl-Entrée / Ctrl-Enter : exécuter / run

query {
  __schema { queryType { fields { name description } } }
}
`;

  const storage = new Memory();
  const root = ReactDOM.createRoot(document.getElementById("graphiql"));
  let entered = 0;

  // A header typed in GraphiQL's own editor wins over the key field.
  const fetcher = (key) => async (request, options) => {
    const response = await fetch("/graphql", {
      method: "POST",
      credentials: "omit",
      headers: {
        "Accept": "application/graphql-response+json, application/json;q=0.9",
        "Content-Type": "application/json",
        "Authorization": `Bearer ${key}`,
        ...options?.headers,
      },
      body: JSON.stringify(request),
    });
    return response.json();
  };

  document.getElementById("access").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = document.getElementById("key");
    const key = field.value.trim().replace(/^Bearer\s+/i, "");
    field.value = "";
    field.placeholder = "•••";
    entered += 1;
    root.render(React.createElement(GraphiQL, {
      key: entered, // a new key sees another schema perhaps: start anew
      fetcher: fetcher(key),
      storage,
      defaultQuery: WELCOME,
      defaultHeaders: JSON.stringify({ "Accept-Language": navigator.language }, null, 2),
      defaultEditorToolsVisibility: "headers",
      shouldPersistHeaders: false,
    }));
  });
})();
