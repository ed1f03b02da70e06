// The bill of materials of a packed package, as CycloneDX JSON: what is compiled into it, and what it depends on.
import * as CycloneDX from "@cyclonedx/cyclonedx-library";

const { Bom, Component, Property, SpdxLicense } = CycloneDX.Models;
const { ComponentType, ComponentScope, HashAlgorithm } = CycloneDX.Enums;

/** CycloneDX's name for the fact that a package contains another one. */
const BUNDLED = "cdx:npm:package:bundled";

const purl = (name, version) => `pkg:npm/${name.replace("@", "%40")}@${version}`;

function component(type, { name, version, license, description, sha256, scope, within }) {
  const [group, plain] = name.startsWith("@") ? name.split("/") : [undefined, name];
  const made = new Component(type, plain, {
    group,
    version,
    description,
    purl: purl(name, version),
    bomRef: `${within ? `${within}|` : ""}${name}@${version}`,
    scope,
  });
  if (license) made.licenses.add(new SpdxLicense(license));
  if (within) made.properties.add(new Property(BUNDLED, "true"));
  if (sha256) made.hashes.set(HashAlgorithm["SHA-256"], sha256);
  return made;
}

/**
 * `subject` is the package itself, `contains` is compiled or bundled into it, and npm installs `needs` with it. One package can be in
 * both. Each has a name, version and license. A binary also has its sha256. The same input always gives the same text: it contains
 * no time and no serial number.
 */
export function billOfMaterials({ subject, contains = [], needs = [] }) {
  const bom = new Bom();
  const root = component(ComponentType.Library, subject);
  bom.metadata.component = root;
  const contained = contains.map((part) => ({ ...part, within: root.bomRef.value }));
  for (const part of [...contained, ...needs]) {
    const made = component(ComponentType.Library, {
      ...part,
      scope: part.optional ? ComponentScope.Optional : ComponentScope.Required,
    });
    bom.components.add(made);
    root.dependencies.add(made.bomRef);
  }
  const serializer = new CycloneDX.Serialize.JsonSerializer(
    new CycloneDX.Serialize.JSON.Normalize.Factory(CycloneDX.Spec.Spec1dot6),
  );
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}
