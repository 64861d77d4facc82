/** deploy/: what is handed to Docker Compose and Kubernetes, against their schemas and against the settings that cim knows. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { executable } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Whether a role takes what a container gives it in its environment. */
function checkSettings(role: string, env: Record<string, string>) {
  const options = { encoding: 'utf8', env: { HOME: temporaryFolder(), ...env } } as const;
  const { status, stdout, stderr } = spawnSync(executable, ['config', role, '--check'], options);
  return { status, said: `${stdout}${stderr}` };
}
const isRight = { status: 0, said: '' };

interface Service {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, unknown>>;
}

describe('deploy/compose/compose.yaml', () => {
  const { services, volumes } = parse(readFileSync('deploy/compose/compose.yaml', 'utf8'), {
    merge: true,
  });

  test('gives each role settings that it takes', () => {
    const roles = Object.entries<Service>(services).filter(([name]) =>
      /^(route|server)-/.test(name),
    );
    expect(roles).toHaveLength(4);
    for (const [, { command, environment }] of roles) {
      const given = Object.entries(environment).map(([name, value]) => [
        name,
        String(value).replace(/^\$\{CIM_HOST:.*\}$/, '192.0.2.7'),
      ]);
      expect(given.length).toBeGreaterThan(3);
      expect(checkSettings(`${command[0]}`, Object.fromEntries(given))).toEqual(isRight);
    }
  });

  test('has the volumes, files and services that it names', () => {
    for (const { volumes: used = [], depends_on = [] } of Object.values<{
      volumes?: string[];
      depends_on?: string[];
    }>(services)) {
      for (const [source = ''] of used.map((each) => each.split(':')))
        expect(
          source.startsWith('.') ? existsSync(join('deploy/compose', source)) : source in volumes,
        ).toBe(true);
      for (const service of depends_on) expect(services).toHaveProperty(service);
    }
    // The addresses of the guide that are replaced are there.
    const guide = readFileSync('docs/guides/nginx.conf', 'utf8');
    const replaced = [...services.nginx.command[2].matchAll(/-e s\/([^/]+)\//g)];
    expect(replaced).toHaveLength(3);
    for (const [, address] of replaced) expect(guide).toContain(`${address}`);
  });
});

interface Labels {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string }[];
  readonly ports: readonly { readonly name: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly port: string };
}

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly selector?: Labels;
    readonly podSelector?: Labels;
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: { readonly containers: readonly Container[] };
    };
  };
}

describe('deploy/kubernetes', () => {
  const folders = readdirSync('deploy/kubernetes').map((name) => join('deploy/kubernetes', name));
  const kustomizations = folders.map((folder) => ({
    folder,
    ...parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')),
  }));
  const files = kustomizations.flatMap(({ folder, resources }) =>
    resources
      .map((name: string) => join(folder, name))
      .filter((path: string) => path.endsWith('.yaml')),
  ) as string[];
  const resources = files.flatMap((path) =>
    parseAllDocuments(readFileSync(path, 'utf8')).map((each) => each.toJS() as Resource),
  );

  test('lists every file that is there', () => {
    const there = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name !== 'kustomization.yaml')
        .map((name) => join(folder, name)),
    );
    expect(files.toSorted()).toEqual(there.toSorted());
    for (const { folder, resources: named } of kustomizations)
      for (const name of named) expect(existsSync(join(folder, name))).toBe(true);
  });

  test('is as the schemas of Kubernetes have it', () => {
    const input = JSON.stringify(resources);
    execFileSync(process.execPath, ['test/support/check-kubernetes.mjs'], { input });
    expect(resources.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['Deployment', 'StatefulSet', 'HorizontalPodAutoscaler']),
    );
  });

  const roles = resources.flatMap(({ spec }) => spec?.template ?? []);

  test('gives each role settings that it takes, and probes and ports that it has', () => {
    const base = kustomizations.find(({ configMapGenerator }) => configMapGenerator);
    const common = base?.configMapGenerator[0].literals.map((each: string) => each.split('='));
    for (const { spec } of roles) {
      const [container] = spec.containers as [Container];
      const { args, env, ports, startupProbe, livenessProbe, readinessProbe } = container;
      const names = env.map(({ name }) => name);
      expect(names).toEqual(['CIM_CLUSTER_SECRET_FILE', 'CIM_ADVERTISE']);
      // The file is there when it runs.
      const own = { CIM_CLUSTER_SECRET: '0'.repeat(64), CIM_ADVERTISE: '192.0.2.7' };
      expect(checkSettings(`${args[0]}`, { ...Object.fromEntries(common), ...own })).toEqual(
        isRight,
      );
      for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
        expect(ports.map(({ name }) => name)).toContain(httpGet.port);
    }
    expect(roles).toHaveLength(2);
  });

  test('selects the pods that there are', () => {
    const labels = roles.map(({ metadata }) => metadata.labels);
    const chosen = resources
      .flatMap(({ spec }) => [spec?.selector?.matchLabels, spec?.podSelector?.matchLabels])
      .filter((each) => each !== undefined);
    expect(chosen.length).toBeGreaterThan(5);
    for (const each of chosen) expect(labels).toContainEqual(each);
  });
});
