// Starts GraphiQL, with the session's cookie and with the examples.

const root = document.getElementById("graphiql");

const fetcher = async ({ query, variables, operationName }, options) => {
  // For a moment after a change of tabs GraphiQL still names the operation of the tab before.
  const isHere = new RegExp(`\\b(query|mutation)\\s+${operationName}\\b`).test(query);
  const operation = { query, variables, operationName: isHere ? operationName : undefined };
  const response = await fetch(root.dataset.endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(options && options.headers) },
    body: JSON.stringify(operation),
    credentials: "same-origin",
  });
  return response.json();
};

ReactDOM.render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: examples,
    defaultEditorToolsVisibility: "variables",
    shouldPersistHeaders: false,
    showPersistHeadersSettings: false, // nor can it be turned on
  }),
  root,
);
