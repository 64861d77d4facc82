/**
 * POST /createOperator, /changeOperator, /removeOperator, /auditLog; GET /operators: accounts of
 * operators, for who knows the cluster secret. POST /admin/signIn, /admin/signOut; GET /admin/me: for
 * operators in a browser.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { writtenMax } from '../../base/text/normal-form.ts';
import { anyone } from '../../http/access.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { AuditLog } from '../../store/audit.ts';
import type { RouteAdmin } from '../admin/admin.ts';
import { integer, string } from './fields.ts';

const name = { type: 'string', maxLength: limits.operatorNameCharactersMax } as const;
const role = { type: 'string', enum: ['view', 'manage'] } as const;
const hash = { type: 'string', maxLength: 128, description: 'of the password' } as const;

export function operatorAccountEndpoints({ accounts, audit }: RouteAdmin): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/createOperator',
      summary: 'Makes an account of an operator, for the dashboard',
      access: { who: 'operators' },
      audited: ({ name, role }) => `${name} (${role})`,
      body: {
        type: 'object',
        required: ['name', 'role', 'hash'],
        properties: { name, role, hash },
      },
      handle: ({ name, role, hash }) => accounts.create(name, role, hash),
    }),

    endpoint({
      method: 'POST',
      path: '/changeOperator',
      summary: 'Gives an operator another password or role, and signs them out',
      access: { who: 'operators' },
      audited: ({ name, role, hash }) =>
        [name, role && `(${role})`, hash && 'password'].filter(Boolean).join(' '),
      body: { type: 'object', required: ['name'], properties: { name, role, hash } },
      handle: ({ name, role, hash }) =>
        accounts.change(name, { ...(role && { role }), ...(hash && { hash }) }),
    }),

    endpoint({
      method: 'POST',
      path: '/removeOperator',
      summary: 'Removes an account of an operator, and signs them out',
      access: { who: 'operators' },
      audited: ({ name }) => name,
      body: { type: 'object', required: ['name'], properties: { name } },
      handle: ({ name }) => accounts.remove(name),
    }),

    endpoint({
      method: 'GET',
      path: '/operators',
      summary: 'The accounts of operators, by name',
      access: { who: 'operators', accounts: 'view' },
      answer: {
        type: 'array',
        items: { type: 'object', properties: { name: string, role: string, createdAt: integer } },
      },
      handle: () => accounts.list(),
    }),

    auditEndpoint(audit),
  ];
}

/** In a browser. */
export function sessionEndpoints({ accounts }: RouteAdmin): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/admin/signIn',
      summary: 'Lets an operator in, in a browser: half in a cookie, half in the answer',
      access: anyone,
      rate: 'login',
      body: {
        type: 'object',
        required: ['name', 'password'],
        properties: {
          name,
          password: { type: 'string', maxLength: writtenMax(limits.secretCharactersMax) },
        },
      },
      answer: {
        type: 'object',
        properties: { name: string, role: string, half: string, endsAt: integer },
      },
      async handle({ name, password }, { guessOperator: guess, address, keepSession }) {
        const { token, ...told } = await accounts.signIn(name, password, { guess, address });
        keepSession({ token, endsAt: told.endsAt });
        return told;
      },
    }),

    endpoint({
      method: 'POST',
      path: '/admin/signOut',
      summary: 'Signs an operator out, in every browser',
      access: { who: 'operators', accounts: 'view' },
      audited: () => '',
      async handle(_body, { identity, keepSession }) {
        if (identity.kind === 'operator-account') await accounts.signOut(identity.name);
        keepSession(null);
      },
    }),

    endpoint({
      method: 'GET',
      path: '/admin/me',
      summary: 'Who is signed in',
      access: { who: 'operators', accounts: 'view' },
      answer: { type: 'object', properties: { name: string, role: string } },
      handle(_body, { identity }) {
        if (identity.kind === 'operator-account')
          return { name: identity.name, role: identity.role };
        throw new CimError('unauthenticated', 'this is for operators who have signed in');
      },
    }),
  ];
}

function auditEndpoint(audit: AuditLog): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/auditLog',
    summary: 'A page of what operators have done, newest first',
    access: { who: 'operators', accounts: 'view' },

    body: {
      type: 'object',
      required: [],
      properties: {
        before: {
          type: 'string',
          maxLength: 40,
          description: 'only entries older than the one at this place; the last of the page before',
        },
        limit: { type: 'integer', minimum: 1, maximum: limits.auditPageMax },
      },
    },
    answer: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          ...{ place: string, at: integer, by: string, address: string },
          ...{ action: string, target: string, outcome: string },
        },
      },
    },
    handle: ({ before, limit = limits.auditPageMax }) =>
      audit.page({ limit, ...(before === undefined ? {} : { before }) }),
  });
}
