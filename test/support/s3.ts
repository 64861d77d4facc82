/** An S3 for tests: a process of its own (s3-fake.ts) that may be killed and started again where it was. */
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startProcess, type TestProcess } from './processes.ts';
import { temporaryFolder } from './temporary-folder.ts';

export class TestS3 {
  readonly folder: string;
  readonly url: string;
  readonly options: {
    readonly bucket: string;
    readonly region: string;
    readonly key: string;
    readonly secret: string;
  };
  readonly #port: number;
  #process: TestProcess | undefined;

  private constructor(folder: string, port: number) {
    this.folder = join(folder, 'objects');
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.options = { bucket: 'files', region: 'test-1', key: 'some key', secret: 'some secret' };
  }

  static async start(): Promise<TestS3> {
    const s3 = new TestS3(temporaryFolder('s3'), await freePort());
    await s3.start();
    return s3;
  }

  /** As settings of a role. */
  get args(): readonly string[] {
    const { bucket, region } = this.options;
    return ['--s3-url', this.url, '--s3-bucket', bucket, '--s3-region', region];
  }

  get env(): Readonly<Record<string, string>> {
    return { CIM_S3_KEY: this.options.key, CIM_S3_SECRET: this.options.secret };
  }

  async start(): Promise<void> {
    const { key, secret } = this.options;
    this.#process = await startProcess({
      name: 'S3',
      command: process.execPath,
      args: [fake, this.folder, `${this.#port}`, key, secret],
      ready: ({ stdout }) => stdout.includes('ready'),
    });
  }

  /** At once, whatever it is about. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }
}

const fake = join(process.cwd(), 'test', 'support', 's3-fake.ts');
