/** Routes above, servers below, and a link from each to each: what does not answer is seen at once. */
import { words } from '../i18n/words.ts';
import { roles, statusOf } from '../model/cluster.ts';
import type { ClusterRole } from '../model/shapes.ts';
import { stateOf } from './roles.tsx';

/** More of a kind are a table, and no picture. */
const shownMax = 8;
const [boxWidth, boxHeight, gap] = [150, 40, 14];
const [routesAt, serversAt] = [10, 120];

export function Picture() {
  const known = roles.value ?? [];
  const routes = known.filter(({ role }) => role === 'route');
  const servers = known.filter(({ role }) => role === 'server');
  const most = Math.max(routes.length, servers.length);
  if (most === 0 || most > shownMax) return null;
  const width = most * (boxWidth + gap) + gap;
  const xOf = (place: number, count: number) =>
    (width - count * (boxWidth + gap) + gap) / 2 + place * (boxWidth + gap);
  const placed = (row: readonly ClusterRole[], y: number) =>
    row.map((role, place) => ({ role, y, x: xOf(place, row.length), state: stateOf(role) }));
  const [above, below] = [placed(routes, routesAt), placed(servers, serversAt)];
  const { picture, states, role: kinds } = words.value;
  return (
    <section>
      <h2>{picture}</h2>
      <div class="card picture">
        <svg
          viewBox={`0 0 ${width} ${serversAt + boxHeight + 10}`}
          style={{ maxWidth: `${width}px` }}
          role="img"
          aria-label={picture}
        >
          {above.flatMap((one) =>
            below.map((other) => (
              <line
                key={`${one.role.instance} ${other.role.instance}`}
                class={isBroken(one.role, other.role) ? 'link bad' : 'link'}
                x1={one.x + boxWidth / 2}
                y1={one.y + boxHeight}
                x2={other.x + boxWidth / 2}
                y2={other.y}
              />
            )),
          )}
          {[...above, ...below].map(({ role, x, y, state }) => (
            <g
              key={role.role + role.instance}
              class={`box ${state}`}
              transform={`translate(${x} ${y})`}
            >
              <title>{`${kinds[role.role]} ${role.address}: ${states[state]}`}</title>
              <rect width={boxWidth} height={boxHeight} rx="10" />
              <text x={boxWidth / 2} y="17">
                {role.address.length > 22 ? `…${role.address.slice(-21)}` : role.address}
              </text>
              <text class="second" x={boxWidth / 2} y="32">
                {`${kinds[role.role]} · ${states[state]}`}
              </text>
            </g>
          ))}
        </svg>
      </div>
    </section>
  );
}

function isBroken(route: ClusterRole, server: ClusterRole): boolean {
  const reachesNone = (role: ClusterRole) =>
    statusOf(role)?.problems.some(
      ({ condition }) => condition === 'route-connection' || condition === 'no-route',
    );
  return !statusOf(route) || !statusOf(server) || reachesNone(server) === true;
}
