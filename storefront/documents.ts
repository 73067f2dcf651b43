import { readFileSync } from "node:fs";

import type { DocumentNode, FragmentDefinitionNode } from "graphql";
import type { Plugin } from "vite";

const CALL = /\bgraphql\(`\s*(query|mutation|fragment)\s+(\w+)[^`]*`\)/g;
const NAMED = "document:";
const GENERATED = new URL("./src/gql/graphql.ts", import.meta.url);

/**
 * Puts each operation's document into the script that uses it, and each fragment there once. Otherwise `graphql()` looks
 * all of them up in one map, and the shop's first script has the operations of every page.
 */
export function documents(): Plugin {
  return {
    name: "documents",
    transform(code, id) {
      if (!/\/src\/(?!gql\/).*\.tsx?$/.test(id) || !code.includes("graphql(`")) return;
      const imports: string[] = [];
      const replaced = code.replace(CALL, (call, kind: string, name: string) => {
        const document = name + (kind === "fragment" ? "FragmentDoc" : "Document");
        imports.push(`import { ${document} } from "${NAMED}${document}";`);
        return document + call.replace(/[^\n]/g, ""); // lines keep their numbers
      });
      return { code: `${imports.join(" ")}${replaced}`, map: null };
    },
    resolveId: (id) => (id.startsWith(NAMED) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${NAMED}`)) return;
      const name = id.slice(NAMED.length + 1);
      const generated = readFileSync(GENERATED, "utf8");
      const [, document] = generated.match(new RegExp(`^export const ${name} = (\\{.*\\}) as unknown as `, "m")) ?? [];
      if (!document) throw new Error(`Run npm run generate: it has not written ${name}.`);
      // The document's own definition, and after it a copy of each fragment that it needs.
      const [own, ...fragments] = (JSON.parse(document) as DocumentNode).definitions;
      const needed = fragments.map((fragment) => `${(fragment as FragmentDefinitionNode).name.value}FragmentDoc`);
      const imports = needed.map((fragment) => `import { ${fragment} } from "${NAMED}${fragment}";`);
      const definitions = [JSON.stringify(own), ...needed.map((fragment) => `${fragment}.definitions[0]`)];
      return `${imports.join(" ")} export const ${name} = { kind: "Document", definitions: [${definitions.join()}] };`;
    },
  };
}
