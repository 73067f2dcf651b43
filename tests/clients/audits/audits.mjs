// GraphQL over HTTP: graphql-http's audits against the store at STORE_URL; exits with 1 unless all are ok.
import { serverAudits } from "graphql-http";

const audits = serverAudits({ url: `${process.env.STORE_URL}/graphql/`, fetchFn: fetch });
let ok = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === "ok") {
    ok += 1;
  } else {
    console.error(`✗ ${audit.id} ${audit.name}: ${result.status}, ${result.reason}`);
  }
}
console.log(`${ok} of ${audits.length} audits are ok.`);
process.exitCode = audits.length > 0 && ok === audits.length ? 0 : 1;
