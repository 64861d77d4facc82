/** What is encrypted on the way, and whose certificates are taken. */
import { type Option, optional, optionalWhereOneConnects } from '../option.ts';

export const tlsOptions = {
  'tls-cert': {
    type: 'path',
    topic: 'TLS',
    placeholder: 'FILE',
    description: 'certificate chain in PEM: every port speaks TLS; read again on SIGHUP',
    defaults: { server: optional, route: optional, dev: optional, doctor: optional },
  },
  'tls-key': {
    type: 'path',
    topic: 'TLS',
    placeholder: 'FILE',
    description: 'its private key in PEM',
    defaults: { server: optional, route: optional, dev: optional },
  },
  'tls-ca': {
    type: 'path',
    topic: 'TLS',
    placeholder: 'FILE',
    description: 'who must have signed the certificates of others, if not a usual authority',
    defaults: optionalWhereOneConnects,
  },
  'tls-name': {
    type: 'host',
    topic: 'TLS',
    placeholder: 'NAME',
    description: 'the name in the certificates of others, where it is not the address',
    defaults: optionalWhereOneConnects,
  },
  'port-owner': {
    type: 'integer',
    min: 0,
    max: 4_294_967_294,
    topic: 'TLS',
    placeholder: 'UID',
    description: 'a user of this machine whose ports are trusted without TLS',
    defaults: { client: optional, send: optional, verify: optional, bench: optional },
  },
  'tls-client-certs': {
    type: 'boolean',
    topic: 'TLS',
    description: 'let other roles in only with a certificate signed by --tls-ca',
    defaults: { server: false, route: false },
  },
} as const satisfies Record<string, Option>;
