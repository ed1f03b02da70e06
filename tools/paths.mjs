// The paths of the checkout's folders.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = dirname(dirname(fileURLToPath(import.meta.url)));
export const core = join(repository, "packages/core");
export const nativeSources = join(core, "native");

export function nativePackage(arch) {
  return join(repository, `packages/native-linux-${arch}`);
}

export function prebuild(arch) {
  return join(nativePackage(arch), `prebuilds/linux-${arch}/sendmsg.node`);
}
