import { type OptionTable, optionTable } from "./table.js";

// Users read this object. The library calls optionTable(), because an import of this file makes the table.

/** Every socket option that the library knows, by name. */
export const socketOptions: OptionTable = /* @__PURE__ */ optionTable();
