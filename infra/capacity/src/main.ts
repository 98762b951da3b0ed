import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@parley/config";
import { assumptionTable } from "./assumptions.ts";
import { planCapacity } from "./capacity.ts";
import { CoefficientsError, loadCoefficients } from "./coefficients.ts";
import { toJson } from "./report/json.ts";
import { renderPage } from "./report/markdown.ts";
import { renderReport } from "./report/text.ts";

/** `npm run capacity -- --dau 1000000 --messages-per-user 40` */
const about = "How large a fleet must be, from measured coefficients, with every formula shown.";
const columnsDefault = 120;
const page = fileURLToPath(new URL("../../../docs/capacity.md", import.meta.url));

try {
  const parsed = assumptionTable.parse(process.argv.slice(2), process.env, about);
  if (parsed.kind === "help") process.stdout.write(parsed.text);
  else if (parsed.config.write) {
    writeFileSync(page, renderPage(planCapacity(assumptionTable.with({}), loadCoefficients())));
    process.stdout.write("docs/capacity.md\n");
  } else {
    const report = planCapacity(parsed.config, loadCoefficients());
    const text = parsed.config.json ? toJson(report) : renderReport(report, process.stdout.columns ?? columnsDefault);
    process.stdout.write(`${text}\n`);
  }
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof CoefficientsError)) throw error;
  process.stderr.write(`capacity: ${error.message}\n`);
  process.exitCode = 2;
}
