/**
 * What a long run looks like while it lasts, on stderr: a bar on a terminal, a line for each phase
 * elsewhere, nothing for programs.
 */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** Begins a phase, of so many steps, some of which may be done. */
  phase(name: string, total: number, done?: number): void;
  update(done: number, detail: string): void;
  end(): void;
}

export function createProgress(
  kind: 'bar' | 'lines' | 'none',
  stream: NodeJS.WritableStream,
): Progress {
  switch (kind) {
    case 'bar':
      return barProgress(stream);
    case 'lines':
      return {
        phase: (name) => void stream.write(`${name}\n`),
        update() {},
        end() {},
      };
    case 'none':
      return { phase() {}, update() {}, end() {} };
  }
}

function barProgress(stream: NodeJS.WritableStream): Progress {
  const bar = new SingleBar(
    {
      stream,
      format: '{bar} {percentage}% {text}',
      barsize: 20,
      // Whoever runs this ends it on a signal.
      gracefulExit: false,
      clearOnComplete: true,
      hideCursor: false,
    },
    Presets.shades_classic,
  );
  let phase = '';
  return {
    phase(name, total, done = 0) {
      phase = name;
      bar.stop();
      bar.start(total, done, { text: name });
    },
    update(done, detail) {
      bar.update(done, { text: [phase, detail].filter(Boolean).join(': ') });
    },
    end: () => bar.stop(),
  };
}
