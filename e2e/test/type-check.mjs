// Checks the types of a project with TypeScript.
import { expect } from "vitest";
import { inToolbox, load } from "./toolbox.mjs";

export const { default: ts } = await load("typescript");

/**
 * TypeScript's errors in a project and in its packages (no skipLibCheck). TypeScript's own library and Node's types are not
 * checked: that would take most of the time. `declarations`: a file with types that TypeScript must have found.
 */
export function complaints(folder, config, declarations = "node_modules/sendmsg/dist/index.d.ts") {
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const program = ts.createProgram({ rootNames: fileNames, options });
  const inProject = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder));
  expect(inProject.map(({ fileName }) => fileName)).toContain(`${folder}/${declarations}`);
  const diagnostics = [
    ...errors,
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...inProject.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ];
  return diagnostics.map(({ file, messageText }) => [
    file?.fileName,
    ts.flattenDiagnosticMessageText(messageText, "\n"),
  ]);
}

/** The options of a project in this set-up. */
export const compilerOptions = (module, moduleResolution) => ({
  module,
  moduleResolution,
  target: "ES2022",
  lib: ["ES2022", "ESNext.Disposable"],
  strict: true,
  noEmit: true,
  types: ["node"],
  typeRoots: [inToolbox("@types")],
});
