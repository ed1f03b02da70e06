// Before each test file, even where several share a process and its modules: what a helper's own module registers is
// registered for the first file alone.
import { afterAll } from "vitest";
import { removeTemporaryDirectory } from "./temporary-directory.js";

afterAll(removeTemporaryDirectory);
