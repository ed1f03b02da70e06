/** Calls `body` for 0 to `count` - 1, even if some of the calls throw. Throws the first error at the end. */
export function forEachIndex(count: number, body: (i: number) => void): void {
  let failed: { error: unknown } | undefined;
  for (let i = 0; i < count; i++) {
    try {
      body(i);
    } catch (error) {
      failed ??= { error };
    }
  }
  if (failed) throw failed.error;
}
