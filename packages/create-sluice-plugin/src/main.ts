import { createInterface } from 'node:readline/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { kinds, languages } from './choices.js';
import { createProject, ProjectError } from './create-project.js';

const usage = `Makes a plugin for Sluice, with its test.

Usage: npm create sluice-plugin@latest NAME -- [options]

  NAME               the type of the plugin: my_input, or acme/my_input
  --kind KIND        ${kinds.join(', ')}
  --language LANG    ${languages.join(', ')} (default: ts)
  --help             this text

What is not given is asked for on a terminal.
`;

/**
 * The command `create-sluice-plugin`.
 *
 * @param args the arguments after the command's name
 * @returns the exit code: 0 good, 1 for a project that cannot be made, 2 for a wrong command line
 */
export async function main(args: string[]): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    if (values.help === true) {
      process.stdout.write(usage);
      return 0;
    }
    const [name, ...more] = positionals as (string | undefined)[];
    if (more.length > 0) throw new UsageError(`unexpected argument "${more[0]}"`);
    const asked = new Questions();
    try {
      const type = name ?? (await asked.text('Type of the plugin, such as my_input', 'NAME'));
      const kind = await asked.choice('--kind', 'Kind', kinds, values.kind);
      const language = await asked.choice(
        '--language',
        'Language',
        languages,
        values.language,
        'ts',
      );
      const folder = createProject({ type, kind, language });
      const shown = path.relative('.', folder);
      process.stdout.write(
        `The ${kind} ${type} is in ${shown}. Next:\n\n  cd ${shown}\n  npm install\n  npm test\n  npm start\n`,
      );
    } finally {
      asked.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof ProjectError) {
      process.stderr.write(`create-sluice-plugin: ${error.message}\n`);
      return 1;
    }
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`create-sluice-plugin: ${error.message}\n\n${usage}`);
    return 2;
  }
}

class UsageError extends Error {}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        kind: { type: 'string' },
        language: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
}

/** Asks on a terminal for what the command line does not say. */
class Questions {
  readonly #terminal = process.stdin.isTTY && process.stdout.isTTY;
  #lines: ReturnType<typeof createInterface> | undefined;

  async text(question: string, missing: string): Promise<string> {
    if (!this.#terminal) throw new UsageError(`${missing} is required`);
    this.#lines ??= createInterface({ input: process.stdin, output: process.stdout });
    return (await this.#lines.question(`${question}: `)).trim();
  }

  async choice<T extends string>(
    flag: string,
    question: string,
    choices: readonly T[],
    given: string | undefined,
    usual?: T,
  ): Promise<T> {
    const right = (text: string): text is T => (choices as readonly string[]).includes(text);
    const list = choices.join(', ');
    if (given !== undefined) {
      if (right(given)) return given;
      throw new UsageError(`${flag} is one of ${list}, not "${given}"`);
    }
    if (!this.#terminal) {
      if (usual !== undefined) return usual;
      throw new UsageError(`${flag} is required: one of ${list}`);
    }
    for (;;) {
      const shown = usual === undefined ? list : `${list}; default: ${usual}`;
      const answer = await this.text(`${question} (${shown})`, flag);
      if (answer === '' && usual !== undefined) return usual;
      if (right(answer)) return answer;
    }
  }

  close(): void {
    this.#lines?.close();
  }
}
