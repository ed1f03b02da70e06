import { type ControlTable, controlTable } from "./table.js";

// Users read this object. The library calls controlTable(), because an import of this file makes the table.

/** Every control message that the library knows, by name. */
export const controlMessages: ControlTable = /* @__PURE__ */ controlTable();
