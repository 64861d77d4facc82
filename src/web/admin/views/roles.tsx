/** The roles of the cluster: how each is, what it runs with, and draining a server. */
import { useState } from 'preact/hooks';
import type { SeriesName } from '../../../base/process/vitals.ts';
import { words } from '../i18n/words.ts';
import { follow, roles, statusOf } from '../model/cluster.ts';
import { addressOf } from '../model/place.ts';
import { call, mayAct } from '../model/session.ts';
import type { ClusterRole } from '../model/shapes.ts';
import { confirmed, Modal, tell, tried } from './actions.tsx';
import { bytesOf, durationOf, percentOf, wholeOf } from './formats.ts';
import { Table } from './table.tsx';

export function Roles() {
  const [shown, setShown] = useState<string>();
  const all = words.value;
  const known = roles.value ?? [];
  const open = known.find(({ instance, role }) => instance + role === shown);
  return (
    <section>
      <h2>{all.roles}</h2>
      <Table
        header={[
          ...[all.name, all.state, all.version, all.up, all.connections, all.waiting],
          ...[all.cpu, all.memory, all.details],
        ]}
        rows={known.map((role) => [
          <span key="name">
            {role.address} <small>{all.role[role.role]}</small>
          </span>,
          <State key="state" role={role} />,
          role.version,
          uptimeOf(role),
          figureIn(role, 'connections', wholeOf),
          figureIn(role, 'linkInFlight', wholeOf),
          figureIn(role, 'cpuPercent', percentOf),
          figureIn(role, 'memoryBytes', bytesOf),
          <span key="actions" class="row-actions">
            <button type="button" onClick={() => setShown(role.instance + role.role)}>
              {all.details}
            </button>
            {mayAct.value && isDrainable(role) && (
              <button type="button" class="danger" onClick={() => void drain(role)}>
                {all.drain}
              </button>
            )}
          </span>,
        ])}
        empty={all.nobodyTakesLogins}
      />
      {open && <Details role={open} onClose={() => setShown(undefined)} />}
    </section>
  );
}

function figureIn(role: ClusterRole, figure: SeriesName, show: (value: number) => string) {
  const value = statusOf(role)?.now[figure];
  return value === undefined || value === null ? '–' : show(value);
}

function uptimeOf(role: ClusterRole): string {
  const status = statusOf(role);
  return status ? durationOf(status.at - status.startedAt) : '–';
}

export type RoleState = 'well' | 'problem' | 'draining' | 'drained' | 'silent';

export function stateOf(role: ClusterRole): RoleState {
  const status = statusOf(role);
  if (!status) return 'silent';
  const conditions = status.problems.map(({ condition }) => condition);
  if (conditions.includes('draining')) return leftOn(role) > 0 ? 'draining' : 'drained';
  return conditions.length > 0 ? 'problem' : 'well';
}

function leftOn(role: ClusterRole): number {
  return statusOf(role)?.now.connections ?? 0;
}

function isDrainable(role: ClusterRole): boolean {
  const state = stateOf(role);
  return role.role === 'server' && (state === 'well' || state === 'problem');
}

function State({ role }: { readonly role: ClusterRole }) {
  const state = stateOf(role);
  return (
    <span class={`state ${state}`}>
      {words.value.states[state]}
      {state === 'draining' && ` · ${words.value.left(leftOn(role))}`}
    </span>
  );
}

async function drain({ address: name, instance }: ClusterRole): Promise<void> {
  const { drain: title, drainText, done } = words.value;
  if (!(await confirmed(title, drainText(name)))) return;
  await tried(async () => {
    await call('drain', { server: instance });
    tell(done(`${title} ${name}`));
    await follow();
  });
}

function Details({ role, onClose }: { readonly role: ClusterRole; readonly onClose: () => void }) {
  const all = words.value;
  const status = statusOf(role);
  return (
    <Modal title={role.address} onClose={onClose}>
      <p class="hint">{role.instance}</p>
      {'silent' in role && <p class="failure">{role.silent}</p>}
      {status && status.refused.length > 0 && (
        <>
          <h3>{all.refusedHere}</h3>
          <dl class="settings">
            {status.refused.map(({ what, description, perMinute }) => (
              <div key={what}>
                <dt>{description}</dt>
                <dd>{wholeOf(perMinute)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      {status && status.talkers.length > 0 && (
        <>
          <h3>{all.talkers}</h3>
          <dl class="settings">
            {status.talkers.map(({ userId, perMinute }) => (
              <div key={userId}>
                <dt>
                  <a href={addressOf('people', userId)} onClick={onClose}>
                    {all.person(userId)}
                  </a>
                </dt>
                <dd>{wholeOf(perMinute)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      <h3>{all.settings}</h3>
      <dl class="settings">
        {status?.settings.map(([setting, value]) => (
          <div key={setting}>
            <dt>{setting}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
