// The addresses of all categories and products, for search engines: up to the 50,000 that one sitemap may have.
const MOST = 50_000;

const QUERY = `query Sitemap($after: String) {
  categories { slug }
  sitemap(after: $after) { nodes { slug updatedAt } pageInfo { hasNextPage endCursor } }
}`;

export async function sitemap(store, origin, headers) {
  const lines = [entry(`${origin}/`)];
  let after = null;
  do {
    const { categories, sitemap: page } = await ask(store, headers, { after });
    if (after === null) lines.push(...categories.map(({ slug }) => entry(`${origin}/categories/${slug}`)));
    lines.push(...page.nodes.map(({ slug, updatedAt }) => entry(`${origin}/products/${slug}`, updatedAt)));
    after = page.pageInfo.hasNextPage && page.pageInfo.endCursor;
  } while (after && lines.length < MOST);
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${lines.slice(0, MOST).join("\n")}
</urlset>
`;
}

async function ask(store, headers, variables) {
  const reply = await fetch(new URL("/graphql/", store), {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ query: QUERY, variables }),
  });
  const { data, errors } = await reply.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

/** Slugs have no characters that XML or addresses would have to escape. */
function entry(address, changed) {
  return `<url><loc>${address}</loc>${changed ? `<lastmod>${changed}</lastmod>` : ""}</url>`;
}
