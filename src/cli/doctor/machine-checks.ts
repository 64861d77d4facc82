/** Of this machine: whether a role that is started here has what it needs. */
import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { version } from '../../base/process/version.ts';
import { descriptorLimit } from '../../limits/descriptors.ts';
import { bad, type Check, type Finding, ok, warn } from './finding.ts';

const mebibyte = 1024 ** 2;

export function machineChecks(settings: { readonly data: string | undefined }): readonly Check[] {
  return [
    { name: 'version', run: async () => [versionFinding()] },
    { name: 'descriptors', run: async () => [descriptorFinding()] },
    { name: 'kernel', run: kernelFindings },
    { name: 'memory', run: async () => [await memoryFinding()] },
    { name: 'disk', run: () => diskFindings(settings.data) },
  ];
}

const nodeNeeded = 24;

function versionFinding(): Finding {
  const { node } = process.versions;
  const says = `cim ${version}, Node.js ${node}, ${availableParallelism()} processors`;
  if (Number.parseInt(node, 10) >= nodeNeeded) return ok('version', says);
  return bad('version', says, `use Node.js ${nodeNeeded} or later, or the executable`);
}

/** A connection takes one; a role has some for itself. */
export function descriptorFinding(limit = descriptorLimit()): Finding {
  const says = `${limit} files and sockets may be open at a time`;
  const remedy = 'raise it: ulimit -n, or LimitNOFILE of the service';
  if (limit < 1_024) return bad('descriptors', says, remedy);
  return limit < 8_192 ? warn('descriptors', says, remedy) : ok('descriptors', says);
}

/** What is asked of the kernel: below it, the warning and its remedy. */
const kernelNeeds = [
  {
    name: 'net.core.somaxconn',
    file: '/proc/sys/net/core/somaxconn',
    min: 512,
    remedy: 'sysctl -w net.core.somaxconn=4096: else a crowd that comes back at once is refused',
  },
  {
    name: 'fs.file-max',
    file: '/proc/sys/fs/file-max',
    min: 65_536,
    remedy: 'sysctl -w fs.file-max=1000000: it bounds all processes together',
  },
  {
    name: 'net.netfilter.nf_conntrack_max',
    file: '/proc/sys/net/netfilter/nf_conntrack_max',
    min: 65_536,
    remedy: 'sysctl -w net.netfilter.nf_conntrack_max=1000000: each connection takes an entry',
  },
] as const;

/** `read` answers undefined for what this kernel does not have. */
export async function kernelFindings(read = readFirstNumber): Promise<readonly Finding[]> {
  const found: string[] = [];
  const findings: Finding[] = [];
  for (const { name, file, min, remedy } of kernelNeeds) {
    const value = await read(file);
    if (value === undefined) continue;
    if (value < min) findings.push(warn('kernel', `${name} is ${value}`, remedy));
    else found.push(`${name} ${value}`);
  }
  return findings.length > 0 ? findings : [ok('kernel', found.join(', ') || 'nothing to look at')];
}

const overcommitFile = '/proc/sys/vm/overcommit_memory';
const hugePagesFile = '/sys/kernel/mm/transparent_hugepage/enabled';

/** What a Redis on this machine asks of its kernel. */
export async function redisKernelFindings(read = readText): Promise<readonly Finding[]> {
  const check = 'kernel';
  const [overcommit, hugePages] = await Promise.all([overcommitFile, hugePagesFile].map(read));
  const findings: Finding[] = [];
  if (overcommit !== undefined && overcommit.trim() !== '1')
    findings.push(
      warn(
        check,
        `vm.overcommit_memory is ${overcommit.trim()}, and Redis runs here`,
        'sysctl -w vm.overcommit_memory=1: else Redis cannot save when memory is scarce, and then takes no writes',
      ),
    );
  if (hugePages?.includes('[always]'))
    findings.push(
      warn(
        check,
        'transparent huge pages are always used, and Redis runs here',
        `echo madvise > ${hugePagesFile}: else Redis stands still while it saves, and takes more memory`,
      ),
    );
  if (findings.length > 0 || (overcommit === undefined && hugePages === undefined)) return findings;
  return [ok(check, 'as Redis, which runs here, needs it')];
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    // Not Linux, no such module, or a container that does not show it.
    return undefined;
  }
}

async function readFirstNumber(file: string): Promise<number | undefined> {
  const value = Number.parseInt((await readText(file)) ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}

async function memoryFinding(): Promise<Finding> {
  const total = Math.min(process.constrainedMemory() || totalmem(), totalmem());
  const free = process.availableMemory();
  const says = `${Math.round(free / mebibyte)} of ${Math.round(total / mebibyte)} MiB are free`;
  const remedy = 'give the machine more memory, or its processes less to do';
  if (free < 64 * mebibyte) return bad('memory', says, remedy);
  return free < total / 10 ? warn('memory', says, remedy) : ok('memory', says);
}

/** Of the folder of `cim dev`, where there is one. */
export async function diskFindings(data: string | undefined): Promise<readonly Finding[]> {
  if (data === undefined || data === ':memory:') return [];
  const space = await spaceOf(data);
  if (!space) return [];
  const { free, size } = space;
  const says = `${Math.round(free / mebibyte)} of ${Math.round(size / mebibyte)} MiB are free in ${data}`;
  const remedy = 'make room: on a full disk nothing more is acknowledged';
  if (free < 4 * mebibyte) return [bad('disk', says, remedy)];
  return [free < size / 10 ? warn('disk', says, remedy) : ok('disk', says)];
}

/** Of the folder, or of where it would be made. */
async function spaceOf(folder: string): Promise<{ free: number; size: number } | undefined> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      const { bavail, blocks, bsize } = await statfs(path);
      return { free: bavail * bsize, size: blocks * bsize };
    } catch {
      if (path === dirname(path)) return undefined;
    }
  }
}
