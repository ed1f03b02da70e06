// Compares what each entry point of the package in the current folder exports with its report in api/. So the diff of a commit shows
// what the commit changes for users. With --write, it writes the reports. It reads the declarations in dist, which turbo builds first.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { CompilerState, Extractor, ExtractorConfig } from "@microsoft/api-extractor";
import { repository } from "./paths.mjs";

/**
 * These entry points of core use the exports of others, but their reports don't show them. Otherwise a change of the tables would be
 * in four reports.
 */
const BUILT_ON_OTHERS = { core: ["index.api.md", "testing.api.md", "udp.api.md"] };

const write = process.argv.includes("--write");
const here = process.cwd();
const builtOnOthers = BUILT_ON_OTHERS[basename(here)] ?? [];
const manifest = join(here, "package.json");
const folder = join(here, "api");
/** For messages: the path of a report below the repository. */
const pathOf = (report) => relative(repository, join(folder, report));
mkdirSync(folder, { recursive: true });
const temporary = mkdtempSync(join(tmpdir(), "sendmsg-api-"));
process.on("exit", () => rmSync(temporary, { recursive: true }));

const entryPoints = Object.entries(JSON.parse(readFileSync(manifest, "utf8")).exports)
  .map(([path, { types, require: ofRequire }]) => ({ path, types: types ?? ofRequire?.types }))
  // Other names of an entry point need no report.
  .filter(({ types }, i, all) => types && all.findIndex((other) => other.types === types) === i)
  .map(({ path, types }) => ({ report: `${path === "." ? "index" : path.slice(2)}.api.md`, types }));
const configs = new Map(entryPoints.map(({ report, types }) => [report, configOf(report, types)]));

// Use one TypeScript program for all entry points, because making it takes longer than reading a report from it.
const [first, ...others] = configs.values();
const compilerState = CompilerState.create(first, {
  additionalEntryPoints: others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
});

const errors = [];
const changed = [];
const usedOnly = [];
for (const [report, config] of configs) {
  const messageCallback = (message) => {
    message.handled = true;
    if (message.messageId === "console-api-report-diff") console.error(message.text);
    else if (message.messageId === "ae-forgotten-export") usedOnly.push({ report, text: message.text });
    else if (message.logLevel === "error") errors.push(message.formatMessageWithLocation(repository));
  };
  const settings = { compilerState, localBuild: write, printApiReportDiff: !write, messageCallback };
  if (Extractor.invoke(config, settings).apiReportChanged) changed.push(report);
}
const superfluous = readdirSync(folder).filter((name) => !configs.has(name));
if (write) for (const report of superfluous) rmSync(join(folder, report));

// What one report uses but does not show, another report must show. Otherwise it could change without anybody seeing it.
const shown = [...configs.keys()].map((report) => readFileSync(join(temporary, report), "utf8")).join("\n");
for (const { report, text } of usedOnly) {
  // The number distinguishes types of the same name.
  const [, name] = /The symbol "(\w+?)(?:_\d+)?"/.exec(text);
  if (new RegExp(`^(export )?\\w+ ${name}\\b`, "m").test(shown)) continue;
  errors.push(`${report} uses ${name}, which no entry point exports`);
}

for (const error of errors) console.error(error);
for (const report of changed) {
  console.error(`${pathOf(report)} ${write ? "was written" : "does not list the present exports"}`);
}
for (const report of superfluous) {
  console.error(`${pathOf(report)} ${write ? "was deleted" : "belongs to no entry point"}`);
}
const differ = !write && changed.length + superfluous.length > 0;
if (differ)
  console.error("If you mean the change, write the reports and commit them: npm run api -- --write");
if (errors.length > 0 || differ) process.exitCode = 1;

/** api-extractor's configuration for one entry point: it makes a report and nothing else. */
function configOf(report, types) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: here,
      mainEntryPointFilePath: join(here, types),
      newlineKind: "lf",
      compiler: { tsconfigFilePath: join(here, "tsconfig.types.json") },
      apiReport: {
        enabled: true,
        reportFileName: report,
        reportFolder: folder,
        reportTempFolder: temporary,
        includeForgottenExports: !builtOnOthers.includes(report),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: "error" } },
        // Release tags, underscores and the form of comments are not part of what users import.
        extractorMessageReporting: { default: { logLevel: "none" } },
        tsdocMessageReporting: { default: { logLevel: "none" } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: manifest,
  });
}
