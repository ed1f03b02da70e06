/** In a test's name: user-mode emulation gets this wrong. On a booted kernel, the tests with it are chosen. */
export const REAL_KERNEL = "on a real kernel";
