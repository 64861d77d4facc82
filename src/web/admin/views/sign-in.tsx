/** The form of who is not signed in. */
import { useState } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { CallFailure, signIn } from '../model/session.ts';
import { Choices } from './choices.tsx';

export function SignIn() {
  const [failure, setFailure] = useState('');
  const [isUnderWay, setUnderWay] = useState(false);
  const { title, signInText, name, password, signIn: enter } = words.value;

  async function submit(form: HTMLFormElement): Promise<void> {
    const fields = new FormData(form);
    setUnderWay(true);
    setFailure('');
    try {
      await signIn(String(fields.get('name')).trim(), String(fields.get('password')));
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      setFailure(reasonOf(error));
      setUnderWay(false);
    }
  }

  return (
    <main class="sign-in">
      <form
        class="form card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <h1>
          cim <small>{title}</small>
        </h1>
        <label>
          {name}
          <input name="name" autocomplete="username" required autocapitalize="none" autofocus />
        </label>
        <label>
          {password}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="failure" role="alert">
          {failure}
        </p>
        <button type="submit" class="primary large" disabled={isUnderWay}>
          {enter}
        </button>
        <p class="hint">{signInText}</p>
        <div class="choices">
          <Choices />
        </div>
      </form>
    </main>
  );
}

function reasonOf({ status, message }: CallFailure): string {
  const { wrong, tooMany, noAnswer } = words.value;
  if (status === 401) return wrong;
  if (status === 429) return tooMany;
  return message || noAnswer;
}
