// dist/image/: a container image in the OCI's layout, made without a daemon. The same executables and libraries make the same
// digests. Of Debian's packages it has what the executable is linked with, and the certificates of authorities.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Nobody's number on the machines where it runs. */
const user = 65532;

const libraries = [
  ...['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'libresolv.so.2'],
  ...['libstdc++.so.6', 'libgcc_s.so.1'],
];

/** Where Debian has the libraries, and where the executable looks for them. */
const machines = {
  x64: {
    architecture: 'amd64',
    from: ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/lib64'],
    to: 'lib/x86_64-linux-gnu',
    loader: 'lib64/ld-linux-x86-64.so.2',
  },
  arm64: {
    architecture: 'arm64',
    from: ['/lib/aarch64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/aarch64-linux-gnu/lib'],
    to: 'lib/aarch64-linux-gnu',
    loader: 'lib/ld-linux-aarch64.so.1',
  },
};

const texts = {
  'etc/passwd': `cim:x:${user}:${user}::/var/lib/cim:/nonexistent\n`,
  'etc/group': `cim:x:${user}:\n`,
  'etc/nsswitch.conf': 'hosts: files dns\n',
};

/**
 * Writes the layout to `output`, for programs (`arch`, `executable`, `addons`: the files of its native code by their names) of one
 * or more machines.
 */
export function image(output, version, programs) {
  const layout = mkdtempSync(join(tmpdir(), 'cim-image-'));
  const blobs = join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const json = (mediaType, value) => put(mediaType, Buffer.from(JSON.stringify(value)));
  function put(mediaType, bytes) {
    const digest = sha256(bytes);
    writeFileSync(join(blobs, digest), bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  }
  const manifests = programs.map((program) => {
    const { architecture } = machines[program.arch];
    const platform = { architecture, os: 'linux' };
    const tars = [baseLayer(program.arch), programLayer(program)];
    const config = json('application/vnd.oci.image.config.v1+json', {
      ...platform,
      config: settings(version),
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
    });
    const layers = tars.map((tar) =>
      put('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar)),
    );
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    return { ...json(mediaType, { schemaVersion: 2, mediaType, config, layers }), platform };
  });
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const both = json(mediaType, { schemaVersion: 2, mediaType, manifests });
  const annotations = { 'org.opencontainers.image.ref.name': version };
  const index = { schemaVersion: 2, mediaType, manifests: [{ ...both, annotations }] };
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  chmodSync(layout, 0o755);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(dirname(output), { recursive: true });
  execFileSync('mv', [layout, output]);
  return both.digest;
}

const settings = (version) => ({
  User: `${user}:${user}`,
  Env: ['PATH=/usr/bin', 'HOME=/var/lib/cim', 'CIM_DATA=/var/lib/cim'],
  Entrypoint: ['/usr/bin/cim'],
  Cmd: ['--help'],
  ExposedPorts: { '8081/tcp': {}, '8083/tcp': {}, '9000/tcp': {} },
  Volumes: { '/var/lib/cim': {} },
  WorkingDir: '/var/lib/cim',
  Labels: {
    'org.opencontainers.image.title': 'cim',
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.licenses': 'MIT',
  },
});

function baseLayer(arch) {
  const { from, to, loader } = machines[arch];
  const found = (name) => {
    const path = from.map((folder) => join(folder, name)).find((each) => existsSync(each));
    if (!path) throw new Error(`${name} is in none of ${from.join(', ')}`);
    return path;
  };
  return layer(
    (put, folder) => {
      for (const path of ['dev', 'proc', 'sys', 'tmp', 'var/lib']) folder(path);
      for (const [path, text] of Object.entries(texts)) put(path, text);
      for (const name of libraries) put(join(to, name), readFileSync(found(name)), 0o755);
      put(loader, readFileSync(found(basename(loader))), 0o755);
      put('etc/ssl/certs/ca-certificates.crt', readFileSync('/etc/ssl/certs/ca-certificates.crt'));
      for (const name of ['libc6', 'libstdc++6', 'libgcc-s1', 'ca-certificates'])
        put(`usr/share/doc/${name}/copyright`, readFileSync(`/usr/share/doc/${name}/copyright`));
    },
    ['var/lib/cim'],
  );
}

function programLayer({ executable, addons, licences }) {
  return layer((put) => {
    put('usr/bin/cim', readFileSync(executable), 0o755);
    for (const [name, path] of Object.entries(addons))
      put(`usr/lib/cim/${name}`, readFileSync(path), 0o644);
    put('usr/share/doc/cim/copyright', readFileSync('LICENSE'));
    put('usr/share/doc/cim/LICENCES', licences);
  });
}

/**
 * A tar with what `fill` puts into it, of root, and folders of the user: who owns them and when they were made does not depend on
 * the machine.
 */
function layer(fill, foldersOfUser = []) {
  const root = mkdtempSync(join(tmpdir(), 'cim-layer-'));
  const tar = `${root}.tar`;
  try {
    fill(
      (path, content, mode = 0o644) => {
        mkdirSync(join(root, dirname(path)), { recursive: true });
        writeFileSync(join(root, path), content);
        chmodSync(join(root, path), mode);
      },
      (path) => mkdirSync(join(root, path), { recursive: true }),
    );
    execFileSync('chmod', ['-R', 'u=rwX,go=rX', root]);
    if (existsSync(join(root, 'tmp'))) chmodSync(join(root, 'tmp'), 0o1777);
    const stable = ['--sort=name', '--mtime=@0', '--format=gnu', '--numeric-owner', '-C', root];
    const owned = (id) => [`--owner=${id}`, `--group=${id}`];
    execFileSync('tar', ['-cf', tar, ...stable, ...owned(0), '.']);
    for (const folder of foldersOfUser) {
      mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
      execFileSync('tar', ['-rf', tar, ...stable, ...owned(user), `./${folder}`]);
    }
    return readFileSync(tar);
  } finally {
    rmSync(tar, { force: true });
    rmSync(root, { recursive: true, force: true });
  }
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
