/** Groups: finding one by its name, its members, and deleting it. */
import { words } from '../i18n/words.ts';
import { useAsked } from '../model/asked.ts';
import { addressOf, chosen } from '../model/place.ts';
import { call, mayAct } from '../model/session.ts';
import type { Group } from '../model/shapes.ts';
import { confirmed, tell, tried } from './actions.tsx';
import { Table } from './table.tsx';

export function Groups() {
  const name = chosen.value;
  const { findGroup, find } = words.value;
  return (
    <section>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = String(new FormData(event.currentTarget).get('group')).trim();
          if (wanted !== '') location.hash = addressOf('groups', wanted.replace(/^#/, ''));
        }}
      >
        <label>
          {findGroup}
          <input name="group" maxLength={64} autocomplete="off" required />
        </label>
        <button type="submit" class="primary">
          {find}
        </button>
      </form>
      {name !== undefined && <GroupView key={name} name={name} />}
    </section>
  );
}

function GroupView({ name }: { readonly name: string }) {
  const { answer: group, failure } = useAsked<Group>('group', { group: name });
  const all = words.value;
  if (failure) return <p class="aside">{failure.message || all.noAnswer}</p>;
  if (!group) return <p class="aside">{all.loading}</p>;
  const { title, owner, entry, isEncrypted, members } = group;

  async function remove(): Promise<void> {
    if (!(await confirmed(all.deleteGroup, all.deleteGroupText(title)))) return;
    const told = await tried(() => call<{ readonly left: number }>('deleteGroup', { group: name }));
    if (!told) return;
    tell(all.leftGroup(told.left));
    location.hash = addressOf('groups');
  }

  return (
    <>
      <div class="headline">
        <h2>
          {title} <small>#{group.group}</small>
        </h2>
        {mayAct.value && (
          <button type="button" class="danger" onClick={() => void remove()}>
            {all.deleteGroup}
          </button>
        )}
      </div>
      <p class="hint">
        {[
          all.members(members.length),
          `${all.owner}: ${all.person(owner)}`,
          `${all.entry}: ${entry}`,
          ...(isEncrypted ? [all.encrypted] : []),
        ].join(' · ')}
      </p>
      <Table
        header={[all.number, all.name]}
        rows={members.map((member) => [
          member.userId,
          <a key="name" href={addressOf('people', member.userId)}>
            {member.name}
          </a>,
        ])}
        empty={all.nobody}
      />
    </>
  );
}
