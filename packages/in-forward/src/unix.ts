import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ConfigElement, defineSection, t, type SectionOf } from '@sluice/config';
import { defineInput, listenProblems, type InputContext } from '@sluice/plugin';
import { ForwardInput } from './forward-input.js';
import { forwardSection } from './section.js';

const description = "Receives events by Fluentd's forward protocol on a Unix socket.";

const unixSection = defineSection({
  name: 'source',
  description,
  params: {
    path: t.string().default('/var/run/fluent/fluent.sock').describe('Path of the Unix socket'),
    backlog: t
      .integer({ min: 1 })
      .optional()
      .describe('Length of the queue of pending connections'),
    tag: t.string().optional().describe('Tag in place of the one that came'),
    unixPerm: t.string().optional().describe('Permissions of the Unix socket, octal: 0660'),
  },
  check: ({ tag, unixPerm, ...config }, context) => {
    if (tag === '') throw context.error('tag', 'tag must not be empty', 'leave it out');
    if (config.path === '') throw context.error('path', 'path must not be empty');
    if (unixPerm !== undefined && !/^0?[0-7]{3}$/.test(unixPerm)) {
      throw context.error('unixPerm', 'unix_perm must be octal digits', 'for instance 0660');
    }
  },
});

/** The forward input on a Unix socket alone. Fluentd: `in_unix`. */
class UnixInput extends ForwardInput {
  readonly #folder: string;

  constructor(
    context: InputContext,
    { path: unixPath, ...config }: SectionOf<typeof unixSection>,
    { location }: ConfigElement,
  ) {
    const usual = forwardSection.read(new ConfigElement({ name: 'source', location }));
    super(context, { ...usual, ...config, unixPath }, 'in_unix');
    this.#folder = path.dirname(path.resolve(unixPath));
  }

  override async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await super.start();
  }
}

/** `<source> @type unix`, for the agent's registry. */
export const unixInput = defineInput({
  type: 'unix',
  description,
  section: unixSection,
  create: (config, context, element) => new UnixInput(context, config, element),
  startProblems: (config, context, element) =>
    listenProblems({ unixPath: config.path }, element, context),
});
