/** What operators did, and who they are. */
import { useState } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { useAsked } from '../model/asked.ts';
import { call } from '../model/session.ts';
import type { AuditEntry, Operator } from '../model/shapes.ts';
import { tried } from './actions.tsx';
import { timeOf } from './formats.ts';
import { Table } from './table.tsx';

const pageMax = 100;

export function Audit() {
  const first = useAsked<readonly AuditEntry[]>('auditLog', { limit: pageMax });
  const operators = useAsked<readonly Operator[]>('operators');
  const [more, setMore] = useState<readonly AuditEntry[]>([]);
  const all = words.value;
  const entries = [...(first.answer ?? []), ...more];
  const last = entries.at(-1);

  async function readOn(before: string): Promise<void> {
    const found = await tried(() =>
      call<readonly AuditEntry[]>('auditLog', { before, limit: pageMax }),
    );
    if (found) setMore([...more, ...found]);
  }

  return (
    <>
      <section>
        <h2>{all.sections.audit}</h2>
        <p class="hint">{all.auditText}</p>
        {first.failure && <p class="failure">{first.failure.message || all.noAnswer}</p>}
        <Table
          header={[all.when, all.who, all.from, all.what, all.target, all.outcome]}
          rows={entries.map(({ at, by, address, action, target, outcome }) => [
            timeOf(at),
            by === '' ? <em key="by">{all.clusterSecret}</em> : by,
            address,
            action,
            target,
            <span key="outcome" class={outcome === 'done' ? '' : 'failure'}>
              {outcome}
            </span>,
          ])}
          empty={first.answer ? all.noAudit : all.loading}
        />
        {last && entries.length % pageMax === 0 && (
          <button type="button" onClick={() => void readOn(last.place)}>
            {all.older}
          </button>
        )}
      </section>
      <section>
        <h2>{all.operators}</h2>
        <p class="hint">{all.operatorsText}</p>
        <Table
          header={[all.name, all.scope, all.created]}
          rows={(operators.answer ?? []).map(({ name, role, createdAt }) => [
            name,
            role === 'manage' ? all.mayManage : all.mayLook,
            timeOf(createdAt),
          ])}
          empty={all.loading}
        />
      </section>
    </>
  );
}
