import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import { canonicalHost, formatHostPort, parseHostPort } from '../../src/base/network/host-port.ts';
import {
  formatRoleAddress,
  parseRoleAddress,
  roleAddressOfJson,
} from '../../src/base/network/role-address.ts';

const port = fc.integer({ min: 1, max: 65_535 });
const host = fc
  .oneof(fc.ipV6(), fc.ipV4(), fc.domain(), fc.constant('localhost'))
  .map((text) => canonicalHost(text) ?? '');
const endpoint = fc
  .record({
    kind: fc.stringMatching(/^[a-z][a-z\d-]{0,15}$/),
    host,
    port,
    tls: fc.boolean(),
    url: fc.option(fc.webUrl({ withQueryParameters: true }), { nil: undefined }),
  })
  .map(({ url, ...rest }) => (url === undefined ? rest : { ...rest, url: new URL(url).href }));

test('every address is read as it was written, as text and as JSON', () => {
  fc.assert(
    fc.property(fc.array(endpoint, { minLength: 1, maxLength: 5 }), (address) => {
      const text = formatRoleAddress(address);
      fc.pre(text.length <= limits.roleAddressCharactersMax);
      expect(parseRoleAddress(text)).toEqual(address);
      expect(roleAddressOfJson(JSON.parse(JSON.stringify(address)))).toEqual(address);
    }),
  );
});

test('every host and port is read as it was written', () => {
  fc.assert(
    fc.property(host, port, (host, port) => {
      expect(host).not.toBe('');
      expect(canonicalHost(host)).toBe(host);
      expect(parseHostPort(formatHostPort({ host, port }))).toEqual({ host, port });
    }),
  );
});

test('what was read of anything is written and read the same', () => {
  const fields = fc.constantFrom(
    ...['kind=tcp', 'kind=http', 'host=a', 'host=::1', 'host=[FD00::1]', 'port=1', 'port=9'],
    ...['tls=true', 'tls=false', 'url=https://a/', 'x=y', '', '=', 'kind'],
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(fields, { maxLength: 12 }).map((all) => all.join(' ')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const address = parseRoleAddress(text);
      if (address) expect(parseRoleAddress(formatRoleAddress(address))).toEqual(address);
    }),
    { numRuns: 2_000 },
  );
});
