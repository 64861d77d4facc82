// The import directions of docs/ARCHITECTURE.md. Each rule carries the reason for which it exists.

const wrappers = {
  cac: '^src/cli/',
  protobufjs: '^src/codec/',
  fastify: '^src/http/',
  '@fastify/swagger': '^src/http/',
  undici: '^src/http/',
  ioredis: '^src/store/redis/',
  zookeeper: '^src/registry/zookeeper/',
  pino: '^src/base/log.ts$',
  yaml: '^src/config/',
  'cli-progress': '^src/(verify|bench)/progress.ts$',
  'hdr-histogram-js': '^src/bench/',
  jose: '^src/auth/',
  '@hpke/core': '^src/client/sdk/',
  'rate-limiter-flexible': '^src/limits/',
};

/** @param {string} name @param {string} from @param {string} to @param {string} comment */
const forbid = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one file, or miss a third one.',
      from: { path: '^src' },
      to: { circular: true },
    },
    forbid('base-is-the-floor', '^src/base/', '^src/(?!base/)', 'base imports nothing of ours.'),
    forbid(
      'server-is-alone',
      '^src/server/',
      '^src/(route|client|dev|cli|store)/',
      'Roles meet in api/ and codec/; a server never opens the store.',
    ),
    forbid(
      'route-is-alone',
      '^src/route/',
      '^src/(server|client|dev|cli|net)/',
      'Roles meet in api/ and codec/; a route never sees a client socket.',
    ),
    forbid(
      'client-is-alone',
      '^src/client/',
      '^src/(server|route|dev|cli|store)/',
      'Roles meet in api/ and codec/.',
    ),
    forbid(
      'sdk-has-no-terminal',
      '^src/client/sdk/',
      '^src/client/terminal/',
      'The SDK is used without a terminal.',
    ),
    forbid(
      'verify-is-a-user',
      '^src/verify/',
      '^src/(?!verify/|base/|client/sdk/|config/|registry/)',
      'It judges a cluster from outside: through the SDK, and the executable.',
    ),
    forbid(
      'nobody-needs-verify',
      '^src/(?!verify/|cli/)',
      '^src/verify/',
      'What checks the promise takes no part in keeping it.',
    ),
    forbid(
      'bench-is-a-user',
      '^src/bench/',
      '^src/(?!bench/|base/|codec/|http/|config/|registry/)',
      'It loads a cluster from outside: on the wire, and through the executable.',
    ),
    forbid(
      'nobody-needs-bench',
      '^src/(?!bench/|cli/)',
      '^src/bench/',
      'What measures takes no part in what is measured.',
    ),
    forbid(
      'auth-is-below-roles',
      '^src/auth/',
      '^src/(?!auth/|base/)',
      'Secrets and tokens: whom to let in, and what to do with them, is for roles.',
    ),
    forbid('codec-is-pure', '^src/codec/', '^src/(?!codec/|base/)', 'The codec knows bytes only.'),
    forbid(
      'balance-is-pure',
      '^src/balance/',
      '^src/(?!balance/|base/)',
      'Strategies are pure functions.',
    ),
    forbid(
      'api-is-contracts',
      '^src/api/',
      '^src/(?!api/|base/|codec/)',
      'Contracts know no implementation.',
    ),
    forbid(
      'store-is-below-roles',
      '^src/store/',
      '^src/(?!store/|base/|codec/)',
      'The store serves routes and knows none.',
    ),
    forbid(
      'registry-is-below-roles',
      '^src/registry/',
      '^src/(?!registry/|base/)',
      'The registry serves roles and knows none.',
    ),
    forbid(
      'net-is-below-roles',
      '^src/net/',
      '^src/(?!net/|base/|codec/)',
      'Sockets know bytes, not meaning.',
    ),
    forbid(
      'limits-are-below-roles',
      '^src/limits/',
      '^src/(?!limits/|base/)',
      'What somebody may do, and how often: whom that is about, and what to answer, is for roles.',
    ),
    {
      name: 'backends-behind-their-face',
      severity: 'error',
      comment: 'Roles reach a back end through its interface and its open function only.',
      from: { path: '^src/', pathNot: '^src/(store|registry)/' },
      to: { path: '^src/(store/(redis|sqlite)|registry/(zookeeper|local))/' },
    },
    ...Object.entries(wrappers).map(([name, owner]) => ({
      name: `one-wrapper-for-${name}`,
      severity: 'error',
      comment: `${name} is wrapped in one place (${owner}), so that it can be replaced there.`,
      from: { path: '^src/', pathNot: owner },
      to: { path: `node_modules/${name}(/|$)` },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
