// Checks resources (JSON on stdin) against the schemas of Kubernetes: in a process of its own, as the package that has them can
// only be imported, which Jest does not do.
import { readFileSync } from 'node:fs';

for (const resource of JSON.parse(readFileSync(0, 'utf8'))) {
  const { apiVersion, kind } = resource;
  const { [kind]: Model } = await import(`kubernetes-models/${apiVersion}/${kind}`);
  new Model(resource).validate();
}
