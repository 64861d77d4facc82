import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type JavaRow, rowsOfDump } from '../../../src/cli/admin/import/java-dump.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function rowsOf(...lines: string[]): Promise<JavaRow[]> {
  const path = join(temporaryFolder(), 'dump.sql');
  writeFileSync(path, lines.join('\n'));
  return all(path);
}

async function all(path: string): Promise<JavaRow[]> {
  const rows: JavaRow[] = [];
  for await (const found of rowsOfDump(path)) rows.push(found);
  return rows;
}

/** In the order of the table that the Java system makes. */
const row = (text: string) =>
  `(1,725272804966010880,8,${text},0,0,'2026-04-05 10:05:13','{\\"sendUserId\\":\\"7\\"}')`;

async function contentOf(text: string): Promise<unknown> {
  const [found] = await rowsOf(`INSERT INTO \`offline_msg\` VALUES ${row(text)};`);
  return found?.['content'];
}

test('each row has the names of its columns', async () => {
  expect(await rowsOf(`INSERT INTO \`offline_msg\` VALUES ${row("'hi'")},${row('NULL')};`)).toEqual(
    ['hi', null].map((content) => ({
      id: '1',
      message_id: '725272804966010880',
      receive_user_id: '8',
      content,
      message_type: '0',
      status: '0',
      created_at: '2026-04-05 10:05:13',
      properties: '{"sendUserId":"7"}',
    })),
  );
});

describe('a text is what it was', () => {
  test.each([
    ["'it\\'s'", "it's"],
    ["'it''s'", "it's"],
    ["''", ''],
    ["'a \\\\'", 'a \\'],
    ["'(1,2);'", '(1,2);'],
    ["'two\\nlines\\r\\n'", 'two\nlines\r\n'],
    ["'a tab\\t, a bell\\Z and \\0'", 'a tab\t, a bell\x1a and \0'],
    ["'\\% and \\_'", '% and _'],
    ["_utf8mb4'introduced'", 'introduced'],
    ["N'introduced'", 'introduced'],
    ["'said \"hello'", 'said "hello'],
    ['"in double quotes, it\'s"', "in double quotes, it's"],
    ["'raw\nline ends;\n  and more'", 'raw\nline ends;\n  and more'],
    ["'raw\rand\u2028others\u2029'", 'raw\rand\u2028others\u2029'],
    ["'😀 你好'", '😀 你好'],
    [`'${'long '.repeat(400)}'`, 'long '.repeat(400)],
  ])('%j', async (written, text) => {
    expect(await contentOf(written)).toBe(text);
  });
});

describe('whatever the options of mysqldump', () => {
  test.each([
    ['--skip-quote-names', 'INSERT INTO offline_msg VALUES'],
    ['--insert-ignore', 'INSERT  IGNORE INTO `offline_msg` VALUES'],
    ['--replace', 'REPLACE INTO `offline_msg` VALUES'],
    ['--compatible=ansi', 'INSERT INTO "offline_msg" VALUES'],
    ['other tools', 'insert into `cim-test`.`offline_msg` values\n'],
  ])('%s', async (_option, head) => {
    const rows = await rowsOf(`${head} ${row("'hi'")},`, `${row("'ho'")};`);
    expect(rows.map(({ content }) => content)).toEqual(['hi', 'ho']);
  });

  test('--complete-insert, with the values in the next line', async () => {
    const head = 'INSERT INTO `offline_msg` (`content`, "status", message_id)';
    expect(await rowsOf(head, "VALUES ('hi',b'0',5);")).toEqual([
      { content: 'hi', status: '0', message_id: '5' },
    ]);
  });

  test.each([['`'], ['"'], ['']])(
    'columns in an order of their own, quoted by %j',
    async (quote) => {
      const rows = await rowsOf(
        `CREATE TABLE ${quote}offline_msg${quote} (`,
        `  ${quote}message_id${quote} bigint NOT NULL,`,
        `  ${quote}content${quote} varchar(2000) COLLATE utf8mb4_bin DEFAULT NULL,`,
        `  ${quote}created_at${quote} datetime DEFAULT NULL,`,
        `  PRIMARY KEY (${quote}message_id${quote}),`,
        `  KEY ${quote}idx_created${quote} (${quote}created_at${quote})`,
        ') ENGINE=InnoDB;',
        `INSERT INTO ${quote}offline_msg${quote} VALUES (5,'hi',NULL);`,
      );
      expect(rows).toEqual([{ message_id: '5', content: 'hi', created_at: null }]);
    },
  );

  test('line ends of Windows, and a text longer than what is read at once', async () => {
    const long = '你'.repeat(700_000);
    const rows = await rowsOf(
      '-- a comment\r',
      `INSERT INTO offline_msg VALUES ${row(`'${long}'`)};\r`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.['content'] === long).toBe(true);
  });
});

test('other tables are none of it', async () => {
  const rows = await rowsOf(
    'CREATE TABLE `offline_msg` (',
    '  `id` bigint NOT NULL',
    ');',
    'INSERT INTO `offline_msg_last_send_record` VALUES (1,2,NULL);',
    "INSERT INTO `notes` VALUES ('see offline_msg (1)'),('INSERT INTO offline_msg VALUES (1)');",
  );
  expect(rows).toEqual([]);
});

describe('what cannot be relied on is said', () => {
  test('a dump that ends within a statement', async () => {
    const half = `INSERT INTO \`offline_msg\` VALUES ${row("'hi'")},${row("'ho'").slice(0, 40)}`;
    await expect(rowsOf(half)).rejects.toThrow(/dump\.sql ends within a statement/);
  });

  test('a file that is no dump of the table', async () => {
    await expect(rowsOf('-- MySQL dump 10.13', 'INSERT INTO `users` VALUES (1);')).rejects.toThrow(
      /dump\.sql has nothing of a table offline_msg/,
    );
  });

  test('a file that is not there', async () => {
    await expect(all('/nowhere/dump.sql')).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});
