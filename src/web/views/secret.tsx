/** The secret of the account, to be kept by its holder: as a code that the form for signing in takes. */
import { useSignal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { useEffect } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import type { Chat } from '../model/chat.ts';
import { attempt, notify } from '../model/notices.ts';
import { signInCode } from '../model/sign-in-code.ts';
import { Dialog } from './dialog.tsx';
import { Icon } from './icons.tsx';

export function SecretDialog({
  chat,
  secret,
  onClose,
}: {
  readonly chat: Chat;
  readonly secret: string;
  readonly onClose: () => void;
}) {
  const w = words.value;
  const code = signInCode(chat.me, secret);
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    notify(w.copied);
  };
  return (
    <Dialog title={w.secretTitle} onClose={onClose}>
      <p>{w.secretText}</p>
      <p class="code">{code}</p>
      <button type="button" class="with-icon" onClick={() => void attempt(copy)}>
        <Icon name="copy" />
        {w.copy}
      </button>
      <LoadedQrCode text={code} name={w.codeForPhone} />
      <div class="actions">
        <button type="button" class="primary" onClick={onClose}>
          {w.secretKept}
        </button>
      </div>
    </Dialog>
  );
}

/** Loaded when it is needed. */
function LoadedQrCode(properties: { readonly text: string; readonly name: string }) {
  const loaded = useSignal<FunctionComponent<typeof properties> | undefined>(undefined);
  useEffect(
    () =>
      void attempt(async () => {
        loaded.value = (await import('./qr.tsx')).QrCode;
      }),
    [loaded],
  );
  const QrCode = loaded.value;
  return <div class="qr-frame">{QrCode && <QrCode {...properties} />}</div>;
}
