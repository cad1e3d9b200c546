import type { Line } from './screen.js';
import { padText, textWidth } from './width.js';

/** A column of a table. */
export interface Column {
  /** Its heading. */
  readonly title: string;
  /** Numbers stand at the right. Default: `left`. */
  readonly side?: 'left' | 'right';
}

/** Rows below a heading, each column as wide as its widest cell. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): Line[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(textWidth(title), ...rows.map((row) => textWidth(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ side }, index) => padText(cells[index] ?? '', widths[index], side))
      .join('  ')
      .trimEnd();
  return [
    { text: line(columns.map(({ title }) => title)), style: 'bold' },
    ...rows.map((row) => line(row)),
  ];
}
