/** To the browser the store and the page are one origin: nothing has to be allowed, and cookies are the page's own. */
const store = { target: "http://127.0.0.1:8000" };

export default { server: { proxy: { "/graphql": store, "/media": store } } };
