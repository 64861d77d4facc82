/** Where nobody is signed in: a name is enough to begin, and an account of another device can come. */
import { useSignal } from '@preact/signals';
import { words } from '../i18n/words.ts';
import { authMode, signIn, signUp } from '../model/session.ts';
import { type Language, language, languages } from '../model/settings.ts';
import { parseSignInCode } from '../model/sign-in-code.ts';
import { Icon } from './icons.tsx';

const languageNames: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };

export function Welcome({ problem }: { readonly problem: string | undefined }) {
  const isNew = useSignal(true);
  const w = words.value;
  return (
    <main class="welcome">
      <div class="welcome-card">
        <Logo />
        <h1>{w.welcome}</h1>
        {authMode === 'jwt' ? <p>{w.needsToken}</p> : isNew.value ? <SignUp /> : <SignIn />}
        {problem !== undefined && (
          <p class="problem" role="alert">
            <Icon name="warning" />
            {problem}
          </p>
        )}
        {authMode === 'secret' && (
          <button
            type="button"
            class="link"
            onClick={() => {
              isNew.value = !isNew.peek();
            }}
          >
            {isNew.value ? w.haveAccount : w.noAccount}
          </button>
        )}
      </div>
      <footer class="welcome-footer">
        {languages.map((each) => (
          <button
            key={each}
            type="button"
            class="link"
            aria-pressed={language.value === each}
            onClick={() => {
              language.value = each;
            }}
          >
            {languageNames[each]}
          </button>
        ))}
      </footer>
    </main>
  );
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 64 64" aria-hidden="true">
      <path d="M32 6c15.5 0 27 10.2 27 23.500S47.5 53 32 53c-3 0-6-.4-8.7-1.100L10 58l3.2-11C8 42.7 5 36.5 5 29.5 5 16.2 16.5 6 32 6z" />
      <circle cx="20" cy="29.5" r="4" />
      <circle cx="32" cy="29.5" r="4" />
      <circle cx="44" cy="29.5" r="4" />
    </svg>
  );
}

function SignUp() {
  const name = useSignal('');
  const w = words.value;
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void signUp(name.peek().trim());
      }}
    >
      <p>{w.welcomeText}</p>
      <label>
        {w.yourName}
        <input
          required
          autofocus
          autocomplete="nickname"
          dir="auto"
          value={name.value}
          onInput={({ currentTarget }) => {
            name.value = currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="primary large" disabled={name.value.trim() === ''}>
        {w.begin}
      </button>
    </form>
  );
}

function SignIn() {
  const name = useSignal('');
  const number = useSignal('');
  const secret = useSignal('');
  const w = words.value;
  const paste = (event: ClipboardEvent) => {
    const code = parseSignInCode(event.clipboardData?.getData('text') ?? '');
    if (!code) return;
    event.preventDefault();
    name.value = code.user.userName;
    number.value = String(code.user.userId);
    secret.value = code.secret;
  };
  return (
    <form
      class="form"
      onPaste={paste}
      onSubmit={(event) => {
        event.preventDefault();
        const user = { userId: Number(number.peek()), userName: name.peek().trim() };
        void signIn(user, secret.peek().trim());
      }}
    >
      <p>{w.signInText}</p>
      <label>
        {w.secret}
        <input
          type="password"
          required
          autofocus
          autocomplete="current-password"
          value={secret.value}
          onInput={({ currentTarget }) => {
            secret.value = currentTarget.value;
          }}
        />
      </label>
      <label>
        {w.number}
        <input
          required
          inputMode="numeric"
          pattern="[0-9]+"
          autocomplete="username"
          value={number.value}
          onInput={({ currentTarget }) => {
            number.value = currentTarget.value;
          }}
        />
      </label>
      <label>
        {w.yourName}
        <input
          required
          autocomplete="nickname"
          dir="auto"
          value={name.value}
          onInput={({ currentTarget }) => {
            name.value = currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="primary large">
        {w.signIn}
      </button>
    </form>
  );
}
