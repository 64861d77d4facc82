// dist/packages/cim_VERSION_ARCH.deb: the executable, a systemd unit for each role, their user and their settings.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const architectures = { x64: 'amd64', arm64: 'arm64' };

const fields = ({ version, architecture, sizeKib }) => `Package: cim
Version: ${version}
Architecture: ${architecture}
Maintainer: cim maintainers <maintainers@cim.invalid>
Installed-Size: ${sizeKib}
Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 8), systemd | systemd-standalone-sysusers
Section: net
Priority: optional
Description: messaging system: chat, push to apps, messages for devices
 cim is a whole messaging system in one executable: private and group chat,
 push to apps, and messages for very many devices. It starts with one command,
 and grows into a cluster on Redis and ZooKeeper.
`;

/** Gives the path of the package. `parts` is what partsOf (executable.mjs) says of that machine's build. */
export function debianPackage({ arch, executable, parts, version, completion, date }) {
  const architecture = architectures[arch];
  const root = mkdtempSync(join(tmpdir(), 'cim-deb-'));
  const sums = [];
  let sizeKib = 0;
  const put = (path, content, mode = 0o644) => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
    chmodSync(join(root, path), mode);
    if (path.startsWith('DEBIAN/')) return;
    sizeKib += Math.ceil(statSync(join(root, path)).size / 1024);
    if (path.startsWith('etc/')) return;
    sums.push(`${createHash('md5').update(content).digest('hex')}  ${path}\n`);
  };
  const file = (path) => readFileSync(join('deploy/debian', path));
  // As `gzip -9n`: without a name and a time.
  const gzip = (content) => gzipSync(content, { level: 9 });
  try {
    chmodSync(root, 0o755);
    put('usr/bin/cim', readFileSync(executable), 0o755);
    for (const [name, path] of Object.entries(parts.addons))
      put(`usr/lib/cim/${name}`, readFileSync(path));
    for (const unit of readdirSync('deploy/systemd'))
      put(`usr/lib/systemd/system/${unit}`, readFileSync(join('deploy/systemd', unit)));
    put('usr/lib/sysusers.d/cim.conf', file('sysusers.conf'));
    put('usr/share/bash-completion/completions/cim', completion);
    put('usr/share/man/man1/cim.1.gz', gzip(file('cim.1')));
    put('usr/share/lintian/overrides/cim', file('lintian-overrides'));
    put('usr/share/doc/cim/copyright', readFileSync('LICENSE'));
    put('usr/share/doc/cim/LICENCES.gz', gzip(licencesInside(parts.licences)));
    put('usr/share/doc/cim/NEWS.gz', gzip(readFileSync('CHANGELOG.md')));
    put('usr/share/doc/cim/changelog.gz', gzip(changelog(version, date)));
    put('etc/cim/cim.yaml', file('cim.yaml'));
    put('DEBIAN/conffiles', '/etc/cim/cim.yaml\n');
    put('DEBIAN/md5sums', sums.sort().join(''));
    put('DEBIAN/control', fields({ version, architecture, sizeKib }));
    for (const script of ['postinst', 'prerm', 'postrm'])
      put(`DEBIAN/${script}`, file(script), 0o755);
    mkdirSync('dist/packages', { recursive: true });
    const output = `dist/packages/cim_${version}_${architecture}.deb`;
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(date.getTime() / 1000) };
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', root, output], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return output;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** What is new is in NEWS.gz. */
const changelog = (version, date) => `cim (${version}) unstable; urgency=medium

  * Version ${version}: see NEWS.gz.

 -- cim maintainers <maintainers@cim.invalid>  ${date.toUTCString().replace('GMT', '+0000')}
`;

/** Of all that the executable has inside: Node.js says itself what it contains. */
function licencesInside(licences) {
  const node = readFileSync(join(dirname(process.execPath), '../LICENSE'), 'utf8');
  return `${readFileSync(licences, 'utf8')}\n${'-'.repeat(80)}\n\nNode.js\n\n${node}`;
}
