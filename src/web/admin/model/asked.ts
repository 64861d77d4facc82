/** What a view has asked the route for: the answer, or why there is none. */
import { useEffect, useState } from 'preact/hooks';
import { CallFailure, call } from './session.ts';

export interface Asked<Answer> {
  readonly answer: Answer | undefined;
  readonly failure: CallFailure | undefined;
  again(): void;
}

/** Anew whenever the question is another one. */
export function useAsked<Answer>(path: string, body?: object): Asked<Answer> {
  const [count, setCount] = useState(0);
  const [state, setState] = useState<Omit<Asked<Answer>, 'again'>>(nothing);
  const text = JSON.stringify(body);
  useEffect(() => {
    let isWanted = true;
    const tell = (next: typeof state) => {
      if (isWanted) setState(next);
    };
    call<Answer>(path, text === undefined ? undefined : JSON.parse(text)).then(
      (answer) => tell({ answer, failure: undefined }),
      (failure: unknown) => {
        if (!(failure instanceof CallFailure)) throw failure;
        tell({ answer: undefined, failure });
      },
    );
    return () => {
      isWanted = false;
    };
  }, [path, text, count]);
  return { ...state, again: () => setCount(count + 1) };
}

const nothing = { answer: undefined, failure: undefined };
