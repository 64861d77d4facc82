/** One person: where they are connected, what is theirs, and what an operator can do. */
import { useState } from 'preact/hooks';
import { deriveAccountKeys, formatSecret } from '../../../auth/account-secret.ts';
import { words } from '../i18n/words.ts';
import { useAsked } from '../model/asked.ts';
import { serverNames } from '../model/cluster.ts';
import { addressOf } from '../model/place.ts';
import { call, mayAct } from '../model/session.ts';
import type { Person } from '../model/shapes.ts';
import { confirmed, ShownOnce, tell, tried } from './actions.tsx';
import { timeOf } from './formats.ts';
import { Table } from './table.tsx';

export function PersonView({ userId }: { readonly userId: number }) {
  const { answer: person, failure, again } = useAsked<Person>('person', { userId });
  const [secret, setSecret] = useState<string>();
  const all = words.value;
  if (failure) return <p class="aside">{failure.message || all.noAnswer}</p>;
  if (!person) return <p class="aside">{all.loading}</p>;
  const { name, sessions, groups, hasKey, isBlocked, schedules } = person;
  const names = serverNames.value;

  async function kick(): Promise<void> {
    if (!(await confirmed(all.kick, all.kickText(name)))) return;
    const told = await tried(() => call<{ readonly ended: number }>('kick', { userId }));
    if (!told) return;
    tell(all.ended(told.ended));
    again();
  }

  async function setBlocked(): Promise<void> {
    const [title, text] = isBlocked
      ? [all.unblock, all.unblockText(name)]
      : [all.block, all.blockText(name)];
    if (!(await confirmed(title, text))) return;
    await tried(async () => {
      await call(isBlocked ? 'unblockAccount' : 'blockAccount', { userId });
      tell(all.done(title));
      again();
    });
  }

  /** Drawn here: no route ever sees it. */
  async function reset(): Promise<void> {
    if (!('subtle' in crypto)) return tell(all.needsHttps);
    if (!(await confirmed(all.reset, all.resetText(name)))) return;
    const drawn = formatSecret(crypto.getRandomValues(new Uint8Array(32)));
    const { loginKey } = await deriveAccountKeys(drawn, userId);
    await tried(async () => {
      await call('resetSecret', { userId, loginKey });
      setSecret(drawn);
      again();
    });
  }

  return (
    <>
      <section class="headline">
        <h2>
          {name} <small>{all.person(userId)}</small>
        </h2>
        {mayAct.value && (
          <span class="row-actions">
            <button type="button" class="danger" onClick={() => void kick()}>
              {all.kick}
            </button>
            <button type="button" class="danger" onClick={() => void setBlocked()}>
              {isBlocked ? all.unblock : all.block}
            </button>
            <button type="button" class="danger" onClick={() => void reset()}>
              {all.reset}
            </button>
          </span>
        )}
      </section>
      {isBlocked && <p class="failure">{all.isBlocked}</p>}
      <p class="hint">{hasKey ? all.hasKey : all.noKey}</p>
      <section>
        <h3>{all.devices}</h3>
        <Table
          header={[all.device, all.where]}
          rows={sessions.map(({ device, instance }) => [device, names.get(instance) ?? instance])}
          empty={all.offline}
        />
      </section>
      <section>
        <h3>{all.groups}</h3>
        <Table
          header={[all.name, all.owner]}
          rows={groups.map(({ group, title, owner, keyEpoch }) => [
            <span key="name">
              <a href={addressOf('groups', group)}>{title}</a>{' '}
              {keyEpoch > 0 && <small>{all.encrypted}</small>}
            </span>,
            owner,
          ])}
          empty={all.noGroups}
        />
      </section>
      <section>
        <h3>{all.schedules}</h3>
        <Table
          header={[all.due, all.toWhom]}
          rows={schedules.map(({ dueAt, to, group }) => [
            timeOf(dueAt),
            to === undefined ? `#${group ?? ''}` : all.person(to),
          ])}
          empty={all.noSchedules}
        />
      </section>
      {secret !== undefined && (
        <ShownOnce
          title={all.reset}
          text={all.secret}
          value={secret}
          onClose={() => setSecret(undefined)}
        />
      )}
    </>
  );
}
