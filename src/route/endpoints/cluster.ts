/** GET /cluster and GET /clusterVitals: for operators, all roles and how they are. */
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { ClusterRoles } from '../cluster/cluster-roles.ts';

export function clusterEndpoints(roles: ClusterRoles): readonly Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/cluster',
      access: { who: 'operators', accounts: 'view' },
      summary: 'All routes and servers, each with its /status, or why it is silent',
      answer: { type: 'array', items: { type: 'object' } },
      handle: () => roles.status(),
    }),
    endpoint({
      method: 'GET',
      path: '/clusterVitals',
      access: { who: 'operators', accounts: 'view' },
      summary: 'All routes and servers, each with its /vitals, or why it is silent',
      answer: { type: 'array', items: { type: 'object' } },
      handle: () => roles.lastHour(),
    }),
  ];
}
