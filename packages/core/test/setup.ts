// Before each test file, even where several share a process and its modules.
import { afterAll } from "vitest";
import { removeTemporaryDirectory } from "./temporary-directory.js";

afterAll(removeTemporaryDirectory);
