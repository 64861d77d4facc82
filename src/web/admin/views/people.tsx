/** People: finding one, and the one who is chosen. */
import { useState } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { useAsked } from '../model/asked.ts';
import { addressOf, chosen } from '../model/place.ts';
import type { Account } from '../model/shapes.ts';
import { PersonView } from './person.tsx';
import { Table } from './table.tsx';

export function People() {
  const userId = Number(chosen.value ?? '');
  if (Number.isSafeInteger(userId) && userId > 0)
    return <PersonView key={userId} userId={userId} />;
  return <Search />;
}

function Search() {
  const [find, setFind] = useState('');
  const { answer, failure } = useAsked<readonly Account[]>('people', { find });
  const { findPeople, findPeopleText, online, nobody, name, number, loading } = words.value;
  return (
    <section>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          const fields = new FormData(event.currentTarget);
          setFind(String(fields.get('find')));
        }}
      >
        <label>
          {findPeople}
          <input name="find" maxLength={64} autocomplete="off" />
        </label>
        <button type="submit" class="primary">
          {words.value.find}
        </button>
      </form>
      <p class="hint">{findPeopleText}</p>
      <h2>{find.trim() === '' ? online : find}</h2>
      {failure && <p class="failure">{failure.message || words.value.noAnswer}</p>}
      {answer || failure ? (
        <Table
          header={[number, name]}
          rows={(answer ?? []).map((account) => [
            account.userId,
            <a key="name" href={addressOf('people', account.userId)}>
              {account.name}
            </a>,
          ])}
          empty={nobody}
        />
      ) : (
        <p class="aside">{loading}</p>
      )}
    </section>
  );
}
