import { type ControlMessages, controlTable } from "./table.js";

// Users read this object. The library calls controlTable(), because an import of this file makes the table.

/** Every control message that the library knows, by name. */
export const controlMessages: ControlMessages = /* @__PURE__ */ controlTable();
