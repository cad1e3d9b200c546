/**
 * Reads and writes the table of cases: configurations, what is sent to them, and the files that are
 * written. A file of the table is text:
 *
 *     == a name
 *     = conf              stands inside of a <label>; `= whole conf` is a whole configuration
 *     = events            one event a line: tag, time, and JSON, or hex:MessagePack
 *     = tcp, = udp        texts for ${PORT}, one a line
 *     = why               what differs on purpose
 *     = file NAME         what both write; = hex NAME where that is not text
 *     = sluice NAME       what Sluice writes where it differs on purpose; = sluice hex NAME
 */
import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} Case
 * @property {string} id the file and the name
 * @property {string} name
 * @property {string} conf
 * @property {boolean} whole the configuration has sections of the top level: a process of its own
 * @property {string} why
 * @property {string[]} events
 * @property {string[]} tcp
 * @property {string[]} udp
 * @property {Map<string, Buffer>} files
 * @property {Map<string, Buffer>} sluice
 */

/** The folder of the table. */
export const caseFolder = path.join(import.meta.dirname, 'cases');

/** @param {string} text */
const lines = (text) => text.split('\n').filter((line) => line !== '');

/**
 * @param {string} file
 * @returns {Case[]}
 */
export function readCases(file) {
  const [, ...parts] = `\n${readFileSync(file, 'utf8')}`.split(/\n== /);
  return parts.map((part) => {
    const [head, ...sections] = part.split(/\n= /);
    const name = head.trim();
    /** @type {Case} */
    const one = {
      id: `${path.basename(file, '.cases')}: ${name}`,
      name,
      conf: '',
      whole: false,
      why: '',
      events: [],
      tcp: [],
      udp: [],
      files: new Map(),
      sluice: new Map(),
    };
    for (const section of sections) {
      const end = section.indexOf('\n');
      const title = end < 0 ? section : section.slice(0, end);
      const body = end < 0 ? '' : section.slice(end + 1).replace(/\n?$/, '\n');
      setSection(one, title.trim(), body);
    }
    return one;
  });
}

/**
 * @param {Case} one
 * @param {string} title
 * @param {string} body
 */
function setSection(one, title, body) {
  const file = /^(file|hex|sluice hex|sluice) (\S+)$/.exec(title);
  if (file !== null) {
    const [, kind, name] = file;
    const bytes = Buffer.from(
      kind.endsWith('hex') ? body.replace(/\s/g, '') : body,
      kind.endsWith('hex') ? 'hex' : 'utf8',
    );
    (kind.startsWith('sluice') ? one.sluice : one.files).set(name, bytes);
    return;
  }
  if (title === 'conf' || title === 'whole conf') {
    one.conf = body;
    one.whole = title !== 'conf';
  } else if (title === 'events' || title === 'tcp' || title === 'udp') one[title] = lines(body);
  else if (title === 'why') one.why = body.trim();
  else throw new Error(`${one.id}: unknown section = ${title}`);
}

/** @param {Case} one */
export function caseText(one) {
  let text = `== ${one.name}\n= ${one.whole ? 'whole ' : ''}conf\n${one.conf}`;
  for (const kind of /** @type {const} */ (['events', 'tcp', 'udp'])) {
    if (one[kind].length > 0) text += `= ${kind}\n${one[kind].join('\n')}\n`;
  }
  text += filesText('', one.files);
  if (one.why !== '') text += `= why\n${one.why}\n${filesText('sluice ', one.sluice)}`;
  return text;
}

/**
 * @param {string} word
 * @param {Map<string, Buffer>} files
 */
function filesText(word, files) {
  let text = '';
  for (const [name, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const plain = plainText(bytes);
    const hex = bytes.toString('hex').replace(/.{96}/g, '$&\n');
    if (plain !== undefined) text += `= ${word || 'file '}${name}\n${plain}`;
    else text += `= ${word}hex ${name}\n${hex}\n`;
  }
  return text;
}

/** @param {Buffer} bytes */
function plainText(bytes) {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8');
  const good = text.endsWith('\n') && !/^=|\n=|\n\n$|[^\P{Cc}\n\t]|[\u2028\u2029]/u.test(text);
  return good || text === '' ? text : undefined;
}

/** The files of a table. */
export function caseFiles(folder = caseFolder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cases'))
    .sort()
    .map((name) => path.join(folder, name));
}
