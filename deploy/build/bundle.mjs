// The program as one file of JavaScript, with or without the native code that goes into an executable.

import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { buildWeb } from './web.mjs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/**
 * Writes `outfile`. `native` has the files that are built for one machine: `zookeeper`, the addon of ZooKeeper's client, and
 * `notify`, src/cli/service-manager/notify.c. Without it the bundle runs on any machine: it asks for the package zookeeper when
 * a cluster is asked for. Gives esbuild's metafile, which says what is inside.
 */
export async function bundle(outfile, native) {
  const { text: web } = await buildWeb();
  const { metafile } = await build({
    entryPoints: ['src/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    legalComments: 'none',
    loader: { '.node': 'binary', '.lua': 'text' },
    define: {
      'process.env.CIM_VERSION': JSON.stringify(version),
      'process.env.CIM_WEB_FILES': JSON.stringify(web),
      'process.env.CIM_NOTIFY_ADDON': native
        ? JSON.stringify(readFileSync(native.notify, 'base64'))
        : 'undefined',
    },
    plugins: [withoutDebug, ...(native ? [embeddedAddon(native.zookeeper)] : [])],
    ...(native ? {} : { external: ['zookeeper'] }),
    logLevel: 'warning',
    metafile: true,
  });
  return metafile;
}

/** mqtt-packet would print the passwords of clients where somebody sets DEBUG. */
const withoutDebug = {
  name: 'without-debug',
  setup(builder) {
    builder.onResolve({ filter: /^debug$/ }, ({ importer }) =>
      importer.includes('/node_modules/mqtt-packet/')
        ? { path: 'debug', namespace: 'silent' }
        : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: 'silent' }, () => ({
      contents: 'module.exports = () => () => undefined;',
    }));
  },
};

/**
 * Replaces node-gyp-build, which looks for its binary in node_modules, by the binary's bytes in the bundle
 * (src/base/process/native-addon.ts).
 */
function embeddedAddon(addon) {
  return {
    name: 'embedded-zookeeper-addon',
    setup(builder) {
      builder.onResolve({ filter: /^node-gyp-build$/ }, () => ({
        path: 'addon',
        namespace: 'embedded',
      }));
      builder.onLoad({ filter: /.*/, namespace: 'embedded' }, () => ({
        resolveDir: process.cwd(),
        contents: `
          const { loadAddon } = require('./src/base/process/native-addon.ts');
          const bytes = require(${JSON.stringify(addon)});
          module.exports = () => loadAddon('zookeeper.node', bytes);`,
      }));
    },
  };
}
