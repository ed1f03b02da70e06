// The bill of materials of a packed package, as CycloneDX JSON: what is compiled into it, and what it depends on.
import * as CycloneDX from "@cyclonedx/cyclonedx-library";

const { Bom, Component, SpdxLicense } = CycloneDX.Models;
const { ComponentType, ComponentScope, HashAlgorithm } = CycloneDX.Enums;

const purl = (name, version) => `pkg:npm/${name.replace("@", "%40")}@${version}`;

function component(type, { name, version, license, description, sha256, scope }) {
  const [group, plain] = name.startsWith("@") ? name.split("/") : [undefined, name];
  const made = new Component(type, plain, {
    group,
    version,
    description,
    purl: purl(name, version),
    bomRef: `${name}@${version}`,
    scope,
  });
  if (license) made.licenses.add(new SpdxLicense(license));
  if (sha256) made.hashes.set(HashAlgorithm["SHA-256"], sha256);
  return made;
}

/**
 * `subject` is the package itself, `contains` is compiled into it, and npm installs `needs` with it. Each has a name, version and
 * license. A binary also has its sha256. The same input always gives the same text: it contains no time and no serial number.
 */
export function billOfMaterials({ subject, contains = [], needs = [] }) {
  const bom = new Bom();
  const root = component(ComponentType.Library, subject);
  bom.metadata.component = root;
  for (const part of [...contains, ...needs]) {
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
